package ovsdb

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"landbridge/internal/hwvtep"
)

const (
	// batchRows is about how many rows one transaction writes: ovsdb-server is
	// fastest near it.
	batchRows = 100
	// attempts is how often a transaction is tried that meets another client's.
	attempts = 8
	// attemptAfter bounds the wait before trying again. It is drawn anew each
	// time, since the other client may be one of ours.
	attemptAfter = 10 * time.Millisecond
)

// Apply carries out deltas, each against what the database holds of its logical
// switch now, and removes that switch's strays. Small deltas share transactions,
// large ones take several. It gives the errors by logical switch; what of a
// delta could be written has been. When it returns, the client shows what it
// has written.
func (c *Client) Apply(ctx context.Context, deltas []hwvtep.Delta) map[string]error {
	c.applyMu.Lock()
	defer c.applyMu.Unlock()
	a := &application{client: c, ctx: ctx, errs: map[string]error{}}
	for rest := c.steps(deltas); len(rest) > 0; {
		n := batch(rest)
		a.write(rest[:n])
		rest = rest[n:]
	}
	return a.errs
}

// batch gives the number of steps that make up the next transaction.
func batch(steps []step) int {
	weight := 0
	for i, s := range steps {
		if weight += s.weight; weight > batchRows && i > 0 {
			return i
		}
	}
	return len(steps)
}

// application is one Apply.
type application struct {
	client *Client
	ctx    context.Context
	errs   map[string]error
	broken map[string]struct{} // logical switches of which no more is written
}

// write writes steps in one transaction. Where the database refuses it, each
// logical switch is tried by itself, so that one cannot hold up the others.
func (a *application) write(steps []step) {
	steps = a.standing(steps)
	err := a.transact(steps)
	if err == nil {
		return
	}
	parts := byName(steps)
	if len(parts) == 1 || !isRefusal(err) {
		for _, part := range parts {
			a.breakOff(part[0].name, err)
		}
		return
	}
	for _, part := range parts {
		if err := a.transact(part); err != nil {
			a.breakOff(part[0].name, err)
		}
	}
}

// standing leaves out the steps of logical switches that have failed.
func (a *application) standing(steps []step) []step {
	var out []step
	for _, s := range steps {
		if !has(a.broken, s.name) {
			out = append(out, s)
		}
	}
	return out
}

func (a *application) note(name string, err error) {
	if a.errs[name] == nil {
		a.errs[name] = err
	}
}

func (a *application) breakOff(name string, err error) {
	a.note(name, err)
	if a.broken == nil {
		a.broken = map[string]struct{}{}
	}
	a.broken[name] = struct{}{}
}

// byName splits steps by logical switch, in order.
func byName(steps []step) [][]step {
	index := map[string]int{}
	var out [][]step
	for _, s := range steps {
		i, ok := index[s.name]
		if !ok {
			i = len(out)
			index[s.name] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], s)
	}
	return out
}

// transact writes steps in one transaction. Another client may have written
// since the mirror was last brought up to date, say removed the last user of a
// locator: then it is made anew from a fresh view.
func (a *application) transact(steps []step) error {
	for try := 1; ; try++ {
		s, b, err := a.build(steps)
		if err != nil || len(b.ops) == 0 {
			return err
		}
		err = a.client.commit(a.ctx, s, b.ops)
		if !isConflict(err) || try == attempts {
			return err
		}
		select {
		case <-a.ctx.Done():
			return a.ctx.Err()
		case <-time.After(rand.N(attemptAfter)):
		}
		if err := a.client.catchUp(a.ctx, s); err != nil {
			return err
		}
	}
}

// build makes the operations of steps. A step that cannot be is noted, and does
// not keep the others from being written.
func (a *application) build(steps []step) (*session, *builder, error) {
	c := a.client
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session == nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrNotConnected, c.err)
	}
	b := newBuilder(c.mirror, c.schema)
	if err := c.fence().check(c.mirror, c.schema); err != nil {
		return nil, nil, err
	}
	for _, s := range steps {
		if err := s.build(b); err != nil {
			a.note(s.name, err)
		}
	}
	err := c.fence().guard(b)
	return c.session, b, err
}

func isConflict(err error) bool {
	var r *refused
	return errors.As(err, &r) && (r.code == "referential integrity violation" || r.code == "constraint violation" || r.unguarded())
}

func isRefusal(err error) bool {
	var r *refused
	return errors.As(err, &r)
}
