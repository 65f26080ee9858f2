package neutron

import (
	"context"
	"maps"
	"slices"
	"time"
)

// settleFor lets hints gather that come together; settleMost is the most that
// they wait.
const (
	settleFor  = 30 * time.Millisecond
	settleMost = 5 * time.Second
)

// The pauses before Neutron is asked again: after it could not be, and between
// comparisons while no messages tell of changes.
const (
	retryAfter = time.Second
	deafResync = 5 * time.Second
)

// lookEvery is the time between two looks whether messages come.
const lookEvery = time.Second

// follow keeps the mirror as Neutron is: it goes after hints, and compares
// everything from time to time.
func (c *Cloud) follow(ctx context.Context) error {
	compare := time.NewTimer(0)
	defer compare.Stop()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	var easing ease
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-compare.C:
			compare.Reset(c.compare(ctx))
		case <-look.C:
			if c.listens() {
				compare.Reset(0)
			}
		case <-c.hints.wake:
			if !pause(ctx, easing.wait(time.Now())) {
				return ctx.Err()
			}
			began := time.Now()
			c.heed(ctx, c.hints.take())
			easing.took(began, time.Now())
		}
	}
}

// ease leaves Neutron alone after an answer for as long as that took, so that many
// changes at once do not keep it busy with telling us.
type ease struct{ until time.Time }

// wait gives how long hints that come now are gathered.
func (e ease) wait(now time.Time) time.Duration { return max(settleFor, e.until.Sub(now)) }

func (e *ease) took(began, now time.Time) { e.until = now.Add(min(now.Sub(began), settleMost)) }

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// heed goes after hints. What cannot be asked now is asked again.
func (c *Cloud) heed(ctx context.Context, h hint) {
	networks := slices.Sorted(maps.Keys(h.networks))
	if h.all {
		networks = c.mirror.interesting()
	}
	changed, err := c.mirror.refresh(ctx, networks, slices.Sorted(maps.Keys(h.ports)), h.agents)
	c.judge(ctx, err)
	if err != nil {
		time.AfterFunc(retryAfter, func() { c.hints.put(h) })
		return
	}
	if len(changed) > 0 {
		c.tell(changed)
	}
	if h.begun {
		c.attach.renew()
	}
}

// compare compares everything that is of interest with Neutron, and says when
// to do so again. What differs was not hinted at, or the hint was lost.
func (c *Cloud) compare(ctx context.Context) (again time.Duration) {
	c.listens()
	changed, err := c.mirror.refresh(ctx, c.mirror.interesting(), nil, true)
	c.judge(ctx, err)
	if len(changed) > 0 {
		c.repaired.Add(uint64(len(changed)))
		c.log.Info("networks were not as messages had told; repaired", "networks", changed)
		c.tell(changed)
	}
	if c.deaf.Load() || err != nil {
		return min(deafResync, c.cfg.Resync)
	}
	return c.cfg.Resync
}

// listens finds out whether messages come, and tells whether that has changed.
func (c *Cloud) listens() (changed bool) {
	deaf := c.server.Err() != nil
	if changed = c.deaf.Swap(deaf) != deaf; changed {
		c.tell(nil) // the notes of all networks change
	}
	return changed
}

// judge keeps whether Neutron can be asked. A change concerns all networks,
// since their statuses show it.
func (c *Cloud) judge(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	c.mu.Lock()
	was := c.health
	c.health = unavailable(err)
	c.mu.Unlock()
	switch {
	case err != nil && (was == nil || was.Error() != unavailable(err).Error()):
		c.log.Error("Neutron cannot be asked; what it said last stays in use", "error", err)
		c.tell(nil)
	case err == nil && was != nil:
		c.log.Info("Neutron answers again")
		c.tell(nil)
	}
}
