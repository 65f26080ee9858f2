package neutron

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"

	"landbridge/internal/l2gw"
)

// content is what Neutron has of one network, as far as it counts. It is not
// changed once it is made, but for the ports of its map.
type content struct {
	network l2gw.Network
	ports   map[string]portDocument // by ID
	subnets []subnetDocument
}

// places gives the ports whose MACs are somewhere, sorted. A MAC of an allowed
// address pair counts where one port alone has it: one that moves between
// several is for the switch to learn.
func (c content) places() []l2gw.Port {
	var out []l2gw.Port
	taken := map[l2gw.MAC]int{}
	var pairs []l2gw.Port
	for _, id := range slices.Sorted(maps.Keys(c.ports)) {
		d := c.ports[id]
		p, ok := d.port()
		if !d.carries() || !ok {
			continue
		}
		out = append(out, p)
		taken[p.MAC]++
		for _, pair := range d.pairs() {
			taken[pair.MAC]++
			pairs = append(pairs, pair)
		}
	}
	for _, p := range pairs {
		if taken[p.MAC] == 1 {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b l2gw.Port) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// surroundings are what Neutron has beside networks, as far as it bears on them.
type surroundings struct {
	hosts map[string]netip.Addr // tunnel addresses of compute nodes
	// admits tells of security groups whether they let in anybody but members of
	// groups.
	admits map[string]bool
}

func (s surroundings) equal(o surroundings) bool {
	return maps.Equal(s.hosts, o.hosts) && maps.Equal(s.admits, o.admits)
}

// site is what the planner has to know of a network.
func (c content) site(s surroundings) l2gw.Site {
	site := l2gw.Site{Network: c.network, Ports: c.places(), Endpoints: map[string]netip.Addr{}, Notes: c.notes(s.admits)}
	site.Gateways = gatewaysOf(c.subnets)
	for _, p := range site.Ports {
		if addr, ok := s.hosts[p.Host]; ok {
			site.Endpoints[p.Host] = addr
		}
	}
	return site
}

// hostsOf gives the tunnel address of each host that has one. Our own agents are
// no compute nodes.
func hostsOf(agents []agentDocument) map[string]netip.Addr {
	out := map[string]netip.Addr{}
	for _, a := range agents {
		if addr, ok := a.endpoint(); ok && a.Binary != binary {
			out[a.Host] = addr
		}
	}
	return out
}
