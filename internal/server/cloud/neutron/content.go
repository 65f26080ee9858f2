package neutron

import (
	"cmp"
	"maps"
	"net/netip"
	"reflect"
	"slices"

	"landbridge/internal/l2gw"
)

// content is what Neutron has of one network, as far as it counts. It is not
// changed once it is made, but for the ports of its map.
type content struct {
	network l2gw.Network
	ports   map[string]portDocument // by ID
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

// endpoints gives the tunnel addresses of the hosts of ports.
func endpoints(ports []l2gw.Port, hosts map[string]netip.Addr) map[string]netip.Addr {
	out := map[string]netip.Addr{}
	for _, p := range ports {
		if addr, ok := hosts[p.Host]; ok {
			out[p.Host] = addr
		}
	}
	return out
}

// same tells whether two contents come to the same, with the hosts of each.
func same(a, b content, hostsA, hostsB map[string]netip.Addr) bool {
	portsA, portsB := a.places(), b.places()
	return reflect.DeepEqual(a.network, b.network) && reflect.DeepEqual(portsA, portsB) &&
		maps.Equal(endpoints(portsA, hostsA), endpoints(portsB, hostsB))
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

// starts gives when the agents of compute nodes began, by host: one that begins
// anew has forgotten what only we have told it.
func starts(agents []agentDocument) map[string]string {
	out := map[string]string{}
	for _, a := range agents {
		if _, ok := a.endpoint(); ok && a.Binary != binary {
			out[a.Host] = a.StartedAt
		}
	}
	return out
}
