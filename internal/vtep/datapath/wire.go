package datapath

import (
	"net/netip"

	"landbridge/internal/vtep/forwarding"
)

// Between the types of the maps and those of the model.

func addressOf(a netip.Addr) kernelAddress { return kernelAddress{B: a.As16()} }

func (a kernelAddress) addr() netip.Addr { return netip.AddrFrom16(a.B).Unmap() }

// keyOf gives what arriving packets of an endpoint show; not ok where none can
// arrive.
func (d *Datapath) keyOf(e forwarding.Endpoint) (k kernelEndpoint, ok bool) {
	if e.IsPort() {
		return d.onPort(e)
	}
	return endpointOf(e), true
}

// endpointFrom reads a key; not ok where it is of a port that there is not.
func (d *Datapath) endpointFrom(k kernelEndpoint) (forwarding.Endpoint, bool) {
	if k.Encapsulation == kernelEncapsulationENCAP_PORT {
		return d.portOf(k)
	}
	return k.model(), true
}

func endpointOf(e forwarding.Endpoint) kernelEndpoint {
	return kernelEndpoint{
		Remote:        addressOf(e.Remote()),
		Vni:           e.VNI,
		Encapsulation: encapsulationOf(e.Encapsulation()),
	}
}

func (e kernelEndpoint) model() forwarding.Endpoint {
	remote := e.Remote.addr()
	return forwarding.To(e.Encapsulation.over(remote.Is6()), remote, e.Vni)
}

// slot gives the tunnel as the map holds it.
func (d *Datapath) slot(t *tunnel) kernelTunnel {
	key, _ := d.keyOf(t.endpoint)
	s := kernelTunnel{
		Network:   t.network.id,
		Group:     kernelGroup(t.group),
		FloodNext: t.next,
		Nexthop:   t.path.id,
		Endpoint:  key,
		Shape:     t.shape(),
		Filter:    kernelFilter(t.filter),
	}
	if !t.endpoint.IsPort() {
		s.Local = addressOf(t.path.pair.Local)
	}
	return s
}

func nameOf(name string) kernelNetworkName {
	out := kernelNetworkName{Length: uint16(len(name))}
	copy(out.Text[:], name)
	return out
}

func (n kernelNetworkName) String() string { return string(n.Text[:min(int(n.Length), len(n.Text))]) }
