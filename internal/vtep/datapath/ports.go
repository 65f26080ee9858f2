package datapath

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"landbridge/internal/vtep/forwarding"
)

// port is a physical port. Its VLANs are tunnels, which share its place among
// the next hops.
type port struct {
	name string // Physical_Port.name
	link string // the interface's name
	hop  kernelNexthop
	path *path // nil while no VLAN of it is in use
	// vlans are those in use.
	vlans map[forwarding.Endpoint]*tunnel
}

// PortState is a physical port as it was found by the last Ensure.
type PortState struct {
	Name      string // Physical_Port.name
	Interface string
	// Present, Up and Carrier say how far frames can come: there is the
	// interface, it is set up, and somebody is at its other end.
	Present, Up, Carrier bool
	MTU                  int // bytes of a frame's contents; 0 where not Present
	// Master is the bridge or the like that the interface is part of, Addrs are
	// its addresses but for link-local ones: neither gets frames of a port.
	Master string
	Addrs  []netip.Prefix
}

// Equal tells whether both say the same.
func (s PortState) Equal(o PortState) bool {
	a, b := s, o
	a.Addrs, b.Addrs = nil, nil
	return reflect.DeepEqual(a, b) && slices.Equal(s.Addrs, o.Addrs)
}

func newPorts(links map[string]string) map[string]*port {
	out := make(map[string]*port, len(links))
	for name, link := range links {
		out[name] = &port{name: name, link: link, vlans: map[forwarding.Endpoint]*tunnel{}}
	}
	return out
}

// FollowPorts is Ensure for ports alone: an interface that has come, or come back
// with another index, carries on with all VLANs of its port. It gives the states
// of all ports, sorted by name.
func (d *Datapath) FollowPorts() ([]PortState, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	states, err := d.followPorts()
	return states, errors.Join(err, d.hookPorts())
}

// followPorts also has ports take all frames, whomever they are for.
func (d *Datapath) followPorts() ([]PortState, error) {
	var errs []error
	states := make([]PortState, 0, len(d.ports))
	for _, name := range slices.Sorted(maps.Keys(d.ports)) {
		p := d.ports[name]
		l, err := linkOf(p.link)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		state, err := stateOf(p, l)
		states = append(states, state)
		errs = append(errs, err)
		errs = append(errs, d.movePort(p, hopOf(l)), setPromiscuous(l))
	}
	return states, errors.Join(errs...)
}

// linkOf gives an interface by its name, nil where there is none.
func linkOf(name string) (netlink.Link, error) {
	l, err := netlink.LinkByName(name)
	if errors.As(err, &netlink.LinkNotFoundError{}) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look at port interface %s: %w", name, err)
	}
	return l, nil
}

func stateOf(p *port, l netlink.Link) (PortState, error) {
	s := PortState{Name: p.name, Interface: p.link}
	if l == nil {
		return s, nil
	}
	a := l.Attrs()
	s.Present, s.MTU = true, a.MTU
	s.Up, s.Carrier = a.RawFlags&unix.IFF_UP != 0, a.RawFlags&unix.IFF_LOWER_UP != 0
	if a.MasterIndex != 0 {
		s.Master = "another interface"
		if m, err := netlink.LinkByIndex(a.MasterIndex); err == nil {
			s.Master = m.Attrs().Name
		}
	}
	addrs, err := netlink.AddrList(l, netlink.FAMILY_ALL)
	if err != nil {
		return s, fmt.Errorf("list the addresses of port interface %s: %w", p.link, err)
	}
	for _, addr := range addrs {
		if ip, ok := netip.AddrFromSlice(addr.IP); ok && !ip.IsLinkLocalUnicast() {
			ones, _ := addr.Mask.Size()
			s.Addrs = append(s.Addrs, netip.PrefixFrom(ip.Unmap(), ones))
		}
	}
	return s, nil
}

func hopOf(l netlink.Link) kernelNexthop {
	if l == nil {
		return kernelNexthop{}
	}
	return kernelNexthop{Ifindex: uint32(l.Attrs().Index), Mtu: uint32(l.Attrs().MTU)}
}

