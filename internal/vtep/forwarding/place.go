package forwarding

import (
	"net/netip"

	"landbridge/internal/hwvtep"
	"landbridge/internal/vtep/forwarding/intern"
)

// Endpoint identifies a tunnel on the wire: what an arriving packet shows and
// what a leaving one gets. No two networks of a switch may share one. A VLAN of
// a physical port is a tunnel as well, whose frames have no header but the tag.
//
// A switch has very many of them, which lead to few places: so each place is in
// memory once, and an endpoint is small. Two are the same where == says so.
type Endpoint struct {
	at  uint32 // of places
	VNI uint32 // on a port the VLAN, 0 for untagged frames
}

// place is the far end of tunnels, whatever their VNI.
type place struct {
	encapsulation hwvtep.Encapsulation // "" on a port
	remote        netip.Addr           // the zero Addr on a port
	port          string               // Physical_Port.name; "" where it is a tunnel
}

// places are those that any endpoint has, or had.
var places intern.Table[place]

// To gives the endpoint of a tunnel to a remote address.
func To(encapsulation hwvtep.Encapsulation, remote netip.Addr, vni uint32) Endpoint {
	return Endpoint{places.Number(place{encapsulation: encapsulation, remote: remote}), vni}
}

// OnPort gives the endpoint that is a VLAN of a physical port.
func OnPort(port string, vlan uint16) Endpoint {
	return Endpoint{places.Number(place{port: port}), uint32(vlan)}
}

func (e Endpoint) place() place { return places.Value(e.at) }

// Encapsulation is "" on a port.
func (e Endpoint) Encapsulation() hwvtep.Encapsulation { return e.place().encapsulation }

// Remote is the address of the tunnel's other end, the zero Addr on a port.
func (e Endpoint) Remote() netip.Addr { return e.place().remote }

// Port is Physical_Port.name, "" where the endpoint is a tunnel.
func (e Endpoint) Port() string { return e.place().port }

// Equal is ==, for those who compare by reflection.
func (e Endpoint) Equal(o Endpoint) bool { return e == o }
