package forwarding

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"landbridge/internal/hwvtep"
)

func TestBind(t *testing.T) {
	ls := logical(mcast(hwvtep.UnknownDst, node1))
	for _, b := range []hwvtep.Binding{
		{Switch: "mine", Port: "p1", VLAN: 0},
		{Switch: "mine", Port: "p1", VLAN: 4094},
		{Switch: "mine", Port: "p2", VLAN: 7},
		{Switch: "mine", Port: "p1", VLAN: 4095},
		{Switch: "mine", Port: "p9", VLAN: 1},
		{Switch: "other", Port: "p1", VLAN: 1},
	} {
		ls.Bindings.Add(b)
	}
	got, _ := Derive(ls, here)
	problems := Bind(&got, ls, "mine", hwvtep.SetOf("p1", "p2"))
	port := Tunnel{Group: Ports, Flood: true}
	want := map[Endpoint]Tunnel{
		vxlan("10.0.0.11", 123): {Group: Fabric, Local: here.Fabric, Flood: true},
		OnPort("p1", 0):         port, OnPort("p1", 4094): port, OnPort("p2", 7): port,
	}
	if diff := cmp.Diff(want, got.Tunnels, compare...); diff != "" {
		t.Error(diff)
	}
	wantProblems := []Problem{
		{Network: ls.Name, Binding: hwvtep.Binding{Switch: "mine", Port: "p1", VLAN: 4095}, Reason: "VLAN 4095 is out of range: 0 (untagged) to 4094"},
		{Network: ls.Name, Binding: hwvtep.Binding{Switch: "mine", Port: "p9", VLAN: 1}, Reason: `this switch has no port "p9": add it to ports of its configuration`},
	}
	if diff := cmp.Diff(wantProblems, problems, compare...); diff != "" {
		t.Error(diff)
	}
}

// Two rows of Physical_Port may have one name: then the first network has the
// VLAN, and the other is told.
func TestPortOfTwoNetworks(t *testing.T) {
	c := NewClaims()
	for _, name := range []string{"b", "a"} {
		ls := logical()
		ls.Name = name
		ls.Bindings.Add(hwvtep.Binding{Switch: "mine", Port: "p1", VLAN: 7})
		n, _ := Derive(ls, here)
		Bind(&n, ls, "mine", hwvtep.SetOf("p1"))
		c.Set(n)
	}
	if n, problems, _ := c.Effective("a"); len(n.Tunnels) != 1 || len(problems) > 0 {
		t.Errorf("a has %v, %v", n.Tunnels, problems)
	}
	n, problems, _ := c.Effective("b")
	if len(n.Tunnels) != 0 || len(problems) != 1 || problems[0].Part() != "port p1 VLAN 7" || !strings.Contains(problems[0].Reason, `"a" has this VLAN`) {
		t.Errorf("b has %v, %v", n.Tunnels, problems)
	}
}

// Each binding of this switch is a port of the network or a problem, never both;
// nothing else of the network changes.
func TestBindProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ls := switchFromBytes(rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "noise"))
		for range rapid.IntRange(0, 6).Draw(t, "bindings") {
			ls.Bindings.Add(hwvtep.Binding{
				Switch: rapid.SampledFrom([]string{"mine", "other"}).Draw(t, "switch"),
				Port:   rapid.SampledFrom([]string{"", "p1", "p2"}).Draw(t, "port"),
				VLAN:   rapid.SampledFrom([]uint16{0, 1, 4094, 4095}).Draw(t, "VLAN"),
			})
		}
		ports := hwvtep.SetOf(rapid.SliceOfN(rapid.SampledFrom([]string{"p1", "p2"}), 0, 2).Draw(t, "ports")...)
		n, _ := Derive(ls, here)
		before, _ := Derive(ls, here)
		told := hwvtep.Set[hwvtep.Binding]{}
		for _, p := range Bind(&n, ls, "mine", ports) {
			told.Add(p.Binding)
		}
		for e, tunnel := range n.Tunnels {
			switch b := e.Binding("mine"); {
			case !e.IsPort() && before.Tunnels[e] != tunnel:
				t.Fatalf("%s has become %+v", e, tunnel)
			case e.IsPort() && (!ls.Bindings.Has(b) || !ports.Has(e.Port()) || told.Has(b) || tunnel.Group != Ports || !tunnel.Flood):
				t.Fatalf("%s is %+v", e, tunnel)
			}
		}
		for b := range ls.Bindings {
			if _, made := n.Tunnels[OnPort(b.Port, b.VLAN)]; b.Switch == "mine" && !made && !told.Has(b) {
				t.Fatalf("%s is neither made nor told", b)
			}
		}
		if len(before.Tunnels) > len(n.Tunnels) {
			t.Fatal("tunnels are gone")
		}
	})
}
