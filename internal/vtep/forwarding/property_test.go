package forwarding

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
)

// switchFromBytes reads a logical switch from noise: small numbers, so that
// addresses, keys and MACs meet.
func switchFromBytes(b []byte) *hwvtep.LogicalSwitch {
	next := func() byte {
		if len(b) == 0 {
			return 0
		}
		v := b[0]
		b = b[1:]
		return v
	}
	key := func(v byte) hwvtep.Key {
		return [...]hwvtep.Key{{}, hwvtep.NewKey(0), hwvtep.NewKey(123), hwvtep.NewKey(456), hwvtep.NewKey(1 << 24)}[v%5]
	}
	loc := func() hwvtep.Locator {
		addrs := [...]netip.Addr{{}, ip("10.0.0.1"), ip("203.0.113.1"), ip("10.0.0.11"), ip("10.0.0.12"), ip("2001:db8::1"), ip("239.0.0.1")}
		encaps := [...]hwvtep.Encapsulation{hwvtep.VXLANOverIPv4, hwvtep.VXLANOverIPv4, "geneve"}
		return hwvtep.Locator{Encapsulation: encaps[next()%3], Addr: addrs[next()%7], Key: key(next())}
	}
	ls := hwvtep.NewLogicalSwitch("landbridge/net", key(next()))
	for len(b) > 0 {
		switch next() % 3 {
		case 0:
			ls.Ucast.Add(hwvtep.Ucast{MAC: ethernet.MAC{next() % 3, next() % 2}, Locator: loc()})
		case 1:
			ls.AddMcast(hwvtep.UnknownDst, loc())
		case 2:
			ls.AddMcast([...]string{hwvtep.AcceptOnly, "", "x"}[next()%3], loc())
		}
	}
	return ls
}

// checkSane is what holds of every derivation.
func checkSane(t interface{ Fatalf(string, ...any) }, ls *hwvtep.LogicalSwitch, n Network, problems []Problem) {
	for e, tunnel := range n.Tunnels {
		if !e.Remote().Is4() || e.Encapsulation() != hwvtep.VXLANOverIPv4 || e.VNI > hwvtep.MaxKey || !tunnel.Local.Is4() || tunnel.Local == e.Remote() {
			t.Fatalf("tunnel %v %+v", e, tunnel)
		}
		l := tunnel.Locator(e)
		if !ls.Locators().Has(l) || l.WAN() != (tunnel.Group == WAN) || tunnel.Flood != ls.Mcast[hwvtep.UnknownDst].Has(l) {
			t.Fatalf("%v %+v does not come from a locator of %+v", e, tunnel, ls)
		}
	}
	for mac, e := range n.FDB {
		tunnel, ok := n.Tunnels[e]
		if !ok || mac.IsZero() || mac.IsMulticast() || !ls.Ucast.Has(hwvtep.Ucast{MAC: mac, Locator: tunnel.Locator(e)}) {
			t.Fatalf("%v behind %v", mac, e)
		}
	}
	if !slices.IsSortedFunc(problems, Problem.Compare) {
		t.Fatalf("not sorted: %v", problems)
	}
	for l := range ls.Locators() {
		e, usable := tunnelOf(n, l)
		named := slices.ContainsFunc(problems, func(p Problem) bool { return p.Locator == l && p.Reason != "" })
		if !usable && !named {
			t.Fatalf("%v has neither a tunnel nor a problem (%v)", l, e)
		}
	}
}

func tunnelOf(n Network, l hwvtep.Locator) (Endpoint, bool) {
	for e, tunnel := range n.Tunnels {
		if tunnel.Locator(e) == l {
			return e, true
		}
	}
	return Endpoint{}, false
}

func FuzzDerive(f *testing.F) {
	f.Add([]byte{2, 1, 0, 3, 0, 1, 0, 4, 3, 0, 2, 0, 0, 3, 0})
	f.Add([]byte{0, 2, 1, 0, 3, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		ls := switchFromBytes(b)
		before := ls.Clone()
		n, problems := Derive(ls, here)
		checkSane(t, ls, n, problems)
		again, problemsAgain := Derive(ls.Clone(), here)
		if !n.Equal(again) || !slices.Equal(problems, problemsAgain) {
			t.Fatalf("two derivations differ: %+v %v, %+v %v", n, problems, again, problemsAgain)
		}
		if !ls.Equal(before) {
			t.Fatal("Derive has changed its argument")
		}
	})
}

func TestDeriveIsSane(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ls := switchFromBytes(rapid.SliceOfN(rapid.Byte(), 0, 80).Draw(t, "noise"))
		n, problems := Derive(ls, here)
		checkSane(t, ls, n, problems)
	})
}

func TestChangesLeadFromActualToDesired(t *testing.T) {
	draw := func(t *rapid.T, label string) map[string]Network {
		out := map[string]Network{}
		for range rapid.IntRange(0, 5).Draw(t, label) {
			n := anyNetwork(t)
			out[n.Name] = n
		}
		return out
	}
	rapid.Check(t, func(t *rapid.T) {
		actual, desired := draw(t, "actual"), draw(t, "desired")
		for name, n := range Changes(actual, desired) {
			if n == nil {
				delete(actual, name)
			} else {
				actual[name] = *n
			}
		}
		if left := Changes(actual, desired); len(left) > 0 {
			t.Fatalf("applying the changes leaves %v", left)
		}
	})
}

// anyNetwork draws a network of a small world, so that endpoints meet.
func anyNetwork(t *rapid.T) Network {
	n := Network{Name: fmt.Sprint("net", rapid.IntRange(0, 4).Draw(t, "name")), Tunnels: map[Endpoint]Tunnel{}, FDB: map[ethernet.MAC]Endpoint{}}
	for range rapid.IntRange(0, 3).Draw(t, "tunnels") {
		e := vxlan(fmt.Sprint("10.0.0.", rapid.IntRange(11, 13).Draw(t, "remote")), uint32(rapid.IntRange(1, 2).Draw(t, "vni")))
		n.Tunnels[e] = Tunnel{Group: Group(rapid.IntRange(0, 1).Draw(t, "group")), Local: here.Fabric, Flood: rapid.Bool().Draw(t, "flood")}
		if rapid.Bool().Draw(t, "with MAC") {
			n.FDB[ethernet.MAC{2, rapid.Byte().Draw(t, "mac") % 3}] = e
		}
	}
	return n
}
