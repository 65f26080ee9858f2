package datapath

import (
	"net/netip"

	"landbridge/internal/ethernet"
	"landbridge/internal/vtep/forwarding"
)

// mirror is what the maps hold, but for what programs write: learned entries
// and counters. It changes only after the maps have. There may be very many
// tunnels, and each is in it once: the rest are pointers.
type mirror struct {
	networks map[string]*network
	owners   map[forwarding.Endpoint]*tunnel // the tunnels of all networks
	slots    []*tunnel                       // the same by id
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

type addressRole struct {
	addr netip.Addr
	role kernelRole
}

func newMirror(s Sizes) *mirror {
	return &mirror{
		networks:   map[string]*network{},
		owners:     map[forwarding.Endpoint]*tunnel{},
		slots:      make([]*tunnel, s.Tunnels+1),
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
		fdb:        map[ethernet.MAC]forwarding.Endpoint{},
		neighbours: map[netip.Addr]kernelNeighbour{},
		routers:    map[ethernet.MAC]struct{}{},
	}
	m.networks[name] = n
	return n
}

func (m *mirror) networksByID() map[uint32]*network {
	out := make(map[uint32]*network, len(m.networks))
	for _, n := range m.networks {
		out[n.id] = n
	}
	return out
}

func (m *mirror) addTunnel(t *tunnel) {
	t.at = int32(len(t.network.tunnels))
	t.network.tunnels = append(t.network.tunnels, t)
	m.owners[t.endpoint] = t
	m.slots[t.id] = t
	m.shapes[t.shape()]++
	if p := m.ports[t.endpoint.Port()]; p != nil {
		p.vlans[t.endpoint] = t
	}
}

func (m *mirror) dropTunnel(t *tunnel) {
	all := t.network.tunnels
	last := all[len(all)-1]
	all[t.at], last.at = last, t.at
	all[len(all)-1] = nil
	t.network.tunnels = all[:len(all)-1]
	delete(m.owners, t.endpoint)
	if p := m.ports[t.endpoint.Port()]; p != nil {
		delete(p.vlans, t.endpoint)
	}
	m.slots[t.id] = nil
	if m.shapes[t.shape()]--; m.shapes[t.shape()] == 0 {
		delete(m.shapes, t.shape())
	}
}

// tunnelOf gives a network's tunnel, nil where it has no such.
func (m *mirror) tunnelOf(n *network, e forwarding.Endpoint) *tunnel {
	if t := m.owners[e]; t != nil && t.network == n {
		return t
	}
	return nil
}

// tunnelAt gives the tunnel that an id of the maps stands for, nil for none.
func (m *mirror) tunnelAt(id uint32) *tunnel {
	if id >= uint32(len(m.slots)) {
		return nil
	}
	return m.slots[id]
}
