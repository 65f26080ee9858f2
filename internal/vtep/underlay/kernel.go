package underlay

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"landbridge/internal/ethernet"
)

// kernel asks the kernel of the network namespace in which it was opened.
type kernel struct {
	nl *netlink.Handle
}

// dumpAttempts is how often a dump is tried again that the kernel says was
// interrupted by a change.
const dumpAttempts = 5

// dump repeats a dump until it is consistent. One that never is gives what it
// last gave: each of those changes is told, and looked at again.
func dump[T any](list func() ([]T, error)) (out []T, err error) {
	for range dumpAttempts {
		out, err = list()
		if !errors.Is(err, netlink.ErrDumpInterrupted) {
			return out, err
		}
	}
	return out, nil
}

// tables reads all but the neighbours.
func (k kernel) tables() (links map[int]link, addrs map[netip.Addr]int, err error) {
	ls, err := dump(k.nl.LinkList)
	if err != nil {
		return nil, nil, fmt.Errorf("list the interfaces: %w", err)
	}
	as, err := dump(func() ([]netlink.Addr, error) { return k.nl.AddrList(nil, netlink.FAMILY_ALL) })
	if err != nil {
		return nil, nil, fmt.Errorf("list the addresses: %w", err)
	}
	links, addrs = make(map[int]link, len(ls)), make(map[netip.Addr]int, len(as))
	for _, l := range ls {
		links[l.Attrs().Index] = linkOf(l.Attrs())
	}
	for _, a := range as {
		if a.Flags&(unix.IFA_F_TENTATIVE|unix.IFA_F_DADFAILED) == 0 || a.Flags&unix.IFA_F_OPTIMISTIC != 0 {
			addrs[addrOf(a.IP)] = a.LinkIndex
		}
	}
	return links, addrs, nil
}

func linkOf(a *netlink.LinkAttrs) link {
	l := link{
		name: a.Name, mtu: a.MTU,
		up:       a.RawFlags&unix.IFF_UP != 0,
		carrier:  a.RawFlags&unix.IFF_LOWER_UP != 0,
		ethernet: a.EncapType == "ether",
	}
	copy(l.mac[:], a.HardwareAddr)
	return l
}

// neighbours reads the neighbour tables of both families: an IPv4 route may
// have an IPv6 gateway (RFC 5549).
func (k kernel) neighbours() ([]netlink.Neigh, error) {
	var out []netlink.Neigh
	for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		ns, err := dump(func() ([]netlink.Neigh, error) { return k.nl.NeighList(0, family) })
		if err != nil {
			return nil, fmt.Errorf("list the neighbours: %w", err)
		}
		out = append(out, ns...)
	}
	return out, nil
}

// route looks up the way that a packet of the pair takes.
func (k kernel) route(p Pair) (route, error) {
	rs, err := k.nl.RouteGetWithOptions(p.Remote.AsSlice(), &netlink.RouteGetOptions{SrcAddr: p.Local.AsSlice()})
	if err != nil {
		return route{}, err
	}
	if len(rs) == 0 {
		return route{}, unix.ENETUNREACH
	}
	r := route{ifIndex: rs[0].LinkIndex, gateway: p.Remote, mtu: rs[0].MTU, kind: rs[0].Type}
	if via, ok := rs[0].Via.(*netlink.Via); ok {
		r.gateway = addrOf(via.Addr)
	} else if rs[0].Gw != nil {
		r.gateway = addrOf(rs[0].Gw)
	}
	return r, nil
}

// probe has the kernel ask for a neighbour: as if it had a packet for it.
func (k kernel) probe(n neighbourKey) error {
	return k.nl.NeighSet(&netlink.Neigh{
		LinkIndex: n.ifIndex, IP: n.addr.AsSlice(), State: netlink.NUD_NONE, Flags: netlink.NTF_USE,
	})
}

func keyOf(n *netlink.Neigh) neighbourKey { return neighbourKey{n.LinkIndex, addrOf(n.IP)} }

func macOf(h net.HardwareAddr) (m ethernet.MAC) {
	if len(h) == len(m) {
		copy(m[:], h)
	}
	return m
}

func addrOf(ip net.IP) netip.Addr {
	a, _ := netip.AddrFromSlice(ip)
	return a.Unmap()
}
