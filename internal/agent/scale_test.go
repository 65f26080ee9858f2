package agent

import (
	"errors"
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
