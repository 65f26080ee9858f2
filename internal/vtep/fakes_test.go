package vtep

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/ovsdb"
	"landbridge/internal/vtep/datapath"
	"landbridge/internal/vtep/forwarding"
	"landbridge/internal/vtep/underlay"
)

// The fakes here stand where time or failure matter; the real counterparts are
// in the tests of the whole program.

// fakeDatabase is a database in memory. It remembers what is written to it.
type fakeDatabase struct {
	updates chan struct{}

	mu       sync.Mutex
	dirty    ovsdb.Dirty
	logical  map[string]*hwvtep.LogicalSwitch
	physical map[string]*hwvtep.PhysicalSwitch
	local    hwvtep.Local
	wanted   uint64
	failing  error
	writes   []string
}

func newFakeDatabase() *fakeDatabase {
	return &fakeDatabase{
		updates: make(chan struct{}, 1), logical: map[string]*hwvtep.LogicalSwitch{}, physical: map[string]*hwvtep.PhysicalSwitch{},
	}
}

// change changes the contents and tells of it.
func (f *fakeDatabase) change(wanted uint64, dirty ovsdb.Dirty, switches ...*hwvtep.LogicalSwitch) {
	f.mu.Lock()
	for _, ls := range switches {
		f.logical[ls.Name] = ls
		dirty.LogicalSwitches = append(dirty.LogicalSwitches, ls.Name)
	}
	f.wanted, f.dirty = wanted, dirty
	f.mu.Unlock()
	f.updates <- struct{}{}
}

func (f *fakeDatabase) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failing = err
}

func (f *fakeDatabase) Updates() <-chan struct{} { return f.updates }
func (f *fakeDatabase) Err() error               { return nil }

func (f *fakeDatabase) Take() ovsdb.Dirty {
	f.mu.Lock()
	defer f.mu.Unlock()
	d := f.dirty
	f.dirty = ovsdb.Dirty{}
	return d
}

func (f *fakeDatabase) LogicalSwitchNames() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(maps.Keys(f.logical))
}

func (f *fakeDatabase) LogicalSwitch(name string) *hwvtep.LogicalSwitch {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.logical[name]
}

func (f *fakeDatabase) Wanted() (uint64, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.wanted, f.wanted > 0
}

func (f *fakeDatabase) PhysicalSwitches() []hwvtep.PhysicalSwitch {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []hwvtep.PhysicalSwitch
	for _, sw := range f.physical {
		c := *sw
		c.OtherConfig = maps.Clone(sw.OtherConfig)
		out = append(out, c)
	}
	return out
}

func (f *fakeDatabase) EnsureSwitch(_ context.Context, sw hwvtep.PhysicalSwitch) error {
	return f.write("ensure", func() {
		sw.OtherConfig = maps.Clone(sw.OtherConfig)
		f.physical[sw.Name] = &sw
	})
}

func (f *fakeDatabase) SetDone(_ context.Context, sw string, n uint64) error {
	return f.write("done", func() { f.physical[sw].OtherConfig[hwvtep.Done] = string(rune('0' + n)) })
}

func (f *fakeDatabase) SetFaults(_ context.Context, sw string, faults []string) error {
	return f.write("faults", func() { f.physical[sw].Faults = faults })
}

func (f *fakeDatabase) SetPortFaults(_ context.Context, sw string, faults map[string][]string) error {
	return f.write("port faults", func() {
		for i, p := range f.physical[sw].Ports {
			f.physical[sw].Ports[i].Faults = faults[p.Name]
		}
	})
}

func (f *fakeDatabase) SetLocal(_ context.Context, _ hwvtep.Locator, want hwvtep.Local) error {
	f.mu.Lock()
	same := maps.EqualFunc(f.local, want, hwvtep.Set[ethernet.MAC].Equal)
	f.mu.Unlock()
	if same {
		return nil
	}
	return f.write("local", func() { f.local = want })
}

func (f *fakeDatabase) SetBindingStats(context.Context, string, map[hwvtep.Binding]hwvtep.BindingStats) error {
	return nil
}

func (f *fakeDatabase) write(what string, do func()) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.writes = append(f.writes, what)
	if f.failing != nil {
		return f.failing
	}
	do()
	return nil
}

func (f *fakeDatabase) written() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := f.writes
	f.writes = nil
	return out
}

