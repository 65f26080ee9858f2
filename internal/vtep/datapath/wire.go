package datapath

import (
	"net/netip"

	"landbridge/internal/vtep/forwarding"
)

// Between the types of the maps and those of the model.

func addressOf(a netip.Addr) kernelAddress { return kernelAddress{B: a.As16()} }

func (a kernelAddress) addr() netip.Addr { return netip.AddrFrom16(a.B).Unmap() }

func endpointOf(e forwarding.Endpoint) kernelEndpoint {
	return kernelEndpoint{
		Remote:        addressOf(e.Remote),
		Vni:           e.VNI,
		Encapsulation: encapsulationOf(e.Encapsulation),
	}
}

func (e kernelEndpoint) model() forwarding.Endpoint {
	remote := e.Remote.addr()
	return forwarding.Endpoint{Encapsulation: e.Encapsulation.over(remote.Is6()), Remote: remote, VNI: e.Vni}
}

// slot gives the tunnel as the map holds it.
func (t *tunnel) slot() kernelTunnel {
	return kernelTunnel{
		Network:   t.network.id,
		Group:     kernelGroup(t.Group),
		FloodNext: t.next,
		Nexthop:   t.path.id,
		Endpoint:  endpointOf(t.endpoint),
		Local:     addressOf(t.Local),
		Shape:     shapeOf(t.endpoint.Encapsulation),
	}
}

func nameOf(name string) kernelNetworkName {
	out := kernelNetworkName{Length: uint16(len(name))}
	copy(out.Text[:], name)
	return out
}

func (n kernelNetworkName) String() string { return string(n.Text[:min(int(n.Length), len(n.Text))]) }
