package vtep

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/vtep/datapath"
	"landbridge/internal/vtep/forwarding"
	"landbridge/internal/vtep/underlay"
)

var local = forwarding.Local{Fabric: addr("10.0.0.1"), WAN: addr("203.0.113.1")}

// anySwitch draws a logical switch of a small world, so that tunnels meet.
func anySwitch(t *rapid.T) *hwvtep.LogicalSwitch {
	ls := hwvtep.NewLogicalSwitch(fmt.Sprint("net", rapid.IntRange(0, 3).Draw(t, "name")), hwvtep.NewKey(uint32(rapid.IntRange(1, 2).Draw(t, "key"))))
	for range rapid.IntRange(0, 3).Draw(t, "locators") {
		l := at(fmt.Sprint("10.0.0.", rapid.IntRange(1, 13).Draw(t, "remote")))
		if rapid.Bool().Draw(t, "keyed") {
			l.Key = hwvtep.NewKey(uint32(rapid.IntRange(1, 2).Draw(t, "own key")))
		}
		ls.AddMcast(hwvtep.UnknownDst, l)
	}
	return ls
}

// Whatever the database held before, and whatever was pinned, what it holds now
// decides; and every network whose forwarding changes is told.
func TestDesiredDependsOnTheDatabaseAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDesired(Config{Switch: "sw", Local: local, Guard: forwarding.Guard{Suppress: true}})
		for range rapid.IntRange(0, 2).Draw(t, "pinned") {
			n, _ := forwarding.Derive(anySwitch(t), local)
			d.adopt(map[string]forwarding.Network{n.Name: n})
		}
		datapath := maps.Clone(d.networks)
		holds := map[string]*hwvtep.LogicalSwitch{}
		read := func(name string) {
			for _, changed := range d.set(name, holds[name]) {
				delete(datapath, changed)
				if n, ok := d.networks[changed]; ok {
					datapath[changed] = n
				}
			}
		}
		for _, name := range d.names() { // the first reading
			read(name)
		}
		for range rapid.IntRange(1, 15).Draw(t, "changes") {
			ls := anySwitch(t)
			holds[ls.Name] = ls
			if rapid.IntRange(0, 3).Draw(t, "remove") == 0 {
				delete(holds, ls.Name)
			}
			read(ls.Name)
		}
		scratch := newDesired(Config{Switch: "sw", Local: local, Guard: forwarding.Guard{Suppress: true}})
		for name, ls := range holds {
			scratch.set(name, ls)
		}
		for what, pair := range map[string][2]any{
			"networks": {d.networks, scratch.networks}, "users": {extents(d), extents(scratch)}, "ways": {d.ways, scratch.ways}, "bound": {d.bound, scratch.bound},
			"derived": {d.derived, scratch.derived}, "lost": {d.lost, scratch.lost},
		} {
			if !reflect.DeepEqual(pair[0], pair[1]) {
				t.Fatalf("%s: %+v, want %+v", what, pair[0], pair[1])
			}
		}
		if left := forwarding.Changes(datapath, d.networks); len(left) > 0 {
			t.Fatalf("changes that were not told: %v", left)
		}
	})
}

// extents tells whose tunnels there are, by pair and side.
func extents(d *desired) map[underlay.Pair][2]extent {
	out := map[underlay.Pair][2]extent{}
	for p, u := range d.users {
		out[p] = [2]extent{d.extent(u, false), d.extent(u, true)}
	}
	return out
}

