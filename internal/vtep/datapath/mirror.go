package datapath

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/vtep/forwarding"
)

// mirror is what the maps hold, but for what programs write: learned entries
// and counters. It changes only after the maps have.
type mirror struct {
	networks map[string]*network
	owners   map[forwarding.Endpoint]*tunnel // the tunnels of all networks
	paths    map[Pair]*path
	ports    map[string]*port // by name
	roles    map[netip.Addr]kernelRole
	shapes   map[kernelShape]int // how many tunnels have each
	users    map[addressRole]int // how many tunnels give an address a role

	tunnelIDs, networkIDs, pathIDs *ids
	// retired has the ids of tunnels that are gone, while entries of the FDB may
	// still lead to them.
	retired map[uint32]struct{}
}

type network struct {
	id       uint32
	name     string
	macLimit hwvtep.Limit // of learned addresses
	// counted says that it has its counters.
	counted bool
	// forgotten is how many of the addresses learned ever are not in the FDB
	// any longer, as the last sweep has found.
	forgotten uint32
	tunnels   map[forwarding.Endpoint]*tunnel
	fdb       map[ethernet.MAC]forwarding.Endpoint // static
	flood     floodLists
	limit     forwarding.Limit // of flooding
	// neighbours and routers are those that the control plane knows of.
	neighbours map[netip.Addr]kernelNeighbour
	routers    map[ethernet.MAC]struct{}
}

type tunnel struct {
	forwarding.Tunnel
	endpoint forwarding.Endpoint
	id       uint32
	network  *network
	path     *path
	next     uint32 // in the flood list
}

type addressRole struct {
	addr netip.Addr
	role kernelRole
}

func newMirror(s Sizes) *mirror {
	return &mirror{
		networks:   map[string]*network{},
		owners:     map[forwarding.Endpoint]*tunnel{},
		paths:      map[Pair]*path{},
		roles:      map[netip.Addr]kernelRole{},
		shapes:     map[kernelShape]int{},
		users:      map[addressRole]int{},
		retired:    map[uint32]struct{}{},
		tunnelIDs:  newIDs("tunnel", s.Tunnels),
		networkIDs: newIDs("network", s.Networks),
		pathIDs:    newIDs("pair of underlay addresses", s.NextHops),
	}
}

func (m *mirror) addNetwork(name string, id uint32) *network {
	n := &network{
		id: id, name: name,
		tunnels: map[forwarding.Endpoint]*tunnel{},
		fdb:     map[ethernet.MAC]forwarding.Endpoint{},

		neighbours: map[netip.Addr]kernelNeighbour{},
		routers:    map[ethernet.MAC]struct{}{},
	}
	m.networks[name] = n
	return n
}

func (m *mirror) addTunnel(t *tunnel) {
	t.network.tunnels[t.endpoint] = t
	m.owners[t.endpoint] = t
	m.shapes[shapeOf(t.endpoint.Encapsulation())]++
}

func (m *mirror) dropTunnel(t *tunnel) {
	delete(t.network.tunnels, t.endpoint)
	delete(m.owners, t.endpoint)
	shape := shapeOf(t.endpoint.Encapsulation())
	if m.shapes[shape]--; m.shapes[shape] == 0 {
		delete(m.shapes, shape)
	}
}

func (m *mirror) tunnelsByID() map[uint32]*tunnel {
	out := make(map[uint32]*tunnel, len(m.owners))
	for _, t := range m.owners {
		out[t.id] = t
	}
	return out
}

func (m *mirror) networksByID() map[uint32]*network {
	out := make(map[uint32]*network, len(m.networks))
	for _, n := range m.networks {
		out[n.id] = n
	}
	return out
}

// inFlood tells where a tunnel stands in the flood list of its group, -1 where
// it does not.
func (t *tunnel) inFlood() int { return slices.Index(t.network.flood[t.Group], t) }

// is tells whether the network is as asked for.
func (n *network) is(want forwarding.Network) bool {
	if n.macLimit != want.MACLimit || n.limit != want.Limit || len(n.tunnels) != len(want.Tunnels) || !maps.Equal(n.fdb, want.FDB) {
		return false
	}
	for e, t := range n.tunnels {
		if w, ok := want.Tunnels[e]; !ok || w != t.Tunnel {
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
	for e, t := range n.tunnels {
		out.Tunnels[e] = t.Tunnel
	}
	return out
}

func (t *tunnel) String() string { return fmt.Sprintf("tunnel %d (%s)", t.id, t.endpoint) }
