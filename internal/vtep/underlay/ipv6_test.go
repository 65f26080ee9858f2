package underlay

import (
	"net/netip"
	"testing"
	"time"
)

var (
	here6   = netip.MustParseAddr("2001:db8:1::1")
	router6 = netip.MustParseAddr("2001:db8:1::fe")
	far6    = netip.MustParseAddr("2001:db8:f::2")
)

// newWorld6 has IPv6 beside IPv4, without a route to far yet.
func newWorld6(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.here.AddAddr("wan0", here6.String()+"/64")
	w.router.AddAddr("lan0", router6.String()+"/64")
	w.router.AddAddr("lo", far6.String()+"/128")
	return w
}

// Neighbours are asked for by ND, routes followed as they come and go.
func TestIPv6(t *testing.T) {
	w := newWorld6(t)
	direct, routed := Pair{here6, router6}, Pair{here6, far6}
	w.start(direct, routed)
	w.eventuallyVia(direct, router6.String())
	w.eventuallyProblem(routed, "no route to 2001:db8:f::2 from 2001:db8:1::1")
	w.here.AddRoute("2001:db8:f::/64", router6.String())
	w.eventuallyVia(routed, router6.String())
}

// An address that comes later is heard of, and one that goes.
func TestIPv6AddressComesAndGoes(t *testing.T) {
	w := newWorld(t)
	w.router.AddAddr("lan0", router6.String()+"/64")
	p := Pair{here6, router6}
	w.start(p)
	const missing = "address 2001:db8:1::1 is on no interface of this machine: add it, or correct the configured address"
	w.eventuallyProblem(p, missing)
	w.here.AddAddr("wan0", here6.String()+"/64")
	w.eventuallyVia(p, router6.String())
	w.here.Down("wan0") // the kernel takes IPv6 addresses off with it
	w.eventually(p, "unusable", func(s State) bool { return s.Problem != "" && !s.NextHop.Resolved })
}

// A neighbour that is silent is a problem, and none when it speaks again.
func TestIPv6NeighbourIsSilent(t *testing.T) {
	w := newWorld6(t)
	p := Pair{here6, netip.MustParseAddr("2001:db8:1::77")}
	w.start(p)
	w.eventuallyProblem(p, "neighbour 2001:db8:1::77 on wan0 does not answer")
	began := time.Now()
	w.router.AddAddr("lan0", "2001:db8:1::77/64")
	w.eventuallyVia(p, "2001:db8:1::77")
	t.Logf("found after %s", time.Since(began))
}
