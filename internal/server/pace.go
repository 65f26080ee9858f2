package server

import (
	"time"

	"landbridge/internal/hwvtep"
)

// The pause after the plan of a network: so many times what the plan has taken,
// none where that is below restFrom, and mostRest at most.
const (
	restTimes = 2
	restFrom  = 50 * time.Millisecond
	mostRest  = time.Second
)

// pace keeps a large network that changes all the time from being planned all the
// time: it rests after its plan, and what changes meanwhile is planned together.
// Everybody behind the plan has as much less to do.
type pace struct {
	until map[string]time.Time // by network: it rests
	waits hwvtep.Set[string]   // networks that are to be planned then
	timer *time.Timer
}

func newPace() *pace {
	t := time.NewTimer(mostRest)
	t.Stop()
	return &pace{until: map[string]time.Time{}, waits: hwvtep.Set[string]{}, timer: t}
}

// ready gives those of some networks that do not rest; the others wait.
func (p *pace) ready(ids []string, now time.Time) (ready []string) {
	for _, id := range ids {
		if now.Before(p.until[id]) {
			p.waits.Add(id)
			continue
		}
		delete(p.until, id)
		ready = append(ready, id)
	}
	p.arm(now)
	return ready
}

// took takes note that networks have been planned together, in so much time.
func (p *pace) took(ids []string, d time.Duration, now time.Time) {
	if d < restFrom {
		return
	}
	for _, id := range ids {
		p.until[id] = now.Add(min(restTimes*d, mostRest))
	}
}

// arm sets the timer to the end of the first rest that somebody waits for.
func (p *pace) arm(now time.Time) {
	var next time.Time
	for id := range p.waits {
		if at := p.until[id]; next.IsZero() || at.Before(next) {
			next = at
		}
	}
	if !next.IsZero() {
		p.timer.Reset(next.Sub(now))
	}
}

// rested gives the networks that have waited for long enough.
func (p *pace) rested(now time.Time) (ids []string) {
	for id := range p.waits {
		if !now.Before(p.until[id]) {
			ids = append(ids, id)
			delete(p.waits, id)
		}
	}
	for id, at := range p.until {
		if !now.Before(at) {
			delete(p.until, id)
		}
	}
	p.arm(now)
	return ids
}
