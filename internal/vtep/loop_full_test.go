//go:build speed

package vtep

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"landbridge/internal/ethernet"
	"landbridge/internal/heap"
	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/ovsdb"
	"landbridge/internal/vtep/datapath"
	"landbridge/internal/vtep/forwarding"
	"landbridge/internal/vtep/underlay"
)

// madeUp is a database that makes its networks up when they are read, so that
// nothing of them is in memory but what the loop keeps.
type madeUp struct {
	*fakeDatabase
	networks, more int
}

func (m *madeUp) Take() ovsdb.Dirty { return ovsdb.Dirty{Resync: true} }

func (m *madeUp) LogicalSwitchNames() (out []string) {
	for i := range m.networks {
		out = append(out, fullSwitch(i, fullNodes).Name)
	}
	return out
}

func (m *madeUp) LogicalSwitch(name string) *hwvtep.LogicalSwitch {
	var i int
	if _, err := fmt.Sscanf(name, "landbridge/%d", &i); err != nil {
		return nil
	}
	ls := fullSwitch(i, fullNodes)
	for j := range m.more {
		ls.Ucast.Add(hwvtep.Ucast{MAC: ethernet.MAC{2, 0xff, 0, 0, byte(j >> 8), byte(j)}, Locator: at("10.0.0.11")})
	}
	return ls
}

// one is the same database after a change of the first network.
type one struct{ *madeUp }

func (o one) Take() ovsdb.Dirty {
	o.more++
	return ovsdb.Dirty{LogicalSwitches: []string{fullSwitch(0, fullNodes).Name}}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkLoop is the way from the database into the maps without the database:
// a start, one more MAC, what goes on by itself, a start where all is pinned, and
// removal, beside one network and
// beside 4,096 of 64 tunnels each. For a look at figures:
// go test -tags speed -run '^$' -bench Loop ./internal/vtep
func BenchmarkLoop(b *testing.B) {
	for _, networks := range []int{1, fullNetworks} {
		b.Run(fmt.Sprint(networks, " networks"), func(b *testing.B) { loopAtSize(b, networks) })
	}
}

func loopAtSize(b *testing.B, networks int) {
	heap.Spare() // as the program has it
	log := slog.New(slog.DiscardHandler)
	dir := filepath.Join(testenv.BPFFS(b), "gw")
	open := func() *datapath.Datapath {
		dp, err := datapath.Open(datapath.Config{PinDir: dir, Logger: log})
		if err != nil {
			b.Fatal(err)
		}
		return dp
	}
	dp := open()
	cfg := Config{Switch: "sw", Local: forwarding.Local{Fabric: addr("10.0.0.1"), WAN: addr("203.0.113.1")}, Guard: forwarding.Guard{Suppress: true}}
	db := &madeUp{newFakeDatabase(), networks, 0}
	hops := underlay.New(underlay.Config{})
	l := newLoop(cfg, log, db, dp, hops, newReporter(db, cfg, log))
	took := map[string]time.Duration{}
	timed := func(what string, do func()) {
		began := cpuTime()
		do()
		took[what] = cpuTime() - began
	}
	timed("start", l.databaseChanged)
	timed("full-pass", l.everything)
	timed("ports", l.lookAtPorts)
	timed("ageing", l.age)
	timed("metrics", func() {
		registry := prometheus.NewRegistry()
		registry.MustRegister(newMetrics(l))
		if _, err := registry.Gather(); err != nil {
			b.Fatal(err)
		}
	})
	l.db = one{db}
	began := cpuTime()
	for b.Loop() {
		l.databaseChanged()
	}
	b.ReportMetric(float64((cpuTime()-began).Microseconds())/float64(b.N), "CPU-µs/change")
	var mem runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&mem)
	b.ReportMetric(float64(mem.HeapAlloc)/(1<<20), "MiB-heap")
	runtime.KeepAlive(l)
	_ = dp.Close()
	db.more = 0
	timed("restart", func() {
		dp = open()
		l = newLoop(cfg, log, db, dp, hops, l.reporter)
		l.databaseChanged()
	})
	db.networks = 0
	timed("removal", l.databaseChanged)
	_ = dp.Close()
	for what, d := range took {
		b.ReportMetric(d.Seconds()*1000, "CPU-ms/"+what)
	}
}
