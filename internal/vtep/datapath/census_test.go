package datapath

import (
	"maps"
	"slices"
	"testing"

	"landbridge/internal/vtep/forwarding"
)

// differs checks that Differing says what the models say.
func (d *Datapath) differs(t testing.TB, desired map[string]forwarding.Network) {
	t.Helper()
	got, want := d.Differing(desired), slices.Sorted(maps.Keys(forwarding.Changes(d.Networks(), desired)))
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Fatalf("%q differ, want %q", got, want)
	}
}

// census counts what the maps hold, told from the maps alone.
type census struct {
	Arrivals, Slots, Hops, Addresses, Networks, Static, Learned, Flooded int
	Neighbours, Routers                                                  int
}

func (d *Datapath) census(t testing.TB) census {
	t.Helper()
	d.sweep(t, 0) // until then what was learned of dead tunnels may stay
	var c census
	slots := map[uint32]kernelTunnel{}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(sweep(d.kernel.Arrivals, func(kernelEndpoint, uint32) error { c.Arrivals++; return nil }))
	check(sweep(d.kernel.Tunnels, func(id uint32, s kernelTunnel) error {
		if s != (kernelTunnel{}) {
			c.Slots++
			slots[id] = s
		}
		return nil
	}))
	check(sweep(d.kernel.Nexthops, func(_ uint32, h kernelNexthop) error {
		if h != (kernelNexthop{}) {
			c.Hops++
		}
		return nil
	}))
	check(sweep(d.kernel.Addresses, func(kernelAddress, kernelRole) error { c.Addresses++; return nil }))
	check(sweep(d.kernel.Neighbours, func(kernelNeighbourKey, kernelNeighbour) error { c.Neighbours++; return nil }))
	check(sweep(d.kernel.Routers, func(kernelFdbKey, kernelRouter) error { c.Routers++; return nil }))
	check(sweep(d.kernel.Networks, func(uint32, kernelNetworkName) error { c.Networks++; return nil }))
	check(sweep(d.kernel.Fdb, func(_ kernelFdbKey, e kernelFdbEntry) error {
		if e.Fixed == kernelFixedFIXED_STATIC {
			c.Static++
		} else {
			c.Learned++
		}
		return nil
	}))
	check(sweep(d.kernel.Floods, func(network uint32, f kernelFlood) error {
		for group, id := range f.Head {
			for ; id != 0; id = slots[id].FloodNext {
				if s := slots[id]; s.Network != network || int(s.Group) != group {
					t.Errorf("tunnel %d of network %d group %d is in the flood list of network %d group %d", id, s.Network, s.Group, network, group)
				}
				if c.Flooded++; c.Flooded > len(slots) {
					t.Fatal("the flood lists have a circle")
				}
			}
		}
		return nil
	}))
	return c
}

// censusOf tells what the maps have to hold for models, when next hops are set
// and nothing is learned.
func censusOf(models map[string]forwarding.Network) census {
	c := census{Networks: len(models)}
	pairs, addresses, ports := map[Pair]bool{}, map[string]bool{}, map[string]bool{}
	for _, n := range models {
		known := n.Gateways.Clone()
		for a := range n.Neighbours {
			known.Add(a)
		}
		c.Neighbours += len(known)
		c.Routers += len(n.Routers)
		c.Arrivals += len(n.Tunnels)
		c.Slots += len(n.Tunnels)
		c.Static += len(n.FDB)
		for e, t := range n.Tunnels {
			if e.IsPort() {
				ports[e.Port()] = true
			} else {
				pairs[Pair{Local: t.Local, Remote: e.Remote()}] = true
				addresses[t.Local.String()], addresses[e.Remote().String()] = true, true
			}
			if t.Flood {
				c.Flooded++
			}
		}
	}
	c.Hops, c.Addresses = len(pairs)+len(ports), len(addresses)
	return c
}
