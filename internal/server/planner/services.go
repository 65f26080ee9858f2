package planner

import (
	"cmp"
	"net/netip"
	"slices"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
)

// services gives the switches that compute nodes must have tunnels to, with
// what is known to live behind each of them.
func (b *builder) services() []l2gw.Service {
	hosts := map[netip.Addr]hwvtep.Set[l2gw.Host]{}
	for _, p := range b.plans {
		addr := p.sw.FabricIP().Unmap()
		if unusable(addr) != "" || !addr.Is4() {
			continue
		}
		if hosts[addr] == nil {
			hosts[addr] = hwvtep.Set[l2gw.Host]{}
		}
		for u := range p.ls.Ucast {
			if _, wan := u.Locator.Key.Get(); wan {
				hosts[addr].Add(l2gw.Host{MAC: u.MAC, Addr: u.Addr})
			}
		}
	}
	var out []l2gw.Service
	for addr, set := range hosts {
		out = append(out, l2gw.Service{NetworkID: b.in.NetworkID, Addr: addr, Hosts: set.Sorted(compareHosts)})
	}
	slices.SortFunc(out, func(x, y l2gw.Service) int { return x.Addr.Compare(y.Addr) })
	return out
}

func compareHosts(x, y l2gw.Host) int {
	return cmp.Or(slices.Compare(x.MAC[:], y.MAC[:]), x.Addr.Compare(y.Addr))
}