func setPromiscuous(l netlink.Link) error {
	if l == nil || l.Attrs().RawFlags&unix.IFF_PROMISC != 0 {
		return nil
	}
	if err := netlink.SetPromiscOn(l); err != nil {
		return fmt.Errorf("have port interface %s take all frames: %w", l.Attrs().Name, err)
	}
	return nil
}

// setOrdinary has an interface that is a port no longer take its own frames only.
func setOrdinary(ifIndex int) error {
	l, err := netlink.LinkByIndex(ifIndex)
	if errors.As(err, &netlink.LinkNotFoundError{}) {
		return nil
	}
	if err == nil {
		err = netlink.SetPromiscOff(l)
	}
	if err != nil {
		return fmt.Errorf("have interface %d take its own frames only: %w", ifIndex, err)
	}
	return nil
}

// movePort makes the VLANs of a port those of another interface.
func (d *Datapath) movePort(p *port, hop kernelNexthop) error {
	if p.hop == hop {
		return nil
	}
	moved := p.hop.Ifindex != hop.Ifindex
	var errs []error
	if moved {
		errs = append(errs, p.each(d.closeArrival))
	}
	p.hop = hop
	if p.path != nil {
		errs = append(errs, d.writePort(p))
	}
	if moved {
		errs = append(errs, p.each(func(t *tunnel) error { return cmp.Or(d.writeSlot(t), d.openArrival(t)) }))
	}
	return errors.Join(errs...)
}

func (p *port) each(do func(*tunnel) error) error {
	var errs []error
	for _, t := range p.vlans {
		errs = append(errs, do(t))
	}
	return errors.Join(errs...)
}

func (d *Datapath) writePort(p *port) error {
	if err := d.kernel.Nexthops.Put(p.path.id, p.hop); err != nil {
		return fmt.Errorf("write port %s: %w", p.name, err)
	}
	return nil
}

// usePort counts a VLAN of a port in. The first one takes a place for it.
func (d *Datapath) usePort(name string) (*path, error) {
	p := d.ports[name]
	if p == nil {
		return nil, fmt.Errorf("there is no port %q", name)
	}
	if p.path == nil {
		id, err := d.pathIDs.take()
		if err != nil {
			return nil, err
		}
		p.path = &path{id: id}
		if err := d.writePort(p); err != nil {
			p.path = nil
			d.pathIDs.release(id)
			return nil, err
		}
	}
	p.path.users++
	return p.path, nil
}

// leavePort counts a VLAN out. The last one empties the place.
func (d *Datapath) leavePort(name string) error {
	p := d.ports[name]
	if p.path.users--; p.path.users > 0 {
		return nil
	}
	id := p.path.id
	p.path = nil
	d.pathIDs.release(id)
	return d.kernel.Nexthops.Put(id, kernelNexthop{})
}

// portInterface is the part of an endpoint's remote address with the interface.
const portInterface = 12

// onPort is the key of a VLAN of a port; not ok while that has no interface.
func (d *Datapath) onPort(e forwarding.Endpoint) (k kernelEndpoint, ok bool) {
	index := d.ports[e.Port()].hop.Ifindex
	k = kernelEndpoint{Vni: e.VNI, Encapsulation: kernelEncapsulationENCAP_PORT}
	binary.NativeEndian.PutUint32(k.Remote.B[portInterface:], index)
	return k, index != 0
}

// portOf gives the endpoint that a key of a port stands for, by the port that
// has the interface now.
func (d *Datapath) portOf(k kernelEndpoint) (forwarding.Endpoint, bool) {
	index := binary.NativeEndian.Uint32(k.Remote.B[portInterface:])
	for _, p := range d.ports {
		if index != 0 && p.hop.Ifindex == index {
			return forwarding.OnPort(p.name, uint16(k.Vni)), true
		}
	}
	return forwarding.Endpoint{}, false
}
