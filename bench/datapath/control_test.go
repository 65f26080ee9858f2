package datapath

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"landbridge/bench/measure"
	"landbridge/bench/memory"
	"landbridge/bench/report"
	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/ovsdb"
	"landbridge/internal/vtep/datapath"
)

const (
	controlMACs     = 100_000
	controlNetworks = 4096
	// controlTunnels is how many compute nodes each network has: with one remote
	// gateway, 64 tunnels.
	controlTunnels = 63
	// controlChanges is how many changes are measured in a row.
	controlChanges = 20
	mostMemory     = 200 << 20
	programmed     = 5 * time.Minute
)

// vtepd is the program that is measured, with its database.
type vtepd struct {
	*testenv.Program
	w      *world
	db     *testenv.OVSDB
	agent  *ovsdb.Client
	log    string
	dir    string // of what it pins
	wanted uint64
}

// newVtepd makes a gateway, its database and who writes there. It is started by
// Start.
func newVtepd(b *testing.B) *vtepd {
	b.Helper()
	w, dir := newWorld(b, "ctl"), filepath.Join(testenv.BPFFS(b), "gw")
	v := &vtepd{w: w, dir: dir, db: testenv.StartOVSDB(b)}
	v.log = filepath.Join(v.db.Dir, "vtepd.log")
	for i := range controlTunnels {
		must(b, w.gateway1.AddNeighbour(fabricLink, nodeAddr(i), compute1MAC))
	}
	socket := filepath.Join(v.db.Dir, "vtepd.sock")
	v.Program = &testenv.Program{
		Name: "landbridge-vtepd", Log: v.log, Namespace: w.gateway1, Within: time.Minute,
		Command: func() *exec.Cmd {
			return exec.Command(filepath.Join(testenv.Programs(), "landbridge-vtepd"), "--database", v.db.Unix, "--switch", "sw",
				"--fabric-address", fabric1IP, "--wan-address", wan1IP, "--interface", fabricLink, "--interface", wanLink,
				"--bpffs", dir, "--socket", socket)
		},
		Ready: func() error {
			_, err := os.Stat(socket)
			return err
		},
	}
	b.Cleanup(func() { v.Kill(b) })
	v.connect(b)
	return v
}

// connect starts who writes into the database.
func (v *vtepd) connect(b *testing.B) {
	b.Helper()
	c, err := ovsdb.New(ovsdb.Config{Address: v.db.Unix})
	must(b, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		must(b, <-ended)
	})
	testenv.Eventually(b, programmed, "the database is read", c.Err)
	v.agent = c
}

func nodeAddr(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, 0, byte(100 + i)}) }

// network is one of many, with its part of the MACs, all on one compute node.
func network(n, macs int) *hwvtep.LogicalSwitch {
	ls := hwvtep.NewLogicalSwitch(fmt.Sprint("landbridge/", n), hwvtep.NewKey(uint32(1+n)))
	for i := range controlTunnels {
		ls.AddMcast(hwvtep.UnknownDst, hwvtep.Locator{Encapsulation: hwvtep.VXLANOverIPv4, Addr: nodeAddr(i)})
	}
	ls.AddMcast(hwvtep.UnknownDst, hwvtep.Locator{
		Encapsulation: hwvtep.VXLANOverIPv4, Addr: netip.MustParseAddr(wan2IP), Key: hwvtep.NewKey(uint32(1<<16 + n)),
	})
	for i := range macs {
		ls.Ucast.Add(hwvtep.Ucast{
			MAC:     ethernet.MAC{0xfa, 0x16, byte(n >> 8), byte(n), byte(i >> 8), byte(i)},
			Locator: hwvtep.Locator{Encapsulation: hwvtep.VXLANOverIPv4, Addr: nodeAddr(n % controlTunnels)},
		})
	}
	return ls
}

// write makes the database hold networks.
func (v *vtepd) write(b *testing.B, networks ...*hwvtep.LogicalSwitch) {
	b.Helper()
	var deltas []hwvtep.Delta
	for _, n := range networks {
		deltas = append(deltas, hwvtep.Diff(v.agent.LogicalSwitch(n.Name), n))
	}
	for name, err := range v.agent.Apply(b.Context(), deltas) {
		b.Fatalf("%s: %v", name, err)
	}
	v.wanted++
	must(b, v.agent.SetWanted(b.Context(), v.wanted))
}

// done waits until vtepd has confirmed the last change.
func (v *vtepd) done(b *testing.B) {
	b.Helper()
	testenv.Eventually(b, programmed, "the change is confirmed", func() error {
		for _, sw := range v.agent.PhysicalSwitches() {
			if sw.OtherConfig[hwvtep.Done] == fmt.Sprint(v.wanted) {
				return nil
			}
		}
		return fmt.Errorf("%+v", v.agent.PhysicalSwitches())
	})
}

