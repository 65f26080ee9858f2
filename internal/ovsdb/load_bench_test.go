package ovsdb

import (
	"context"
	"fmt"
	"net/netip"
	"runtime"
	"syscall"
	"testing"
	"time"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
)

// The database that BenchmarkLoad reads.
const (
	loadNetworks = 4096
	loadMACs     = 100_000
	loadNodes    = 63 // compute nodes of a network; beside them is a remote gateway
)

// loadNetwork is one of many, with its part of the MACs.
func loadNetwork(n int) *hwvtep.LogicalSwitch {
	ls := hwvtep.NewLogicalSwitch(fmt.Sprint("landbridge/", n), hwvtep.NewKey(uint32(1+n)))
	for i := range loadNodes {
		ls.AddMcast(hwvtep.UnknownDst, locator(fmt.Sprint("10.0.0.", 100+i), hwvtep.Key{}))
	}
	ls.AddMcast(hwvtep.UnknownDst, locator("203.0.113.2", hwvtep.NewKey(uint32(1<<16+n))))
	at := locator(fmt.Sprint("10.0.0.", 100+n%loadNodes), hwvtep.Key{})
	for i := range loadMACs / loadNetworks {
		ls.Ucast.Add(hwvtep.Ucast{
			MAC: ethernet.MAC{0xfa, 0x16, byte(n >> 8), byte(n), byte(i >> 8), byte(i)}, Locator: at,
			Addr: netip.AddrFrom4([4]byte{10, byte(n >> 8), byte(n), byte(i)}),
		})
	}
	return ls
}

// BenchmarkLoad reads 100,000 MACs and 262,144 tunnels until every logical switch
// has been looked at: its time, its CPU time, and what it then keeps.
func BenchmarkLoad(b *testing.B) {
	db := testenv.StartOVSDB(b)
	fillDatabase(b, db)
	before, cpu := live(), cpuTime(b)
	for b.Loop() {
		c := connected(b, db)
		for _, name := range c.LogicalSwitchNames() {
			if len(c.LogicalSwitch(name).Mcast) == 0 {
				b.Fatal("incomplete")
			}
		}
		b.StopTimer()
		b.ReportMetric((cpuTime(b) - cpu).Seconds(), "cpu-s")
		b.ReportMetric(float64(live()-before)/(1<<20), "MiB-kept")
		runtime.KeepAlive(c)
		cpu = cpuTime(b)
		b.StartTimer()
	}
}

// fillDatabase writes all networks, by a client that ends then.
func fillDatabase(b *testing.B, db *testenv.OVSDB) {
	b.Helper()
	c, err := New(Config{Address: db.Unix})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- c.Run(ctx) }()
	testenv.Eventually(b, soon, "connected", c.Err)
	begun := time.Now()
	var deltas []hwvtep.Delta
	for n := range loadNetworks {
		deltas = append(deltas, hwvtep.Diff(nil, loadNetwork(n)))
	}
	apply(b, c, deltas...)
	b.Logf("written in %v", time.Since(begun))
	stop()
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
}

// live gives the bytes that are in use.
func live() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// cpuTime gives that of this process.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
