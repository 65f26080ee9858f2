package planner

import (
	"net/netip"
	"slices"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
)

// services gives the switches that compute nodes must have tunnels to, with
// what is known to live behind each of them.
func (b *builder) services() []l2gw.Service {
	hosts, learned, unheard := map[netip.Addr][]l2gw.Host{}, b.learned(), b.unheard()
	for _, p := range b.plans {
		addr := p.sw.FabricIP().Unmap()
		if unusable(addr) != "" {
			continue
		}
		hosts[addr] = slices.Concat(hosts[addr], beyond(p.ls.Ucast), learned[p.name])
	}
	var out []l2gw.Service
	for addr, all := range hosts {
		slices.SortFunc(all, l2gw.Host.Compare)
		out = append(out, l2gw.Service{NetworkID: b.in.NetworkID, Addr: addr, Hosts: slices.Compact(all), Partial: unheard.Has(addr)})
	}
	slices.SortFunc(out, func(x, y l2gw.Service) int { return x.Addr.Compare(y.Addr) })
	return out
}

// beyond gives the hosts behind remote gateways.
func beyond(rows hwvtep.UcastSet) []l2gw.Host {
	var hosts []l2gw.Host
	for u := range rows.All() {
		if u.Locator.WAN() {
			hosts = append(hosts, l2gw.Host{MAC: u.MAC, Addr: u.Addr})
		}
	}
	return hosts
}