// take starts vtepd and gives the time until the datapath has so many networks.
func (v *vtepd) take(b *testing.B, networks int) time.Duration {
	b.Helper()
	must(b, os.WriteFile(v.log, nil, 0o600))
	began := time.Now()
	v.Start(b)
	testenv.Eventually(b, programmed, "all networks are programmed", func() error {
		text, err := os.ReadFile(v.log)
		if n := strings.Count(string(text), "network programmed"); err == nil && n < networks {
			return fmt.Errorf("%d are", n)
		}
		return err
	})
	return time.Since(began)
}

// idle gives the time in which ovsdb-server delivers all it has to a client that
// does nothing with it.
func (v *vtepd) idle(b *testing.B) time.Duration {
	b.Helper()
	began := time.Now()
	c, err := net.Dial("unix", strings.TrimPrefix(v.db.Unix, "unix:"))
	must(b, err)
	defer func() { _ = c.Close() }()
	tables := map[string]any{}
	for _, table := range []string{
		"Global", "Physical_Switch", "Physical_Port", "Logical_Switch", "Ucast_Macs_Remote", "Mcast_Macs_Remote",
		"Physical_Locator", "Physical_Locator_Set",
	} {
		tables[table] = struct{}{}
	}
	must(b, json.NewEncoder(c).Encode(map[string]any{"id": 1, "method": "monitor", "params": []any{"hardware_vtep", nil, tables}}))
	var reply struct{ Result json.RawMessage }
	must(b, json.NewDecoder(c).Decode(&reply))
	if len(reply.Result) < controlMACs {
		b.Fatalf("ovsdb-server said %s", reply.Result)
	}
	return time.Since(began)
}

// change gives the CPU time that vtepd takes for one MAC more, in the middle of
// some.
func (v *vtepd) change(b *testing.B, macs int) (out float64) {
	b.Helper()
	v.done(b)
	w := work{tasksOf(b, []int{v.PID()})}
	var values []float64
	for i := range controlChanges {
		before, err := w.others()
		must(b, err)
		v.write(b, network(0, macs+1+i))
		v.done(b)
		after, err := w.others()
		must(b, err)
		values = append(values, float64((after - before).Microseconds()))
	}
	return measure.Median(values)
}

// remove takes away what vtepd has left in the kernel.
func (v *vtepd) remove() error {
	return v.w.gateway1.Do(func() error { return datapath.Remove(v.dir) })
}

// BenchmarkControl finds how soon what the database holds is in the maps, and what
// that costs.
func BenchmarkControl(b *testing.B) {
	v := newVtepd(b)
	v.Start(b)
	testenv.Eventually(b, programmed, "the switch is in the database", func() error {
		if len(v.agent.PhysicalSwitches()) == 0 {
			return errors.New("it is not")
		}
		return nil
	})
	const each = controlMACs / controlNetworks
	v.write(b, network(0, each))
	empty := v.change(b, each)
	var all []*hwvtep.LogicalSwitch
	for n := range controlNetworks {
		all = append(all, network(n, each+1))
	}
	say("the database gets %d networks", len(all))
	v.write(b, all...)
	v.done(b)
	full := v.change(b, each+1)
	used, err := memory.Of(v.PID())
	must(b, err)
	got := series{}
	for n := range *rounds {
		v.Kill(b)
		must(b, v.remove())
		got.add("an idle client", v.idle(b).Seconds())
		took := v.take(b, controlNetworks)
		got.add("vtepd", took.Seconds())
		say("round %d of %d: %v", n+1, *rounds, took)
	}
	again, err := memory.Of(v.PID())
	must(b, err)
	mib := func(n int64) float64 { return float64(n) / (1 << 20) }
	taken := got.less("vtepd", "an idle client", "s").atLeast(1/1.3, "≤ 1.3 times")
	taken.Name = fmt.Sprintf("%d MACs in %d networks, from the start of vtepd into the maps", controlMACs, controlNetworks)
	found = append(found, section{"From the database into the maps", []report.Figure{
		taken,
		report.New("rows of MACs", controlMACs/measure.Median(got["vtepd"]), "1/s"),
		report.New("one MAC more, CPU time of vtepd", full, "µs").Beside("in an empty database", empty, measure.Times(empty, full)).
			Aimed("≤ 2 times", full <= 2*empty),
		report.New("memory of vtepd, after changes", mib(used.Now), "MiB").Aimed("≤ 200 MiB", used.Now <= mostMemory),
		report.New("memory of vtepd, after a start", mib(again.Now), "MiB").Aimed("≤ 200 MiB", again.Now <= mostMemory),
		report.New("memory of vtepd, the most", mib(again.Peak), "MiB"),
	}})
}
