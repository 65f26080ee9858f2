package control

import (
	"iter"
	"net/netip"
	"testing"
	"time"

	"landbridge/bench/objects"
	"landbridge/bench/vtepdb"
	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
)

// rawLarge gives the time in which ovsdb-server takes the rows of all networks.
func rawLarge(b *testing.B) time.Duration {
	b.Helper()
	return raw(b, largeNetworks(), *networks**nodes)
}

// raw gives the time in which ovsdb-server takes the rows of logical switches,
// which have so many unicast MACs together.
func raw(b *testing.B, all iter.Seq[*hwvtep.LogicalSwitch], macs int) time.Duration {
	b.Helper()
	db := testenv.StartOVSDB(b)
	defer db.Stop(b)
	count, err := vtepdb.NewCount(db.Unix)
	must(b, err)
	defer count.Close()
	began := time.Now()
	done := make(chan error, 1)
	go func() {
		_, err := count.Reach(b.Context(), macs)
		done <- err
	}()
	must(b, vtepdb.Fill(db.Unix, all))
	must(b, <-done)
	return time.Since(began)
}

// largeNetworks gives what the switch must hold.
func largeNetworks() iter.Seq[*hwvtep.LogicalSwitch] {
	return func(yield func(*hwvtep.LogicalSwitch) bool) {
		for n := range *networks {
			ls := hwvtep.NewLogicalSwitch("landbridge/"+objects.NetworkID(n), hwvtep.NewKey(uint32(n+1)))
			for h := range *nodes {
				at := hwvtep.Locator{Encapsulation: hwvtep.VXLANOverIPv4, Addr: nodeAddr(h)}
				ls.AddMcast(hwvtep.UnknownDst, at)
				ls.Ucast.Add(hwvtep.Ucast{MAC: portMAC(n, h), Addr: netip.AddrFrom4([4]byte{192, 168, byte(h >> 8), byte(h)}), Locator: at})
			}
			if !yield(ls) {
				return
			}
		}
	}
}