func TestFaults(t *testing.T) {
	d := newDesired(Config{Switch: "sw", Local: local, Guard: forwarding.Guard{Suppress: true}})
	ls := joined("net")
	ls.AddMcast(hwvtep.UnknownDst, at("203.0.113.1", 9))
	ls.Bindings.Add(hwvtep.Binding{Switch: "sw", Port: "p1", VLAN: 7})
	d.set("net", ls)
	other := joined("other")
	other.Key = hwvtep.NewKey(124)
	d.set("other", other)
	states := map[underlay.Pair]underlay.State{
		fabricPair: {Problem: "no way"},
		wanPair:    {Pending: true},
	}
	got := d.faults(map[string]error{"gone": errors.New("full")}, states, datapath.Swept{})
	want := []string{
		"* | tunnels of the fabric to 10.0.0.11 | no way | 2 tunnels of net, other",
		"gone |  | the datapath refuses it: full",
		"net | port p1 VLAN 7 | this switch has no port \"p1\": add it to ports of its configuration",
		"net | vxlan_over_ipv4 203.0.113.1 key 9 | dst_ip 203.0.113.1 is this switch's own address",
		`other | vxlan_over_ipv4 203.0.113.2 key 456 | logical switch "net" has a tunnel with this address and key 456 already; give one of them another key`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, s := range got {
		if f, ok := hwvtep.ParseFault(s); !ok || f.String() != s {
			t.Errorf("%q is not a fault that the agent reads", s)
		}
	}
	if !slices.IsSorted(got) {
		t.Error("not sorted")
	}
}

// However many tunnels lead to an address that cannot be reached, it is one
// fault for each side; a single tunnel is named.
func TestFaultsOfManyTunnelsAreOne(t *testing.T) {
	one := forwarding.Local{Fabric: addr("10.0.0.1"), WAN: addr("10.0.0.1")} // for both sides
	d := newDesired(Config{Switch: "sw", Local: one})
	for i := range 6 {
		ls := hwvtep.NewLogicalSwitch(fmt.Sprint("net", 5-i), hwvtep.NewKey(uint32(100+i)))
		ls.AddMcast(hwvtep.UnknownDst, at("10.0.0.11"))
		if i == 0 {
			ls.AddMcast(hwvtep.UnknownDst, at("10.0.0.11", 7))
		}
		d.set(ls.Name, ls)
	}
	faults := func() []string {
		return d.faults(nil, map[underlay.Pair]underlay.State{fabricPair: {Problem: "no way"}}, datapath.Swept{})
	}
	want := []string{
		"* | tunnels of the fabric to 10.0.0.11 | no way | 6 tunnels of net0, net1, net2 and 3 more",
		"net5 | vxlan_over_ipv4 10.0.0.11 key 7 | no way",
	}
	if diff := cmp.Diff(want, faults()); diff != "" {
		t.Error(diff)
	}
	for i := range 5 {
		d.set(fmt.Sprint("net", i), nil)
	}
	want = []string{"net5 | vxlan_over_ipv4 10.0.0.11 key 7 | no way", "net5 | vxlan_over_ipv4 10.0.0.11 | no way"}
	if diff := cmp.Diff(want, faults()); diff != "" {
		t.Error(diff)
	}
	d.set("net5", nil)
	if len(faults()) > 0 || len(d.users) > 0 {
		t.Errorf("faults %q, users %v of nothing", faults(), d.users)
	}
}

// One more MAC asks nothing of the underlay and makes no fault anew, whatever the
// tunnels; another tunnel concerns its own end alone.
func TestWhatAChangeTouches(t *testing.T) {
	d := newDesired(Config{Switch: "sw", Local: local})
	for i := range 4 {
		ls := joined(fmt.Sprint("net", i))
		ls.Key = hwvtep.NewKey(uint32(100 + i))
		d.set(ls.Name, ls)
	}
	d.other = false
	fabric := d.unreachable(fabricPair, "no way")
	same := func(what string, want bool) {
		t.Helper()
		if got := &fabric[0] == &d.unreachable(fabricPair, "no way")[0]; got != want || d.other {
			t.Errorf("%s: the faults are the same: %v; other pairs: %v", what, got, d.other)
		}
	}
	ls := joined("net3")
	ls.Key = hwvtep.NewKey(103)
	ls.Ucast.Add(hwvtep.Ucast{MAC: ethernet.MAC{2}, Locator: at("10.0.0.11")})
	if changed := d.set("net3", ls); len(changed) != 1 {
		t.Errorf("changed %v", changed)
	}
	same("one more MAC", true)
	ls = ls.Clone()
	ls.AddMcast(hwvtep.UnknownDst, at("203.0.113.2", 9))
	d.set("net3", ls)
	same("another tunnel on the other side", true)
	d.set("net3", nil)
	same("a network less", false)
	d.set("net9", func() *hwvtep.LogicalSwitch {
		ls := hwvtep.NewLogicalSwitch("net9", hwvtep.NewKey(9))
		ls.AddMcast(hwvtep.UnknownDst, at("10.0.0.99"))
		return ls
	}())
	if !d.other {
		t.Error("another address is not asked for")
	}
}
