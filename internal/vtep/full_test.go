//go:build speed

package vtep

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
)

// fullSwitch is the i-th of 4,096 networks, on 63 compute nodes and a remote
// gateway, with its share of 100,000 MACs.
func fullSwitch(i int) *hwvtep.LogicalSwitch {
	ls := hwvtep.NewLogicalSwitch(fmt.Sprintf("landbridge/%08d", i), hwvtep.NewKey(uint32(i+1)))
	ls.AddMcast(hwvtep.UnknownDst, at("203.0.113.2", uint32(i+1)))
	for j := range 63 {
		ls.AddMcast(hwvtep.UnknownDst, at(fmt.Sprintf("10.0.0.%d", 10+j)))
	}
	for j := range 25 {
		mac := ethernet.MAC{2, byte(i >> 16), byte(i >> 8), byte(i), 0, byte(j)}
		ls.Ucast.Add(hwvtep.Ucast{MAC: mac, Locator: at(fmt.Sprintf("10.0.0.%d", 10+j))})
	}
	return ls
}

// rss is what a process holds of the machine's memory, in MiB.
func (p *process) rss() float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), "VmRSS:")
	kib, err := strconv.Atoi(strings.Fields(after)[0])
	if err != nil {
		p.t.Fatal(err)
	}
	return float64(kib) / 1024
}

// A vtepd that finds a database of 4,096 networks with 64 tunnels each and 100,000
// MACs: how long it takes, what memory it holds, and how long one change takes.
// For a look at figures: go test -tags speed -run TestFull -v ./internal/vtep
func TestFull(t *testing.T) {
	const networks, forLong = 4096, 10 * time.Minute
	m := newMachine(t)
	first := m.start() // makes the switch's rows
	m.connect()
	m.eventuallySwitch()
	first.end(syscall.SIGTERM)
	var all []hwvtep.Delta
	for i := range networks {
		all = append(all, hwvtep.Diff(nil, fullSwitch(i)))
	}
	for len(all) > 0 {
		n := min(256, len(all))
		m.apply(all[:n]...)
		all = all[n:]
	}
	began := time.Now()
	p := m.start()
	testenv.Eventually(t, forLong, "all is in the datapath", func() error {
		body, err := m.get("/metrics")
		if err != nil {
			return err
		}
		if !strings.Contains(string(body), fmt.Sprintf("landbridge_vtepd_tunnels %d\n", networks*64)) {
			return errNotYet
		}
		return nil
	})
	t.Logf("filled within %.1f s, %.0f MiB", time.Since(began).Seconds(), p.rss())
	small := joined("landbridge/small")
	small.Key = hwvtep.NewKey(9000)
	small.Mcast = nil
	began = time.Now()
	m.write(small)
	m.eventuallyDone()
	t.Logf("one more network within %.0f ms, %.0f MiB", time.Since(began).Seconds()*1000, p.rss())
}
