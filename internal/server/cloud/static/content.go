package static

import (
	"fmt"
	"maps"
	"net/netip"
	"os"
	"slices"

	"landbridge/internal/l2gw"
)

// content is a checked file. It is not changed once it is made.
type content struct {
	networks map[string]network
	hosts    map[string]netip.Addr
	ports    map[string][]l2gw.Port  // by network, in the order of the file
	gateways map[string][]netip.Addr // by network, sorted
}

// network is a network of the file; comparable.
type network struct {
	id, project, name string
	mtu               int
	segment           l2gw.Segment
}

func (n network) network() l2gw.Network {
	return l2gw.Network{ID: n.id, ProjectID: n.project, Name: n.name, MTU: n.mtu, Segments: []l2gw.Segment{n.segment}}
}

// load reads the file.
func load(file string) ([]byte, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the description of the cloud: %w", err)
	}
	return raw, nil
}

// changes gives the networks of which two contents say different things,
// sorted.
func changes(a, b *content) []string {
	var out []string
	for _, id := range slices.Sorted(maps.Keys(a.networks)) {
		if n, ok := b.networks[id]; !ok || n != a.networks[id] || !samePorts(a, b, id) || !slices.Equal(a.gateways[id], b.gateways[id]) {
			out = append(out, id)
		}
	}
	for id := range b.networks {
		if _, ok := a.networks[id]; !ok {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// samePorts tells whether the ports of a network, and the endpoints of their
// hosts, are the same.
func samePorts(a, b *content, id string) bool {
	return slices.EqualFunc(a.ports[id], b.ports[id], func(p, q l2gw.Port) bool {
		return p.ID == q.ID && p.MAC == q.MAC && p.Host == q.Host && slices.Equal(p.Addrs, q.Addrs) &&
			a.hosts[p.Host] == b.hosts[q.Host]
	})
}
