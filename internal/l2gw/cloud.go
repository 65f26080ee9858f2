package l2gw

import (
	"net/netip"
	"slices"

	"landbridge/internal/ethernet"
)

// MAC is a hardware address.
type MAC = ethernet.MAC

// Network is a network of the cloud.
type Network struct {
	ID        string
	ProjectID string
	Name      string
	MTU       int // of the inner IP packets; 0: unknown
	Segments  []Segment
}

// Segment is one provider segment of a network.
type Segment struct {
	Type NetworkType
	ID   uint32 // the segmentation id: a VNI where Type is tunnelled
}

// NetworkType is provider:network_type of Neutron.
type NetworkType string

// The network types of Neutron.
const (
	TypeVXLAN  NetworkType = "vxlan"
	TypeGRE    NetworkType = "gre"
	TypeGeneve NetworkType = "geneve"
	TypeVLAN   NetworkType = "vlan"
	TypeFlat   NetworkType = "flat"
	TypeLocal  NetworkType = "local"
)

// Tunnelled tells whether networks of this type cross hosts in tunnels.
func (t NetworkType) Tunnelled() bool {
	return t == TypeVXLAN || t == TypeGRE || t == TypeGeneve
}

// Port is a port of a network, bound to a host.
type Port struct {
	ID        string
	NetworkID string
	MAC       MAC
	Addrs     []netip.Addr // fixed addresses, the first is announced for ARP/ND suppression
	Host      string       // name of the compute node; "": not bound
}

// Site is all that a cloud knows of one network: the planner's view of it.
type Site struct {
	Network Network
	Ports   []Port
	// Endpoints has the tunnel address of each compute node that is the Host of
	// one of Ports. A host may be missing when the cloud does not know it.
	Endpoints map[string]netip.Addr
	// Gateways has the addresses of the network's routers, sorted, unique.
	Gateways []netip.Addr
	// Notes is what administrators have to know of the network in this cloud.
	Notes []Note
}

// Note is something about a network that its connections tell.
type Note struct {
	// Pending says that something is not there yet and may come by itself.
	Pending bool
	// Fatal says that the network cannot be served, until somebody acts.
	Fatal  bool
	Reason string // one or more full sentences
}

// Service tells a cloud that the gateway with this tunnel address serves a
// network, so that the compute nodes that host the network make tunnels to it.
type Service struct {
	NetworkID string
	Addr      netip.Addr // on the cloud's side of the gateway
	Hosts     []Host     // that are known to live behind it, in other clouds or at its ports; sorted
	// Partial says that others may live there of which nothing is known yet: what
	// was told before of such stays told.
	Partial bool
}

// Host is a machine in another cloud, or at a port of a gateway.
type Host struct {
	MAC  MAC
	Addr netip.Addr // the zero Addr where it is unknown
}

// Compare orders hosts by MAC, then address.
func (h Host) Compare(o Host) int {
	if c := h.MAC.Compare(o.MAC); c != 0 {
		return c
	}
	return h.Addr.Compare(o.Addr)
}

// Told is what the compute nodes of a network were told of the hosts behind a
// gateway.
type Told struct {
	NetworkID string
	Segment   Segment    // of the network
	Gateway   netip.Addr // Service.Addr
	Hosts     []Host     // sorted
}

// Equal tells whether two services are the same.
func (s Service) Equal(o Service) bool {
	return s.NetworkID == o.NetworkID && s.Addr == o.Addr && s.Partial == o.Partial && slices.Equal(s.Hosts, o.Hosts)
}
