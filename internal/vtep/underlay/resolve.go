package underlay

import (
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// tables is what the kernel holds, as far as it matters here.
type tables struct {
	links      map[int]link
	addrs      map[netip.Addr]int // own addresses: the interface
	neighbours map[neighbourKey]*neighbour
}

// resolve gives the state of a pair from the answer to its route look-up.
func (t *tables) resolve(p Pair, r route, lookup error) State {
	if reason := t.unroutable(p, r, lookup); reason != "" {
		return State{Problem: reason}
	}
	l, ok := t.links[r.ifIndex]
	if !ok {
		return State{Problem: fmt.Sprintf("the route to %s leads to interface %d, which is not there", p.Remote, r.ifIndex)}
	}
	s := State{
		Interface: l.name, Gateway: r.gateway,
		NextHop: NextHop{IfIndex: r.ifIndex, Src: l.mac, MTU: l.mtu},
	}
	if r.mtu > 0 && r.mtu < l.mtu {
		s.NextHop.MTU = r.mtu
	}
	if s.Problem = l.unusable(); s.Problem == "" {
		t.neighbours[s.neighbour()].complete(&s)
	}
	return s
}

func (s State) neighbour() neighbourKey { return neighbourKey{s.NextHop.IfIndex, s.Gateway} }

// complete fills in the neighbour's part; nil is one not heard of yet.
func (n *neighbour) complete(s *State) {
	switch {
	case n != nil && n.good:
		s.NextHop.Dst, s.NextHop.Resolved = n.mac, true
	case n != nil && n.failed:
		s.Problem = fmt.Sprintf("neighbour %s on %s does not answer", s.Gateway, s.Interface)
	default:
		s.Pending = true
	}
}

func (l link) unusable() string {
	switch {
	case !l.ethernet:
		return fmt.Sprintf("interface %s is not Ethernet: tunnels need one that is", l.name)
	case !l.up:
		return fmt.Sprintf("interface %s is down", l.name)
	case !l.carrier:
		return fmt.Sprintf("interface %s has no carrier", l.name)
	}
	return ""
}

// unroutable says why there is no way at all; "".
func (t *tables) unroutable(p Pair, r route, lookup error) string {
	own, has := t.addrs[p.Local]
	if !has {
		return fmt.Sprintf("address %s is on no interface of this machine: add it, or correct the configured address", p.Local)
	}
	if l := t.links[own]; lookup != nil && !l.up {
		return fmt.Sprintf("interface %s, which has address %s, is down", l.name, p.Local)
	}
	switch {
	case errors.Is(lookup, unix.ENETUNREACH), errors.Is(lookup, unix.EHOSTUNREACH):
		return fmt.Sprintf("no route to %s from %s", p.Remote, p.Local)
	case lookup != nil:
		return fmt.Sprintf("no route to %s from %s: %v", p.Remote, p.Local, lookup)
	case r.kind == unix.RTN_LOCAL:
		return fmt.Sprintf("%s is an address of this machine", p.Remote)
	case r.kind != unix.RTN_UNICAST:
		return fmt.Sprintf("%s is not the address of one host: it is a broadcast or multicast address here", p.Remote)
	}
	return ""
}
