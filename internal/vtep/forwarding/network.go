package forwarding

import (
	"maps"
	"net/netip"
	"slices"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
)

// Equal tells whether both forward the same.
func (n Network) Equal(o Network) bool {
	return n.Name == o.Name && n.MACLimit == o.MACLimit && n.Limit == o.Limit && maps.Equal(n.Tunnels, o.Tunnels) && maps.Equal(n.FDB, o.FDB) &&
		maps.Equal(n.Neighbours, o.Neighbours) && n.Gateways.Equal(o.Gateways) && n.Routers.Equal(o.Routers)
}

// without gives the network without some tunnels and the static entries that
// lead to them: a copy, unless nothing is lost.
func (n Network) without(lost map[Endpoint]string) Network {
	if len(lost) == 0 {
		return n
	}
	c := n
	c.Tunnels = make(map[Endpoint]Tunnel, len(n.Tunnels))
	c.FDB = make(map[ethernet.MAC]Endpoint, len(n.FDB))
	c.Neighbours = make(map[netip.Addr]ethernet.MAC, len(n.Neighbours))
	for e, t := range n.Tunnels {
		if _, gone := lost[e]; !gone {
			c.Tunnels[e] = t
		}
	}
	for mac, e := range n.FDB {
		if _, gone := lost[e]; !gone {
			c.FDB[mac] = e
		}
	}
	for a, mac := range n.Neighbours {
		if _, ok := c.FDB[mac]; ok {
			c.Neighbours[a] = mac
		}
	}
	return c
}

// HasWAN tells whether the network has a WAN side.
func (n Network) HasWAN() bool {
	for _, t := range n.Tunnels {
		if t.Group == WAN {
			return true
		}
	}
	return false
}

// WithoutWAN gives the network without its WAN side: a copy.
func (n Network) WithoutWAN() Network {
	lost := map[Endpoint]string{}
	for e, t := range n.Tunnels {
		if t.Group == WAN {
			lost[e] = ""
		}
	}
	return n.without(lost)
}

// WANLocators gives the locators of the WAN side.
func (n Network) WANLocators() hwvtep.Set[hwvtep.Locator] {
	out := hwvtep.Set[hwvtep.Locator]{}
	for e, t := range n.Tunnels {
		if t.Group == WAN {
			out.Add(t.Locator(e))
		}
	}
	return out
}

// Changes gives what turns one set of networks into another: the new content of
// those that differ, nil for those that have to go.
func Changes(actual, desired map[string]Network) map[string]*Network {
	out := map[string]*Network{}
	for name, want := range desired {
		if have, ok := actual[name]; !ok || !have.Equal(want) {
			out[name] = &want
		}
	}
	for name := range actual {
		if _, ok := desired[name]; !ok {
			out[name] = nil
		}
	}
	return out
}

// sortedEndpoints gives the endpoints of a map in a fixed order.
func sortedEndpoints[V any](m map[Endpoint]V) []Endpoint {
	return slices.SortedFunc(maps.Keys(m), Endpoint.Compare)
}
