package forwarding

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
)

func networkWith(name string, mac ethernet.MAC, endpoints ...Endpoint) Network {
	n := Network{Name: name, Tunnels: map[Endpoint]Tunnel{}, FDB: map[ethernet.MAC]Endpoint{}}
	for _, e := range endpoints {
		n.Tunnels[e] = Tunnel{Group: WAN, Local: here.WAN, Flood: true}
		n.FDB[mac] = e
	}
	return n
}

func TestClaimsTheFirstNameWins(t *testing.T) {
	shared, own := vxlan("203.0.113.2", 456), vxlan("203.0.113.2", 457)
	c := NewClaims()
	expect := func(what string, got []string, want ...string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s touches %v, want %v", what, got, want)
		}
	}
	expect("b", c.Set(networkWith("b", anyMAC, own, shared)), "b")
	expect("c", c.Set(networkWith("c", anyMAC, shared)), "c")
	expect("another network", c.Set(networkWith("z", anyMAC, vxlan("203.0.113.9", 1))), "z")
	expect("a, before both", c.Set(networkWith("a", anyMAC, shared)), "a", "b", "c")
	expect("the same again", c.Set(networkWith("a", anyMAC, shared)))

	b, problems, _ := c.Effective("b")
	if _, kept := b.Tunnels[own]; !kept || len(b.Tunnels) != 1 {
		t.Errorf("b has %+v", b)
	}
	if len(problems) != 1 || problems[0].Locator != remote || !strings.Contains(problems[0].Reason, `"a"`) {
		t.Errorf("b's problems: %v", problems)
	}
	expect("a leaving", c.Remove("a"), "a", "b", "c")
	if b, problems, _ := c.Effective("b"); len(b.Tunnels) != 2 || len(problems) > 0 {
		t.Errorf("b must have all again: %+v, %v", b, problems)
	}
	expect("a leaving again", c.Remove("a"))
	if _, _, ok := c.Effective("a"); ok {
		t.Error("a is still there")
	}
	if got := c.Names(); !slices.Equal(got, []string{"b", "c", "z"}) {
		t.Errorf("names: %v", got)
	}
}

func TestLostTunnelTakesItsStaticEntries(t *testing.T) {
	shared, own := vxlan("203.0.113.2", 456), vxlan("203.0.113.2", 457)
	c := NewClaims()
	c.Set(networkWith("a", anyMAC, shared))
	loser := networkWith("b", anyMAC, own)
	loser.Tunnels[shared] = Tunnel{Group: Fabric, Local: here.Fabric}
	loser.FDB[ethernet.MAC{2}] = shared
	c.Set(loser)
	got, problems, _ := c.Effective("b")
	if !got.Equal(networkWith("b", anyMAC, own)) {
		t.Errorf("b has %+v", got)
	}
	if want := (hwvtep.Locator{Encapsulation: hwvtep.VXLANOverIPv4, Addr: shared.Remote()}); len(problems) != 1 || problems[0].Locator != want {
		t.Errorf("a tunnel of the fabric is named without key: %v", problems)
	}
}

type effective struct {
	n        Network
	problems []Problem
}

func allEffective(c *Claims) map[string]effective {
	out := map[string]effective{}
	for _, name := range c.Names() {
		n, problems, _ := c.Effective(name)
		out[name] = effective{n, problems}
	}
	return out
}

// Whatever changes led to a set of networks, the result is that of the set from
// scratch; every change says whom it touched; no endpoint is used twice.
func TestClaimsDependOnTheStateAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, state := NewClaims(), map[string]Network{}
		for range rapid.IntRange(1, 20).Draw(t, "changes") {
			before := allEffective(c)
			n := anyNetwork(t)
			var touched []string
			if rapid.IntRange(0, 3).Draw(t, "remove") == 0 {
				delete(state, n.Name)
				touched = c.Remove(n.Name)
			} else {
				state[n.Name] = n
				touched = c.Set(n)
			}
			after := allEffective(c)
			for _, name := range append(c.Names(), n.Name) {
				if !reflect.DeepEqual(before[name], after[name]) && !slices.Contains(touched, name) {
					t.Fatalf("%s has changed from %+v to %+v, but only %v are told", name, before[name], after[name], touched)
				}
			}
		}
		scratch := NewClaims()
		for _, n := range state {
			scratch.Set(n)
		}
		got := allEffective(c)
		if want := allEffective(scratch); !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
		users := map[Endpoint]string{}
		for name, e := range got {
			for endpoint := range e.n.Tunnels {
				if other, taken := users[endpoint]; taken {
					t.Fatalf("%v is used by %s and %s", endpoint, name, other)
				}
				users[endpoint] = name
			}
		}
	})
}
