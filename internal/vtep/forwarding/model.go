// Package forwarding derives what a software VTEP does with frames from what a
// hardware_vtep database holds. It is pure: no I/O, no clock, no locks.
package forwarding

import (
	"net/netip"
	"slices"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
)

// Group is a side of the switch. A frame that arrives by a tunnel of one group
// never leaves by a tunnel of the same group (split horizon). Physical ports are
// a group too, within which frames go from one port, or VLAN of it, to another.
type Group uint8

// The groups, by the rule of the keys: a locator without a key of its own is of
// the fabric, one with a key of the WAN.
const (
	Fabric Group = iota
	WAN
	Ports
	Groups // their number
)

func (g Group) String() string {
	switch g {
	case WAN:
		return "wan"
	case Ports:
		return "ports"
	}
	return "fabric"
}

// Network is the forwarding of one logical switch.
type Network struct {
	Name    string // Logical_Switch.name
	Tunnels map[Endpoint]Tunnel
	// FDB has the static entries, by destination MAC: the tunnel is one of
	// Tunnels. What is learned is the datapath's own.
	FDB map[ethernet.MAC]Endpoint
	// MACLimit is how many addresses may be learned, where an operator has set
	// it for this network; 0 is no limit.
	MACLimit hwvtep.Limit
	// Neighbours has who has an address: requests for it are answered by the
	// switch, and not flooded, where the MAC is not on the side that asks.
	Neighbours map[netip.Addr]ethernet.MAC
	// Gateways and Routers are the addresses and MACs of the cloud's own
	// routers, as far as they are known. See hwvtep.FilterGateway.
	Gateways hwvtep.Set[netip.Addr]
	Routers  hwvtep.Set[ethernet.MAC]
	Limit    Limit
}

// Limit is how much a network may be flooded.
type Limit struct {
	Rate  uint32 // copies a second; 0: no limit
	Burst uint32 // copies that may be saved up while there is less
}

// Tunnel is one tunnel of a network.
type Tunnel struct {
	// Local is the address of this switch that packets leave from and have to
	// arrive at; the zero Addr on a port.
	Local netip.Addr
	Group Group
	// Flood says that broadcast, multicast and unknown unicast of the other
	// group are copied to it.
	Flood bool
	// Filter is what is not sent to it. DHCP, router advertisements and what is
	// of the cloud's own routers are not accepted from it either.
	Filter hwvtep.Filter
}

// Local is the addresses of this switch, by the side they face and the family,
// the zero Addr where there is none. Those of both sides may be one.
type Local struct {
	Fabric, WAN   netip.Addr // IPv4
	Fabric6, WAN6 netip.Addr // IPv6
}

// Of gives the address that faces a group.
func (l Local) Of(g Group, v6 bool) netip.Addr {
	switch {
	case g == WAN && v6:
		return l.WAN6
	case g == WAN:
		return l.WAN
	case v6:
		return l.Fabric6
	}
	return l.Fabric
}

func (l Local) has(a netip.Addr) bool {
	return a == l.Fabric || a == l.WAN || a == l.Fabric6 || a == l.WAN6
}

// All gives each address once, sorted.
func (l Local) All() []netip.Addr {
	all := []netip.Addr{l.Fabric, l.WAN, l.Fabric6, l.WAN6}
	all = slices.DeleteFunc(all, func(a netip.Addr) bool { return !a.IsValid() })
	slices.SortFunc(all, netip.Addr.Compare)
	return slices.Compact(all)
}
