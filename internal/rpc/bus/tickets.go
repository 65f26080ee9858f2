package bus

import (
	"crypto/rand"
	"iter"
	"sync"
	"time"

	"landbridge/internal/rpc"
	"landbridge/internal/rpc/wire"
)

const (
	// mostTickets bounds the plans that are on their way; the oldest goes first.
	mostTickets = 64
	// ticketLasts is how long the rest of a plan is kept for who does not ask.
	ticketLasts = 30 * time.Second
)

// tickets are plans of which a part has been sent. What they hold is shared with
// the plan of the server.
type tickets struct {
	mu   sync.Mutex
	open map[string]*ticket
}

type ticket struct {
	next func() (wire.PlanPart, bool)
	stop func()
	used time.Time
}

func newTickets() *tickets { return &tickets{open: map[string]*ticket{}} }

// begin gives the first part of a plan.
func (t *tickets) begin(p rpc.Plan) wire.PlanPart {
	next, stop := iter.Pull(wire.PlanParts(p, wire.MostRows))
	part, _ := next()
	if !part.More {
		stop()
		return part
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.clean()
	part.Ticket = rand.Text()
	t.open[part.Ticket] = &ticket{next, stop, time.Now()}
	return part
}

// next gives the next part; not ok: there is no such ticket.
func (t *tickets) next(name string) (wire.PlanPart, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at, ok := t.open[name]
	if !ok {
		return wire.PlanPart{}, false
	}
	part, ok := at.next()
	at.used = time.Now()
	if part.More {
		part.Ticket = name
	} else {
		t.drop(name)
	}
	return part, ok
}

// clean makes room for one more.
func (t *tickets) clean() {
	oldest := ""
	for name, at := range t.open {
		if time.Since(at.used) > ticketLasts {
			t.drop(name)
		} else if oldest == "" || at.used.Before(t.open[oldest].used) {
			oldest = name
		}
	}
	if len(t.open) >= mostTickets {
		t.drop(oldest)
	}
}

func (t *tickets) drop(name string) {
	t.open[name].stop()
	delete(t.open, name)
}
