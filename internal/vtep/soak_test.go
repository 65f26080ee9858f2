package vtep

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"landbridge/internal/lab/testenv"
)

var (
	soakFor  = flag.Duration("soak", 12*time.Second, "how long TestSoak changes things")
	soakSeed = flag.Uint64("soak-seed", 1, "of its changes")
)

// leakBound is how many MiB a vtepd may hold more after all changes than before.
const leakBound = 32

// Traffic between the kernel's own vxlan devices on both sides loses nothing,
// whatever changes beside it: MACs, tunnels, filters, addresses, ports; the database
// is killed, and in the first half of the time vtepd. In the second half it lives,
// and holds no more at its end than at its beginning. Database, maps, pinned objects
// and interfaces are as planned.
//
// make soak takes its time.
func TestSoak(t *testing.T) {
	s := newSoak(t)
	before := s.settled()
	dropped, flows := backlogDrops(t), s.startFlows()
	s.churn(*soakFor/2, true)
	s.restore()
	s.restart()
	s.bindOnce()
	s.eventuallyAsPlanned()
	held, left := holdings(s.running), s.left()
	s.churn(*soakFor/2, false)
	s.eventuallyAsPlanned() // with what the changes have come to
	s.restore()
	s.eventuallyAsPlanned()
	t.Logf("vtepd held %+v, holds %+v", held, holdings(s.running))
	for _, f := range flows {
		f.end(t, backlogDrops(t)-dropped)
	}
	t.Logf("%d changes, %d kills, %d restarts of the database, seed %d; %d and %d packets", s.changes, s.kills, s.restarts, *soakSeed, flows[0].sent, flows[1].sent)
	testenv.Eventually(t, time.Minute, "the maps hold what they held", func() error { // by the next sweep
		if diff := cmp.Diff(before, mapCounts(t, s.bpffs)); diff != "" {
			return errors.New(diff)
		}
		return nil
	})
	if diff := cmp.Diff(left, s.left()); diff != "" {
		t.Errorf("pinned objects and interfaces:\n%s", diff)
	}
	testenv.Eventually(t, within, "vtepd holds what it held", func() error {
		now := holdings(s.running)
		if now.descriptors > held.descriptors || now.programs > held.programs || now.maps > held.maps || now.links > held.links ||
			now.memory > held.memory+leakBound {
			return fmt.Errorf("%+v, before %+v", now, held)
		}
		return nil
	})
}

func newSoak(t *testing.T) *soak {
	s := &soak{metal: newMetal(t), random: rand.New(rand.NewPCG(*soakSeed, 0)), plan: plan{}}
	addEnd(t, s.node, 123, "10.0.0.11", "10.0.0.1", soakNear, soakFar)
	addEnd(t, s.remote, 456, "203.0.113.2", "203.0.113.1", soakFar, soakNear)
	s.speaks = map[string]*net.UDPConn{
		"10.0.0.11:0": socket(t, s.node, "10.0.0.11:0"), "203.0.113.2:0": socket(t, s.remote, "203.0.113.2:0"),
	}
	s.put(stable, base())
	return s
}

// settled gives what the maps hold once all is as planned.
func (s *soak) settled() map[string]int {
	s.Helper()
	s.eventuallyAsPlanned()
	var counts map[string]int
	testenv.Eventually(s, time.Minute, "the maps have come to rest", func() error {
		was := counts
		if counts = mapCounts(s.T, s.bpffs); !cmp.Equal(was, counts) {
			return fmt.Errorf("%v, then %v", was, counts)
		}
		return nil
	})
	return counts
}

// eventuallyAsPlanned waits until the change is confirmed, and database and
// datapath are what the plan says.
func (s *soak) eventuallyAsPlanned() {
	s.Helper()
	s.eventuallyDone()
	want := newDesired(s.config())
	for name, ls := range s.plan {
		want.set(name, ls)
		if got := s.controller.LogicalSwitch(name); !ls.Equal(got) {
			s.Fatalf("the database has of %s:\n%+v\nplanned:\n%+v", name, got, ls)
		}
	}
	if got := s.controller.LogicalSwitchNames(); !slices.Equal(got, s.plan.names()) {
		s.Fatalf("the database has %v, planned: %v", got, s.plan.names())
	}
	planned := []NetworkState{}
	for _, name := range want.names() {
		planned = append(planned, plannedState(want.networks[name]))
	}
	s.eventually("the datapath is as planned", func(state State) error {
		for i := range state.Networks {
			n := &state.Networks[i]
			n.FDB = slices.DeleteFunc(n.FDB, func(e FDBState) bool { return !e.Static })
		}
		if diff := cmp.Diff(planned, state.Networks, cmpopts.EquateEmpty(), cmpopts.EquateComparable(addr("::")),
			cmpopts.IgnoreFields(TunnelState{}, "RxPackets", "RxBytes", "TxPackets", "TxBytes"),
			cmpopts.IgnoreFields(NetworkState{}, "Counters")); diff != "" {
			return fmt.Errorf("%s", diff)
		}
		return nil
	})
}

// holding is what a process holds of the machine.
type holding struct {
	descriptors           int
	programs, maps, links int     // of eBPF, by descriptors of its own
	memory                float64 // resident, MiB
}

func holdings(p *process) holding {
	dir := fmt.Sprintf("/proc/%d/fdinfo", p.cmd.Process.Pid)
	fds, err := os.ReadDir(dir)
	if err != nil {
		p.t.Fatal(err)
	}
	h := holding{descriptors: len(fds), memory: p.rss()}
	for _, fd := range fds {
		text, _ := os.ReadFile(filepath.Join(dir, fd.Name())) // one that is closed meanwhile is none
		for line, n := range map[string]*int{"prog_type:": &h.programs, "map_type:": &h.maps, "link_type:": &h.links} {
			if strings.Contains(string(text), line) {
				*n++
			}
		}
	}
	return h
}

// left gives the pinned objects and the interfaces that there are.
func (s *soak) left() (names []string) {
	s.Helper()
	pinned, err := os.ReadDir(s.bpffs)
	if err != nil {
		s.Fatal(err)
	}
	for _, p := range pinned {
		names = append(names, p.Name())
	}
	links, err := s.here.Netlink().LinkList()
	if err != nil {
		s.Fatal(err)
	}
	for _, l := range links {
		names = append(names, "interface "+l.Attrs().Name)
	}
	slices.Sort(names)
	return names
}

// mapCounts counts, by map, what leads packets: entries, of arrays those that
// are not zero: of what programs learn and charge, too.
func mapCounts(t *testing.T, dir string) map[string]int {
	t.Helper()
	out := map[string]int{}
	for _, name := range []string{
		"arrivals", "tunnels", "nexthops", "floods", "addresses", "networks", "counters", "neighbours", "routers", "movers", "buckets", "fdb",
	} {
		m, err := ebpf.LoadPinnedMap(filepath.Join(dir, name), nil)
		if err != nil {
			t.Fatal(err)
		}
		all, key, value := m.Iterate(), []byte{}, []byte{}
		var perCPU [][]byte
		var into any = &value
		if name == "counters" {
			into = &perCPU
		}
		for all.Next(&key, into) {
			if m.Type() != ebpf.Array || slices.ContainsFunc(value, func(b byte) bool { return b != 0 }) {
				out[name]++
			}
		}
		if err := all.Err(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// restart kills vtepd and starts it again.
func (s *soak) restart() {
	s.running.end(syscall.SIGKILL)
	s.start()
}
