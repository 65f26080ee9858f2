package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"landbridge/internal/l2gw"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/server/store"
)

const (
	task  = "plan"
	long  = time.Hour
	brief = 50 * time.Millisecond
)

// takes takes a lease that nobody else holds.
func takes(t *testing.T, s *store.Store, holder string, lasts time.Duration) l2gw.Lease {
	t.Helper()
	var l l2gw.Lease
	testenv.Eventually(t, 10*time.Second, holder+" takes the lease", func() (err error) {
		var left time.Duration
		if l, left, err = s.TakeLease(t.Context(), task, holder, lasts); err == nil && l.Epoch == 0 {
			err = errors.New("it is held for " + left.String())
		}
		return err
	})
	return l
}

func lost(t *testing.T, err error) {
	t.Helper()
	checkError(t, err, l2gw.Stale, "LeaseLost", task)
}

func fine(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

func (on suite) TestOneHoldsALease(t *testing.T) {
	p := on.New(t)
	a, b := open(t, p.DSN), open(t, p.DSN)
	first := takes(t, a, "a", long)
	if first.Name != task || first.Holder != "a" || first.Epoch < 1_600_000_000_000 {
		t.Errorf("lease %+v, want a's, of an epoch after those of long ago", first)
	}
	l, left, err := b.TakeLease(t.Context(), task, "b", long)
	if err != nil || l.Epoch != 0 || left < long-time.Minute || left > long {
		t.Errorf("another takes it too: %+v, %v left, %v", l, left, err)
	}
	if other, _, err := b.TakeLease(t.Context(), "another task", "b", long); err != nil || other.Epoch < first.Epoch {
		t.Errorf("another lease: %+v, %v", other, err)
	}
	fine(t, a.EndLease(t.Context(), first))
	if second := takes(t, b, "b", long); second.Epoch <= first.Epoch {
		t.Errorf("lease %+v after %+v", second, first)
	}
	lost(t, a.KeepLease(t.Context(), first, long))
	lost(t, a.EndLease(t.Context(), first))
	if l, _, err := a.TakeLease(t.Context(), task, "a", long); err != nil || l.Epoch != 0 {
		t.Errorf("taken back while it is held: %+v, %v", l, err)
	}
}

func (on suite) TestALeaseEndsByTheDatabasesClock(t *testing.T) {
	p := on.New(t)
	a, b := open(t, p.DSN), open(t, p.DSN)
	first := takes(t, a, "a", brief)
	lost := takes(t, b, "b", brief)
	if lost.Epoch <= first.Epoch {
		t.Errorf("lease %+v after %+v", lost, first)
	}
	again := takes(t, a, "a", brief)
	if again.Epoch <= lost.Epoch {
		t.Errorf("lease %+v after %+v", again, lost)
	}
	fine(t, a.KeepLease(t.Context(), again, long))
	if l, left, err := b.TakeLease(t.Context(), task, "b", long); err != nil || l.Epoch != 0 || left < long/2 {
		t.Errorf("kept, and taken: %+v, %v left, %v", l, left, err)
	}
}

// An epoch grows also where the clock does not.
func (on suite) TestAnEpochGrowsWhereTheClockIsBehind(t *testing.T) {
	p := on.New(t)
	s := open(t, p.DSN)
	first := takes(t, s, "a", brief)
	future := first.Epoch + 1_000_000_000
	if _, err := p.Raw(t).Exec(fmt.Sprintf("UPDATE leases SET epoch = %d", future)); err != nil {
		t.Fatal(err)
	}
	if l := takes(t, s, "b", long); l.Epoch != future+1 {
		t.Errorf("lease %+v, want epoch %d", l, future+1)
	}
}

// What is done under a lease is not done once another holds it.
func (on suite) TestWritesUnderALease(t *testing.T) {
	p := on.New(t)
	w := world{t, open(t, p.DSN)}
	other := open(t, p.DSN)
	c := w.connection(w.gateway("g", device("sw")), "n1", nil)
	status := func() l2gw.State {
		t.Helper()
		c, err := w.Connections().Get(t.Context(), c.ID)
		return must(t, c, err).Status.State
	}
	set := func(s l2gw.State, under l2gw.Lease) error {
		_, err := w.SetStatus(t.Context(), map[string]l2gw.Status{c.ID: {State: s}}, under)
		return err
	}
	first := takes(t, w.Store, "a", brief)
	fine(t, set(l2gw.Active, first))
	fine(t, w.SaveInventory(t.Context(), sampleInventory("tcp:a"), first))
	second := takes(t, other, "b", long)
	lost(t, set(l2gw.Down, first))
	lost(t, w.SaveInventory(t.Context(), sampleInventory("tcp:b"), first))
	lost(t, set(l2gw.Down, l2gw.Lease{Name: task, Holder: "c", Epoch: second.Epoch}))
	if got := status(); got != l2gw.Active {
		t.Errorf("the status is %s", got)
	}
	all, err := other.Inventories(t.Context())
	if err != nil || len(all) != 1 || all[0].Database != "tcp:a" {
		t.Errorf("inventories %+v, %v", all, err)
	}
	fine(t, set(l2gw.Down, second))
	if got := status(); got != l2gw.Down {
		t.Errorf("the status is %s", got)
	}
}

// Of many who try at once one succeeds.
func (on suite) TestManyWantALease(t *testing.T) {
	p := on.New(t)
	stores := []*store.Store{open(t, p.DSN), open(t, p.DSN), open(t, p.DSN)}
	var mu sync.Mutex
	took := map[bool]int{}
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			l, _, err := stores[i%3].TakeLease(context.WithoutCancel(t.Context()), task, string(rune('a'+i)), long)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			took[l.Epoch > 0]++
		})
	}
	wg.Wait()
	if took[true] != 1 || took[false] != 11 {
		t.Errorf("took it or not: %v, want one that did", took)
	}
}
