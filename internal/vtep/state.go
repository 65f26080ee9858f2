package vtep

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/vtep/datapath"
	"landbridge/internal/vtep/forwarding"
	"landbridge/internal/vtep/underlay"
)

// State is the answer to /state: what the datapath really holds, and what
// keeps it from what the database asks.
type State struct {
	Switch   string        `json:"switch"`
	Database DatabaseState `json:"database"`
	Datapath string        `json:"datapath_problem,omitempty"` // why it is not whole
	// Interfaces of the underlay are sorted by name.
	Interfaces []InterfaceState `json:"interfaces"`
	Networks   []NetworkState   `json:"networks"`  // sorted by name
	NextHops   []NextHopState   `json:"next_hops"` // sorted by addresses
	Ports      []PortState      `json:"ports"`     // sorted by name
	Faults     []string         `json:"faults"`    // as in switch_fault_status
	// Drops counts dropped packets by reason, all reasons.
	Drops map[datapath.Reason]uint64 `json:"drops"`
}

// DatabaseState is the connection to the database.
type DatabaseState struct {
	Address   string  `json:"address"`
	Connected bool    `json:"connected"`
	Problem   string  `json:"problem,omitempty"`
	Read      bool    `json:"read"`             // all of it has been, since the start
	Wanted    *uint64 `json:"wanted,omitempty"` // the last change asked for that is carried out
}

// InterfaceState is where the packets of an interface are forwarded, and why there.
type InterfaceState struct {
	Name   string `json:"name"`
	Mode   string `json:"mode"` // "none", "tc", "xdp native" or "xdp generic"
	Reason string `json:"reason"`
}

// NetworkState is a network of the datapath.
type NetworkState struct {
	Name    string        `json:"name"`
	Problem string        `json:"problem,omitempty"` // why the datapath refuses what is asked
	Tunnels []TunnelState `json:"tunnels"`           // sorted by remote, VNI
	FDB     []FDBState    `json:"fdb"`               // sorted by MAC

	Neighbours []NeighbourState `json:"neighbours"`  // sorted by address
	FloodRate  uint32           `json:"flood_rate"`  // copies a second; 0: any number
	FloodBurst uint32           `json:"flood_burst"` // copies

	Counters CountersState `json:"counters"`
}

// CountersState counts for a network, since it was made, what its tunnels do not.
type CountersState struct {
	Flooded    uint64                     `json:"flooded_frames"`
	Copies     uint64                     `json:"flood_copies"`
	Moves      uint64                     `json:"moves"`
	Mismatches uint64                     `json:"mismatches"`          // frames from static or frozen MACs by another tunnel
	NotLearned uint64                     `json:"not_learned"`         // for want of room, in the network's share or at all
	MACLimit   uint32                     `json:"mac_limit"`           // of learned MACs; 0: none
	Answered   uint64                     `json:"neighbours_answered"` // requests
	Held       uint64                     `json:"floods_limited"`      // frames not flooded
	Drops      map[datapath.Reason]uint64 `json:"drops"`               // where the network is known
}

// TunnelState is a tunnel, or a VLAN of a port, with its counters.
type TunnelState struct {
	Port          string               `json:"port,omitempty"`          // "" where it is a tunnel
	Encapsulation hwvtep.Encapsulation `json:"encapsulation,omitempty"` // "" on a port, as the addresses
	Remote        netip.Addr           `json:"remote,omitzero"`
	VNI           uint32               `json:"vni"`  // on a port the VLAN, 0 for untagged frames
	Side          string               `json:"side"` // "fabric", "wan" or "ports"
	Local         netip.Addr           `json:"local,omitzero"`
	Flood         bool                 `json:"flood"`
	Filter        []string             `json:"filter,omitempty"` // what does not cross it

	RxPackets uint64 `json:"rx_packets"`
	RxBytes   uint64 `json:"rx_bytes"`
	TxPackets uint64 `json:"tx_packets"`
	TxBytes   uint64 `json:"tx_bytes"`
}

// FDBState is an address and the tunnel, or the VLAN of a port, it is behind.
type FDBState struct {
	MAC    ethernet.MAC `json:"mac"`
	Port   string       `json:"port,omitempty"`
	Remote netip.Addr   `json:"remote,omitzero"`
	VNI    uint32       `json:"vni"`
	Static bool         `json:"static"`
	Frozen bool         `json:"frozen"`      // it moved too often, and stays
	Age    int          `json:"age_seconds"` // since it was heard of; 0 where static
}

// PortState is a physical port.
type PortState struct {
	Name      string   `json:"name"`
	Interface string   `json:"interface"`
	Faults    []string `json:"faults"` // as in port_fault_status
}

// NeighbourState is an address that is answered for, or of the cloud's own
// router, which is not answered for across a tunnel that keeps them apart.
type NeighbourState struct {
	Address netip.Addr    `json:"address"`
	MAC     *ethernet.MAC `json:"mac,omitempty"`
	Gateway bool          `json:"gateway,omitempty"`
}

// NextHopState is the way between two tunnel addresses.
type NextHopState struct {
	Local     netip.Addr   `json:"local"`
	Remote    netip.Addr   `json:"remote"`
	Interface string       `json:"interface,omitempty"`
	Gateway   string       `json:"gateway,omitempty"`
	Src       ethernet.MAC `json:"src"`
	Dst       ethernet.MAC `json:"dst"`
	MTU       int          `json:"mtu"`
	Resolved  bool         `json:"resolved"`
	Pending   bool         `json:"pending"`
	Problem   string       `json:"problem,omitempty"`
}

