package datapath

import (
	"maps"
	"net/netip"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/vtep/forwarding"
)

// network is one as the maps hold it.
type network struct {
	id       uint32
	name     string
	macLimit hwvtep.Limit // of learned addresses
	// counted says that it has its counters.
	counted bool
	// forgotten is how many of the addresses learned ever are not in the FDB
	// any longer, as the last sweep has found.
	forgotten uint32
	tunnels   []*tunnel                            // in no order; owners finds one
	fdb       map[ethernet.MAC]forwarding.Endpoint // static
	flood     floodLists
	written   kernelFlood      // of it in the maps
	limit     forwarding.Limit // of flooding
	// neighbours and routers are those that the control plane knows of.
	neighbours map[netip.Addr]kernelNeighbour
	routers    map[ethernet.MAC]struct{}
}

// is tells whether the network is as asked for.
func (n *network) is(want forwarding.Network) bool {
	if n.macLimit != want.MACLimit || n.limit != want.Limit || len(n.tunnels) != len(want.Tunnels) || !maps.Equal(n.fdb, want.FDB) {
		return false
	}
	for _, t := range n.tunnels {
		if w, ok := want.Tunnels[t.endpoint]; !ok || w != t.model() {
			return false
		}
	}
	return n.knows(want)
}

// knows tells whether the network has the wanted neighbours and routers.
func (n *network) knows(want forwarding.Network) bool {
	if len(n.routers) != len(want.Routers) {
		return false
	}
	for mac := range want.Routers {
		if _, ok := n.routers[mac]; !ok {
			return false
		}
	}
	wanted := len(want.Neighbours)
	for a := range want.Gateways {
		if _, both := want.Neighbours[a]; !both {
			wanted++
		}
	}
	if len(n.neighbours) != wanted {
		return false
	}
	for a, have := range n.neighbours {
		if k, ok := neighbourOf(&want, a); !ok || k != have {
			return false
		}
	}
	return true
}

// model gives the network as it was asked for.
func (n *network) model() forwarding.Network {
	out := forwarding.Network{
		Name:    n.name,
		Tunnels: make(map[forwarding.Endpoint]forwarding.Tunnel, len(n.tunnels)),
		FDB:     maps.Clone(n.fdb),

		MACLimit: n.macLimit,

		Neighbours: map[netip.Addr]ethernet.MAC{}, Gateways: hwvtep.Set[netip.Addr]{},
		Routers: maps.Clone(n.routers), Limit: n.limit,
	}
	for a, k := range n.neighbours {
		k.into(a, &out)
	}
	for _, t := range n.tunnels {
		out.Tunnels[t.endpoint] = t.model()
	}
	return out
}