// fakeDatapath holds networks in memory; it refuses those that it is told to.
type fakeDatapath struct {
	mu       sync.Mutex
	networks map[string]forwarding.Network
	refuse   map[string]bool
	hops     map[datapath.Pair]datapath.NextHop
	ensure   error
	missing  error // of an interface
	ports    []datapath.PortState
	clamp    bool
	applied  []time.Time
	aged     []time.Time
	swept    datapath.Swept
}

func newFakeDatapath() *fakeDatapath {
	return &fakeDatapath{networks: map[string]forwarding.Network{}, refuse: map[string]bool{}, hops: map[datapath.Pair]datapath.NextHop{}}
}

// do changes the fake while others may use it.
func (f *fakeDatapath) do(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *fakeDatapath) Networks() map[string]forwarding.Network {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.networks)
}

func (f *fakeDatapath) Differing(desired map[string]forwarding.Network) []string {
	return slices.Collect(maps.Keys(forwarding.Changes(f.Networks(), desired)))
}

func (f *fakeDatapath) Apply(changes map[string]*forwarding.Network) map[string]error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.applied = append(f.applied, time.Now())
	errs := map[string]error{}
	for name, n := range changes {
		switch {
		case f.refuse[name]:
			errs[name] = errors.New("full")
		case n == nil:
			delete(f.networks, name)
		default:
			f.networks[name] = *n
		}
	}
	return errs
}

func (f *fakeDatapath) SetNextHops(hops map[datapath.Pair]datapath.NextHop) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for p, h := range hops {
		f.hops[p] = h
		if h == (datapath.NextHop{}) {
			delete(f.hops, p)
		}
	}
	return nil
}

func (f *fakeDatapath) SetClamp(on bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.clamp = on
	return nil
}

func (f *fakeDatapath) Attach() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.missing
}

func (f *fakeDatapath) Ensure() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return errors.Join(f.missing, f.ensure)
}

func (f *fakeDatapath) Sweep(time.Duration) (datapath.Swept, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.aged = append(f.aged, time.Now())
	return f.swept, nil
}

func (f *fakeDatapath) FollowPorts() ([]datapath.PortState, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.ports), nil
}

func (f *fakeDatapath) Thaw(ethernet.MAC) ([]string, error) { return nil, nil }

func (f *fakeDatapath) Trace([]byte, int) (datapath.Trace, error) { return datapath.Trace{}, nil }

func (f *fakeDatapath) TracePort([]byte, string, uint16) (datapath.Trace, error) {
	return datapath.Trace{}, nil
}

func (f *fakeDatapath) Capture(context.Context, []datapath.Reason, func(), func(datapath.Sample) bool) error {
	return nil
}

func (f *fakeDatapath) Totals() (datapath.Counters, error) { return datapath.Counters{}, nil }

func (f *fakeDatapath) VisitTunnels(func(string, forwarding.Endpoint, forwarding.Tunnel, datapath.Traffic)) error {
	return nil
}

func (f *fakeDatapath) PortTraffic() (map[forwarding.Endpoint]datapath.Traffic, error) {
	return nil, nil
}

func (f *fakeDatapath) Counters() (datapath.Counters, error)        { return datapath.Counters{}, nil }
func (f *fakeDatapath) Modes() []datapath.InterfaceMode             { return nil }
func (f *fakeDatapath) VisitFDB(func(string, datapath.Entry)) error { return nil }

func (f *fakeDatapath) has(name string) (n forwarding.Network, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, ok = f.networks[name]
	return n, ok
}

// fakeHops knows the states that it is told, of wanted pairs.
type fakeHops struct {
	changes chan struct{}

	mu     sync.Mutex
	wanted map[underlay.Pair]struct{}
	asked  int // how often
	states map[underlay.Pair]underlay.State
}

func newFakeHops() *fakeHops {
	return &fakeHops{changes: make(chan struct{}, 1), states: map[underlay.Pair]underlay.State{}}
}

func (f *fakeHops) tell(p underlay.Pair, s underlay.State) {
	f.mu.Lock()
	f.states[p] = s
	f.mu.Unlock()
	f.changes <- struct{}{}
}

func (f *fakeHops) Want(pairs map[underlay.Pair]struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wanted = pairs
	f.asked++
}

func (f *fakeHops) Changes() <-chan struct{} { return f.changes }

func (f *fakeHops) Take() map[underlay.Pair]underlay.State { return f.States() }

func (f *fakeHops) States() map[underlay.Pair]underlay.State {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := map[underlay.Pair]underlay.State{}
	for p := range f.wanted {
		if s, ok := f.states[p]; ok {
			out[p] = s
		}
	}
	return out
}
