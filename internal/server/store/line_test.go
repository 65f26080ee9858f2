package store

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"landbridge/internal/l2gw"
	"landbridge/internal/lab/testenv"
)

// queued is a Store whose line is held up until release; commits counts its
// transactions that have written.
type queued struct {
	*Store
	t       *testing.T
	held    chan struct{}
	all     sync.WaitGroup
	commits atomic.Int64
}

func newQueued(t *testing.T, e Engine) *queued {
	t.Helper()
	q := &queued{Store: openOn(t, e.New(t)), t: t, held: make(chan struct{})}
	q.Observe(func(operation string, _ time.Duration, _ error) {
		if operation == "COMMIT" {
			q.commits.Add(1)
		}
	})
	begun := make(chan struct{})
	q.all.Go(func() {
		err := q.write(t.Context(), "hold", func(context.Context, bun.IDB) error {
			close(begun)
			<-q.held
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-begun
	return q
}

// add puts a call that writes into the line, and waits until it is there.
func (q *queued) add(call func() error) *error {
	q.t.Helper()
	waiting := func() int {
		q.line.mu.Lock()
		defer q.line.mu.Unlock()
		return len(q.line.waiting)
	}
	before, err := waiting(), new(error)
	q.all.Go(func() { *err = call() })
	testenv.Eventually(q.t, 10*time.Second, "the call waits", func() error {
		if waiting() != before+1 {
			return errors.New("not yet")
		}
		return nil
	})
	return err
}

func (q *queued) remote(n byte) func() error {
	return func() error {
		_, err := q.RemoteGateways().Create(q.t.Context(), l2gw.RemoteGateway{
			Name: fmt.Sprint(n), Addr: netip.AddrFrom4([4]byte{192, 0, 2, n}),
		})
		return err
	}
}

// release lets the line go on, and compares what there is at the end.
func (q *queued) release(commits int, want ...string) {
	q.t.Helper()
	close(q.held)
	q.all.Wait()
	if n := int(q.commits.Load()); n != commits {
		q.t.Errorf("%d transactions, want %d", n, commits)
	}
	all, err := q.RemoteGateways().List(q.t.Context(), l2gw.Query{})
	var names []string
	for _, g := range all {
		names = append(names, g.Name)
	}
	if err != nil || !slices.Equal(names, want) {
		q.t.Errorf("there are %v (%v), want %v", names, err, want)
	}
}

// Who waits together is served together, in order, and finds what those before
// have written; who breaks a rule is told so and leaves the others alone.
func TestWritersShareATransaction(t *testing.T) {
	each(t, func(t *testing.T, e Engine) {
		q := newQueued(t, e)
		one, twin, two := q.add(q.remote(1)), q.add(q.remote(1)), q.add(q.remote(2))
		gone := q.add(func() error { return q.RemoteGateways().Delete(t.Context(), "nobody") })
		q.release(2, "1", "2")
		if *one != nil || *two != nil || l2gw.CodeOf(*twin) != l2gw.Conflict || l2gw.CodeOf(*gone) != l2gw.NotFound {
			t.Errorf("%v, %v, %v, %v", *one, *twin, *two, *gone)
		}
	})
}

// What fails after it has written is undone, by itself.
func TestAFailureIsUndoneAlone(t *testing.T) {
	for name, failure := range map[string]func(context.Context, bun.IDB) error{
		"a statement": func(ctx context.Context, db bun.IDB) error {
			_, err := db.ExecContext(ctx, "INSERT INTO nowhere VALUES (1)")
			return err
		},
		"a rule": func(context.Context, bun.IDB) error { return l2gw.Errorf(l2gw.Conflict, "Late", "late") },
	} {
		each(t, func(t *testing.T, e Engine) {
			q := newQueued(t, e)
			one := q.add(q.remote(1))
			bad := q.add(func() error {
				return q.write(t.Context(), name, func(ctx context.Context, db bun.IDB) error {
					row := &remoteGatewayRow{ID: "x", Name: "x", Addr: "x"}
					if err := q.insert(ctx, db, row, nil); err != nil {
						return err
					}
					return failure(ctx, db)
				})
			})
			two := q.add(q.remote(2))
			q.release(3, "1", "2")
			if *one != nil || *two != nil || *bad == nil {
				t.Errorf("%v, %v, %v", *one, *bad, *two)
			}
		})
	}
}

// Who panics, panics where he called, and nobody else.
func TestAPanicIsItsCallers(t *testing.T) {
	q := newQueued(t, Engines()[0])
	one := q.add(q.remote(1))
	var told any
	q.add(func() error {
		defer func() { told = recover() }()
		return q.write(t.Context(), "panic", func(context.Context, bun.IDB) error { panic("a bug") })
	})
	two := q.add(q.remote(2))
	q.release(3, "1", "2")
	if *one != nil || *two != nil || !strings.Contains(fmt.Sprint(told), "a bug") {
		t.Errorf("%v, %v, %v", *one, *two, told)
	}
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	q := newQueued(t, Engines()[0])
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error, 1)
	q.add(func() error {
		err := q.write(ctx, "never", func(context.Context, bun.IDB) error {
			t.Error("it was done, although nobody waits")
			return nil
		})
		left <- err
		return err
	})
	cancel()
	if err := <-left; !errors.Is(err, context.Canceled) { // before the line goes on
		t.Errorf("got %v", err)
	}
	one := q.add(q.remote(1))
	q.release(2, "1")
	if *one != nil {
		t.Error(*one)
	}
}

// A transaction goes on while anybody waits for it, and ends when nobody does.
func TestATransactionEndsWithTheLastWhoWaits(t *testing.T) {
	for name, both := range map[string]bool{"one leaves": false, "both leave": true} {
		t.Run(name, func(t *testing.T) {
			q := newQueued(t, Engines()[0])
			first, leave := context.WithCancel(t.Context())
			second, leaveToo := context.WithCancel(t.Context())
			defer leaveToo()
			one := q.add(func() error {
				return q.write(first, "one", func(ctx context.Context, _ bun.IDB) error {
					leave()
					if both {
						leaveToo()
						<-ctx.Done()
					}
					return ctx.Err()
				})
			})
			two := q.add(func() error { return q.write(second, "two", func(context.Context, bun.IDB) error { return nil }) })
			close(q.held)
			q.all.Wait()
			for _, err := range []error{*one, *two} {
				if errors.Is(err, context.Canceled) != both || err != nil != both {
					t.Errorf("got %v", err)
				}
			}
		})
	}
}

// Whoever shares a transaction keeps the values of his own context.
func TestErrandsKeepTheirValues(t *testing.T) {
	type key struct{}
	q := newQueued(t, Engines()[0])
	var got [2]any
	for i := range got {
		q.add(func() error {
			return q.write(context.WithValue(t.Context(), key{}, i), "look", func(ctx context.Context, _ bun.IDB) error {
				got[i] = ctx.Value(key{})
				return nil
			})
		})
	}
	q.release(2)
	if got != [2]any{0, 1} {
		t.Errorf("values %v", got)
	}
}

func TestALineIsServedInParts(t *testing.T) {
	var l line
	for i := range most + 1 {
		if idle := l.join(&errand{}); idle != (i == 0) {
			t.Fatalf("errand %d: idle %v", i, idle)
		}
	}
	for i, want := range []int{most, 1, 0} {
		if got := len(l.next()); got != want {
			t.Errorf("part %d has %d errands, want %d", i, got, want)
		}
	}
	if !l.join(&errand{}) {
		t.Error("nobody serves any more, and nobody is told to")
	}
}
