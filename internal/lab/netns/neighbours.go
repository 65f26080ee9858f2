package netns

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"landbridge/internal/ethernet"
)

// Flood gives the addresses that a vxlan device floods to, sorted: its entries
// for the MAC 00:00:00:00:00:00.
func (n *Namespace) Flood(vxlan string) ([]netip.Addr, error) {
	var out []netip.Addr
	err := n.eachFDB(vxlan, func(_ netlink.Neigh, mac ethernet.MAC, dst netip.Addr) error {
		if mac == (ethernet.MAC{}) {
			out = append(out, dst)
		}
		return nil
	})
	slices.SortFunc(out, netip.Addr.Compare)
	return out, err
}

// SetFlood makes a vxlan device flood to these addresses and no other. What it
// has learned of hosts behind an address that goes is forgotten too.
func (n *Namespace) SetFlood(vxlan string, want []netip.Addr) error {
	have, err := n.Flood(vxlan)
	if err != nil {
		return err
	}
	for _, addr := range want {
		if !slices.Contains(have, addr) {
			if err := n.addFlood(vxlan, addr); err != nil {
				return err
			}
		}
	}
	return n.eachFDB(vxlan, func(e netlink.Neigh, _ ethernet.MAC, dst netip.Addr) error {
		if slices.Contains(want, dst) || !slices.Contains(have, dst) {
			return nil
		}
		return n.nl.NeighDel(&e)
	})
}

// AddNeighbour tells an interface the MAC of an address, so that it never asks.
func (n *Namespace) AddNeighbour(link string, addr netip.Addr, mac ethernet.MAC) error {
	return n.onLink("add neighbour "+addr.String()+" to", link, func(l netlink.Link) error {
		return n.nl.NeighSet(&netlink.Neigh{
			LinkIndex: l.Attrs().Index, State: netlink.NUD_PERMANENT, IP: addr.AsSlice(), HardwareAddr: mac[:],
		})
	})
}

// Neighbour gives the MAC that an interface has found for an address by ARP,
// or was told; not ok where it has none.
func (n *Namespace) Neighbour(link string, addr netip.Addr) (mac ethernet.MAC, ok bool, err error) {
	err = n.onLink("list the neighbours of", link, func(l netlink.Link) error {
		list, err := n.nl.NeighList(l.Attrs().Index, unix.AF_INET)
		for _, e := range list {
			if a, _ := netip.AddrFromSlice(e.IP); a.Unmap() == addr && len(e.HardwareAddr) == len(mac) {
				mac, ok = ethernet.MAC(e.HardwareAddr), e.State&(netlink.NUD_FAILED|netlink.NUD_INCOMPLETE) == 0
			}
		}
		return err
	})
	return mac, ok, err
}

// ForgetNeighbours empties the ARP table of an interface, but for what it was
// told.
func (n *Namespace) ForgetNeighbours(link string) error {
	return n.onLink("forget the neighbours of", link, func(l netlink.Link) error {
		list, err := n.nl.NeighList(l.Attrs().Index, unix.AF_INET)
		if err != nil {
			return err
		}
		for _, e := range list {
			if e.State&netlink.NUD_PERMANENT != 0 {
				continue
			}
			if err := n.nl.NeighDel(&e); err != nil {
				return fmt.Errorf("%s: %w", e.IP, err)
			}
		}
		return nil
	})
}

func (n *Namespace) addFlood(vxlan string, to netip.Addr) error {
	return n.onLink("flood to "+to.String()+" from", vxlan, func(l netlink.Link) error {
		return n.nl.NeighAppend(&netlink.Neigh{
			LinkIndex: l.Attrs().Index, Family: unix.AF_BRIDGE, State: netlink.NUD_PERMANENT | netlink.NUD_NOARP,
			Flags: netlink.NTF_SELF, IP: to.AsSlice(), HardwareAddr: make([]byte, len(ethernet.MAC{})),
		})
	})
}

// eachFDB calls fn with each entry of a vxlan device that names an address.
func (n *Namespace) eachFDB(vxlan string, fn func(e netlink.Neigh, mac ethernet.MAC, dst netip.Addr) error) error {
	return n.onLink("read the forwarding table of", vxlan, func(l netlink.Link) error {
		list, err := n.nl.NeighList(l.Attrs().Index, unix.AF_BRIDGE)
		if err != nil {
			return err
		}
		for _, e := range list {
			dst, ok := netip.AddrFromSlice(e.IP)
			if !ok || len(e.HardwareAddr) != len(ethernet.MAC{}) {
				continue
			}
			e.Flags |= netlink.NTF_SELF
			if err := fn(e, ethernet.MAC(e.HardwareAddr), dst.Unmap()); err != nil {
				return fmt.Errorf("%s %s: %w", e.HardwareAddr, dst, err)
			}
		}
		return nil
	})
}

// DeleteNeighbour takes back AddNeighbour.
func (n *Namespace) DeleteNeighbour(link string, addr netip.Addr) error {
	return n.onLink("delete neighbour "+addr.String()+" of", link, func(l netlink.Link) error {
		return n.nl.NeighDel(&netlink.Neigh{LinkIndex: l.Attrs().Index, IP: addr.AsSlice()})
	})
}
