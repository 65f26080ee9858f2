package neutron

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
)

// place is where a gateway serves a network.
type place struct {
	gateway netip.Addr
	network string
}

func (p place) compare(o place) int {
	return cmp.Or(p.gateway.Compare(o.gateway), cmp.Compare(p.network, o.network))
}

// binary is what the agents of gateways are called in Neutron's list.
const binary = "landbridge"

// naming is how a deployment calls what it makes in Neutron.
type naming string

// host is the name of a gateway's host: "landbridge-10.0.0.1".
func (n naming) host(gateway netip.Addr) string { return string(n) + "-" + gateway.String() }

// gateway is the address in the name of a gateway's host, false where that is
// not one of ours.
func (n naming) gateway(host string) (netip.Addr, bool) {
	text, ours := strings.CutPrefix(host, string(n)+"-")
	addr, err := netip.ParseAddr(text)
	return addr, ours && err == nil
}

// port is the body of a port of a gateway. It belongs to the network's project,
// whose quota it counts in, and whose users see it.
func (n naming) port(p place, project string) map[string]any {
	return map[string]any{
		"network_id": p.network, "project_id": project, "name": n.host(p.gateway), "admin_state_up": true,
		"binding:host_id": n.host(p.gateway), "device_owner": gatewayOwner, "device_id": string(n),
		"fixed_ips": []any{},
	}
}

// difference is what has to be done about the ports of gateways.
type difference struct {
	missing []place
	extra   []string            // ids of ports
	confirm map[string][]string // ids of ports that wait for their host to say that they are up, by host
	done    map[place]bool
}

// compare compares the ports that there are with those that are wanted. Of
// several for one place the oldest stays: two servers that make one at the same
// time agree on it. One that Neutron could not bind is made anew.
func (n naming) compare(wanted map[place]bool, ports []portDocument) difference {
	d := difference{confirm: map[string][]string{}, done: map[place]bool{}}
	ports = slices.Clone(ports)
	slices.SortFunc(ports, func(a, b portDocument) int {
		return cmp.Or(cmp.Compare(a.CreatedAt, b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	have := map[place]bool{}
	for _, p := range ports {
		gateway, ours := n.gateway(p.Host)
		at := place{gateway, p.NetworkID}
		if !ours || !wanted[at] || have[at] || !p.bound() {
			d.extra = append(d.extra, p.ID)
			continue
		}
		have[at] = true
		if p.Status == active {
			d.done[at] = true
		} else {
			d.confirm[p.Host] = append(d.confirm[p.Host], p.ID)
		}
	}
	for at := range wanted {
		if !have[at] {
			d.missing = append(d.missing, at)
		}
	}
	slices.SortFunc(d.missing, place.compare)
	return d
}
