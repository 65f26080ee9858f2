package netns

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"landbridge/internal/ethernet"
)

// Up sets a link up.
func (n *Namespace) Up(link string) error {
	return n.onLink("set up", link, n.nl.LinkSetUp)
}

// Down sets a link down.
func (n *Namespace) Down(link string) error {
	return n.onLink("set down", link, n.nl.LinkSetDown)
}

// DeleteLink removes a link.
func (n *Namespace) DeleteLink(link string) error {
	return n.onLink("remove", link, n.nl.LinkDel)
}

// Link gives a link by its name.
func (n *Namespace) Link(name string) (l netlink.Link, err error) {
	err = n.onLink("find", name, func(found netlink.Link) error {
		l = found
		return nil
	})
	return l, err
}

// SetMAC gives a link an address.
func (n *Namespace) SetMAC(link string, mac ethernet.MAC) error {
	return n.onLink("set the address of", link, func(l netlink.Link) error {
		return n.nl.LinkSetHardwareAddr(l, mac[:])
	})
}

// SetMTU gives a link an MTU in bytes.
func (n *Namespace) SetMTU(link string, mtu int) error {
	return n.onLink("set the MTU of", link, func(l netlink.Link) error { return n.nl.LinkSetMTU(l, mtu) })
}

// MAC gives the address of a link.
func (n *Namespace) MAC(link string) (mac ethernet.MAC, err error) {
	err = n.onLink("read", link, func(l netlink.Link) error {
		mac = ethernet.MAC(l.Attrs().HardwareAddr)
		return nil
	})
	return mac, err
}

// Veth joins two namespaces by a pair of links, both up.
func Veth(a *Namespace, aName string, b *Namespace, bName string) error {
	pair := netlink.NewVeth(attrs(aName))
	pair.PeerName, pair.PeerNamespace = bName, netlink.NsFd(b.fd)
	if err := a.nl.LinkAdd(pair); err != nil {
		return fmt.Errorf("join %s in %s and %s in %s: %w", aName, a.Name, bName, b.Name, err)
	}
	if err := a.Up(aName); err != nil {
		return err
	}
	return b.Up(bName)
}

// AddBridge makes a bridge, up, that forwards at once and does not watch
// multicast groups.
func (n *Namespace) AddBridge(name string) error {
	snooping := false
	return n.AddLink(&netlink.Bridge{LinkAttrs: attrs(name), MulticastSnooping: &snooping})
}

// VXLAN is a tunnel device of the kernel.
type VXLAN struct {
	Name  string
	VNI   uint32
	Local netip.Addr
	Port  uint16 // of UDP, the destination
}

// AddVXLAN makes a tunnel device, up, that learns behind which address a MAC
// is. It sends nothing until SetFlood names somebody.
func (n *Namespace) AddVXLAN(v VXLAN) error {
	return n.AddLink(&netlink.Vxlan{
		LinkAttrs: attrs(v.Name), VxlanId: int(v.VNI), SrcAddr: v.Local.AsSlice(), Port: int(v.Port), Learning: true,
	})
}

// Enslave makes a link a port of a bridge.
func (n *Namespace) Enslave(link, bridge string) error {
	return n.onLink("find", bridge, func(b netlink.Link) error {
		return n.onLink("add to bridge "+bridge, link, func(l netlink.Link) error { return n.nl.LinkSetMaster(l, b) })
	})
}

// AddAddr gives a link an address. IPv6 addresses skip duplicate address
// detection.
func (n *Namespace) AddAddr(link string, addr netip.Prefix) error {
	a := &netlink.Addr{IPNet: ipNet(addr)}
	if addr.Addr().Is6() {
		a.Flags = unix.IFA_F_NODAD
	}
	return n.onLink("add "+addr.String()+" to", link, func(l netlink.Link) error { return n.nl.AddrAdd(l, a) })
}

// AddRoute sends what is for a prefix to a router; 0.0.0.0/0 is what no other
// route takes.
func (n *Namespace) AddRoute(dst netip.Prefix, via netip.Addr) error {
	if err := n.nl.RouteAdd(&netlink.Route{Dst: ipNet(dst.Masked()), Gw: via.AsSlice()}); err != nil {
		return fmt.Errorf("add the route to %s via %s in %s: %w", dst, via, n.Name, err)
	}
	return nil
}

// AddLink adds a link and sets it up.
func (n *Namespace) AddLink(l netlink.Link) error {
	if err := n.nl.LinkAdd(l); err != nil {
		return fmt.Errorf("add %s %s in %s: %w", l.Type(), l.Attrs().Name, n.Name, err)
	}
	return n.Up(l.Attrs().Name)
}

func (n *Namespace) onLink(what, name string, fn func(netlink.Link) error) error {
	l, err := n.nl.LinkByName(name)
	if err == nil {
		err = fn(l)
	}
	if err != nil {
		return fmt.Errorf("%s %s in %s: %w", what, name, n.Name, err)
	}
	return nil
}

func attrs(name string) netlink.LinkAttrs {
	a := netlink.NewLinkAttrs()
	a.Name = name
	return a
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
