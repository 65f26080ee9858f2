//go:build speed

package vtep

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
)

// fullSwitch is the i-th of 4,096 networks, on that many compute nodes and a
// remote gateway, with its share of 100,000 MACs.
func fullSwitch(i, nodes int) *hwvtep.LogicalSwitch {
	ls := hwvtep.NewLogicalSwitch(fmt.Sprintf("landbridge/%08d", i), hwvtep.NewKey(uint32(i+1)))
	ls.AddMcast(hwvtep.UnknownDst, at("203.0.113.2", uint32(i+1)))
	node := func(j int) hwvtep.Locator { return at(fmt.Sprintf("10.0.0.%d", 11+(i*nodes+j)%fullNodes)) }
	for j := range nodes {
		ls.AddMcast(hwvtep.UnknownDst, node(j))
	}
	for j := range 25 {
		mac := ethernet.MAC{2, byte(i >> 16), byte(i >> 8), byte(i), 0, byte(j)}
		ls.Ucast.Add(hwvtep.Ucast{MAC: mac, Locator: node(j % nodes)})
	}
	return ls
}

// A vtepd that finds a database of 4,096 networks with 100,000 MACs, of a few
// tunnels each or of 64: how long it takes, what memory it holds, and how long
// one change takes.
// For a look at figures: go test -tags speed -run TestFull -v ./internal/vtep
func TestFull(t *testing.T) {
	for _, nodes := range []int{4, 63} {
		t.Run(fmt.Sprintf("%d tunnels each", nodes+1), func(t *testing.T) { full(t, nodes) })
	}
}

const fullNetworks, fullNodes = 4096, 63

func full(t *testing.T, nodes int) {
	m := newMachine(t)
	first := m.start() // makes the switch's rows
	m.connect()
	m.eventuallySwitch()
	first.end(syscall.SIGTERM)
	var all []hwvtep.Delta
	for i := range fullNetworks {
		all = append(all, hwvtep.Diff(nil, fullSwitch(i, nodes)))
	}
	for len(all) > 0 {
		n := min(256, len(all))
		m.apply(all[:n]...)
		all = all[n:]
	}
	began := time.Now()
	p := m.start()
	testenv.Eventually(t, 10*time.Minute, "all is in the datapath", func() error {
		if n := strings.Count(p.output.String(), "network programmed"); n < fullNetworks {
			return fmt.Errorf("%d networks", n)
		}
		return nil
	})
	t.Logf("filled within %.1f s, %.0f MiB", time.Since(began).Seconds(), p.rss())
	m.eventuallyDone()
	t.Logf("confirmed within %.1f s, %.0f MiB", time.Since(began).Seconds(), p.rss())
	small := joined("landbridge/small")
	small.Key = hwvtep.NewKey(9000)
	for range 5 {
		small.Ucast.Add(hwvtep.Ucast{MAC: ethernet.MAC{2, 0xff, 0, 0, 0, byte(small.Ucast.Len())}, Locator: at("10.0.0.11")})
		began = time.Now()
		m.write(small)
		m.eventuallyDone()
		t.Logf("one more MAC within %.0f ms, %.0f MiB", time.Since(began).Seconds()*1000, p.rss())
	}
}