// Filter says what of a state is wanted; zero is all.
type Filter struct {
	Network string       // its name
	MAC     ethernet.MAC // of the FDB
}

func (f Filter) wants(e datapath.Entry) bool { return f.MAC.IsZero() || f.MAC == e.MAC }

// state gathers what there is now.
func (l *loop) state(f Filter) (State, error) {
	s, err := l.overview(f)
	if err != nil {
		return s, err
	}
	byName := make(map[string]*NetworkState, len(s.Networks))
	for i := range s.Networks {
		byName[s.Networks[i].Name] = &s.Networks[i]
	}
	err = l.dp.VisitFDB(func(network string, e datapath.Entry) {
		if n := byName[network]; n != nil && f.wants(e) {
			n.FDB = append(n.FDB, FDBState{e.MAC, e.Endpoint.Port(), e.Endpoint.Remote(), e.Endpoint.VNI, e.Static, e.Frozen, int(e.Age.Seconds())})
		}
	})
	for _, n := range s.Networks {
		slices.SortFunc(n.FDB, func(a, b FDBState) int { return a.MAC.Compare(b.MAC) })
	}
	return s, err
}

// overview is the state without the FDB.
func (l *loop) overview(f Filter) (State, error) {
	s, refused := l.own()
	counters, err := l.dp.Counters()
	if err != nil {
		return s, err
	}
	networks := l.dp.Networks()
	for _, name := range slices.Sorted(maps.Keys(networks)) {
		if f.Network != "" && f.Network != name {
			continue
		}
		s.Networks = append(s.Networks, networkState(networks[name], counters, refused[name]))
	}
	s.Drops = counters.Drops
	return s, nil
}

// own gives what the loop itself knows.
func (l *loop) own() (s State, refused map[string]error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	hops := l.hops.States()
	s = State{
		Switch: l.cfg.Switch, Database: l.databaseState(), Datapath: text(l.broken),
		Interfaces: []InterfaceState{}, Networks: []NetworkState{}, NextHops: []NextHopState{}, Ports: []PortState{},
		Faults: append([]string{}, l.told(hops)...),
	}
	faults := l.portFaults(hops)
	for _, p := range l.ports.states {
		s.Ports = append(s.Ports, PortState{p.Name, p.Interface, faults[p.Name]})
	}
	for _, m := range l.dp.Modes() {
		s.Interfaces = append(s.Interfaces, InterfaceState{m.Interface, m.Mode, m.Reason})
	}
	for p, h := range hops {
		s.NextHops = append(s.NextHops, nextHopState(p, h))
	}
	slices.SortFunc(s.NextHops, func(a, b NextHopState) int {
		return cmp.Or(a.Local.Compare(b.Local), a.Remote.Compare(b.Remote))
	})
	return s, maps.Clone(l.refused)
}

func (l *loop) databaseState() DatabaseState {
	err := l.db.Err()
	d := DatabaseState{Address: l.cfg.Database, Connected: err == nil, Problem: text(err), Read: l.synced}
	if l.asked {
		n := l.wanted
		d.Wanted = &n
	}
	return d
}

func networkState(n forwarding.Network, c datapath.Counters, refused error) NetworkState {
	out := NetworkState{
		Name: n.Name, Problem: text(refused), Tunnels: []TunnelState{}, FDB: []FDBState{},
		Neighbours: neighbourStates(n), FloodRate: n.Limit.Rate, FloodBurst: n.Limit.Burst,
		Counters: countersState(c.Networks[n.Name]),
	}
	for _, e := range slices.SortedFunc(maps.Keys(n.Tunnels), forwarding.Endpoint.Compare) {
		t, traffic := n.Tunnels[e], c.Tunnels[datapath.TunnelKey{Network: n.Name, Endpoint: e}]
		out.Tunnels = append(out.Tunnels, TunnelState{
			Port: e.Port(), Encapsulation: e.Encapsulation(), Remote: e.Remote(), VNI: e.VNI, Side: t.Group.String(), Local: t.Local, Flood: t.Flood, Filter: t.Filter.Words(),
			RxPackets: traffic.RxPackets, RxBytes: traffic.RxBytes,
			TxPackets: traffic.TxPackets, TxBytes: traffic.TxBytes,
		})
	}
	return out
}

func countersState(c datapath.NetworkCounters) CountersState {
	return CountersState{
		Flooded: c.Flooded, Copies: c.Copies, Moves: c.Moves, Mismatches: c.Mismatches,
		NotLearned: c.Limited + c.Full, MACLimit: c.Limit, Answered: c.Answered, Held: c.Held, Drops: c.Drops,
	}
}

func neighbourStates(n forwarding.Network) []NeighbourState {
	out := []NeighbourState{}
	for a, mac := range n.Neighbours {
		out = append(out, NeighbourState{Address: a, MAC: &mac, Gateway: n.Gateways.Has(a)})
	}
	for a := range n.Gateways {
		if _, known := n.Neighbours[a]; !known {
			out = append(out, NeighbourState{Address: a, Gateway: true})
		}
	}
	slices.SortFunc(out, func(a, b NeighbourState) int { return a.Address.Compare(b.Address) })
	return out
}

func nextHopState(p underlay.Pair, s underlay.State) NextHopState {
	h := NextHopState{
		Local: p.Local, Remote: p.Remote, Interface: s.Interface,
		Src: s.NextHop.Src, Dst: s.NextHop.Dst, MTU: s.NextHop.MTU,
		Resolved: s.NextHop.Resolved, Pending: s.Pending, Problem: s.Problem,
	}
	if s.Gateway.IsValid() {
		h.Gateway = s.Gateway.String()
	}
	return h
}
