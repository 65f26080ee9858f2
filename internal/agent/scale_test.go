package agent

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/rpc"
)

func TestTenThousandMACsDoNotHoldUpASmallChange(t *testing.T) {
	b := newBench(t)
	b.start()
	b.holds()
	large, small := network("large", 1), network("small", 2)
	for i := range 10000 {
		large.Ucast.Add(hwvtep.Ucast{MAC: ethernet.MAC{2, 1, 0, 0, byte(i >> 8), byte(i)}, Locator: remote})
	}
	begin := time.Now()
	b.server.set("sw0", large, small)
	b.reported("the small network", func(r rpc.Report) error {
		if r.Logical[small.Name].Actual != hwvtep.Pack(small) {
			return errors.New("not yet")
		}
		if r.Logical[large.Name].Actual == hwvtep.Pack(large) {
			t.Error("the small network is reported no sooner than the large one")
		}
		return nil
	})
	t.Logf("the small network is reported after %v", time.Since(begin))
	b.holds(large, small)
	t.Logf("10000 MACs are reported after %v", time.Since(begin))

	begin = time.Now()
	b.db.Transact(t, update("Logical_Switch", testenv.Row{"tunnel_key": 7}, []any{"name", "==", large.Name}))
	testenv.Eventually(t, soon, "the repair", func() error {
		for _, row := range b.db.Rows(t, "Logical_Switch") {
			if row["name"] == large.Name && row["tunnel_key"] != 1.0 {
				return errors.New("not yet")
			}
		}
		return nil
	})
	b.holds(large, small)
	t.Logf("a foreign change among 10000 MACs is repaired after %v, %d reports in all", time.Since(begin), b.server.count())
}

// Changes are worked out a few at a time where there are very many.
func TestAnEmptySwitchIsFilledStepByStep(t *testing.T) {
	b := newBench(t)
	b.most = 1
	var all []*hwvtep.LogicalSwitch
	for i := range 20 {
		all = append(all, network(fmt.Sprint("n", i), uint32(1+i)))
	}
	b.server.set("sw0", all...)
	b.start()
	b.holds(all...)
	b.server.set("sw0", all[:1]...)
	b.holds(all[0])
}

func TestWhatHasChangedLastIsDueFirst(t *testing.T) {
	now := time.Now()
	k := &keeper{owner: hwvtep.DefaultOwner, logical: map[string]*logical{}}
	k.mark([]string{"landbridge/a", "landbridge/b", "landbridge/c", "theirs"})
	k.mark([]string{"landbridge/a"}) // it is dirty already
	k.logical["landbridge/c"].retry.until = now.Add(time.Second)
	if got := k.due(now); !slices.Equal(got, []string{"landbridge/b", "landbridge/a"}) {
		t.Errorf("due are %v", got)
	}
	k.logical["landbridge/a"].dirty = false
	k.mark([]string{"landbridge/a"})
	if got := k.due(now.Add(time.Second)); !slices.Equal(got, []string{"landbridge/a", "landbridge/c", "landbridge/b"}) {
		t.Errorf("due are %v", got)
	}
}
