package store

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/uptrace/bun"

	"landbridge/internal/l2gw"
)

// most is how many errands share a transaction.
const most = 64

// errand is a work that waits for its turn to write.
type errand struct {
	ctx  context.Context
	do   work
	err  error
	done chan struct{}
	// panicked is what do has panicked with; nil: it has not.
	panicked any
}

// try is do, whose panic becomes an error: it is its caller's alone.
func (e *errand) try(ctx context.Context, db bun.IDB) (err error) {
	defer func() {
		if v := recover(); v != nil {
			e.panicked = fmt.Sprintf("%v\n\n%s", v, debug.Stack())
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return e.do(ctx, db)
}

// line is where errands wait for those before them. Whoever finds nobody at
// work serves it, until nobody waits.
type line struct {
	mu      sync.Mutex
	waiting []*errand
	served  bool
}

// join puts an errand at the end, and tells whether nobody serves the line.
func (l *line) join(e *errand) (idle bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(l.waiting, e)
	idle, l.served = !l.served, true
	return idle
}

// leave takes an errand out; it is too late once it is under way.
func (l *line) leave(e *errand) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.Index(l.waiting, e)
	if i < 0 {
		return false
	}
	l.waiting = slices.Delete(l.waiting, i, i+1)
	return true
}

// next gives those who have waited longest; where nobody waits, serving ends.
func (l *line) next() (batch []*errand) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(len(l.waiting), most)
	batch, l.waiting = l.waiting[:n:n], l.waiting[n:]
	l.served = n > 0
	return batch
}

// serve carries out what waits.
func (s *Store) serve() {
	for batch := s.line.next(); len(batch) > 0; batch = s.line.next() {
		s.carryOut(batch)
		for _, e := range batch {
			close(e.done)
		}
	}
}

// carryOut does all of a batch in one transaction, one errand after the other,
// so that a commit, which is what takes time, serves all of them. One that has
// written and then failed spoils it for the others: each gets its own then.
func (s *Store) carryOut(batch []*errand) {
	ctx, stop := waitedFor(batch)
	defer stop()
	err := s.persist(ctx, func(ctx context.Context) error {
		return s.transact(ctx, nil, s.inTurn(together(batch)))
	})
	switch {
	case err == nil: // each has its own end
	case len(batch) == 1 || ctx.Err() != nil || !s.isFault(err):
		for _, e := range batch {
			e.err = err
		}
	default:
		for i := range batch {
			s.carryOut(batch[i : i+1])
		}
	}
}

// isFault tells what lies in an errand from what happens to a transaction.
func (s *Store) isFault(err error) bool {
	_, uncertain := errors.AsType[*uncertainError](err)
	return !uncertain && s.dialect.outcome(err) == failed
}

// together is the work of a batch. An errand that breaks a rule before it has
// written anything leaves the others alone.
func together(batch []*errand) work {
	return func(ctx context.Context, db bun.IDB) error {
		for _, e := range batch {
			var wrote atomic.Bool
			e.err = e.try(errandContext{ctx, e.ctx, &wrote}, db)
			if _, broken := errors.AsType[*l2gw.Error](e.err); e.err != nil && (!broken || wrote.Load()) {
				return e.err
			}
		}
		return nil
	}
}

// errandContext ends with the transaction, has the values of the errand's own
// context, and takes note of writing.
type errandContext struct {
	context.Context
	own   context.Context
	wrote *atomic.Bool
}

type wroteKey struct{}

// Value implements context.Context.
func (c errandContext) Value(key any) any {
	if key == (wroteKey{}) {
		return c.wrote
	}
	if v := c.Context.Value(key); v != nil {
		return v
	}
	return c.own.Value(key)
}

// pen is a bun.QueryHook: it notes who writes.
type pen struct{}

// BeforeQuery implements bun.QueryHook.
func (pen) BeforeQuery(ctx context.Context, e *bun.QueryEvent) context.Context {
	if wrote, ok := ctx.Value(wroteKey{}).(*atomic.Bool); ok && e.Operation() != "SELECT" {
		wrote.Store(true)
	}
	return ctx
}

// AfterQuery implements bun.QueryHook.
func (pen) AfterQuery(context.Context, *bun.QueryEvent) {}

// waitedFor gives a context that ends when nobody waits for the batch any more.
func waitedFor(batch []*errand) (context.Context, func()) {
	if len(batch) == 1 {
		return batch[0].ctx, func() {}
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	var left atomic.Int64
	left.Store(int64(len(batch)))
	stops := make([]func() bool, len(batch))
	for i, e := range batch {
		stops[i] = context.AfterFunc(e.ctx, func() {
			if left.Add(-1) == 0 {
				cancel(context.Cause(e.ctx))
			}
		})
	}
	return ctx, func() {
		for _, stop := range stops {
			stop()
		}
		cancel(nil)
	}
}
