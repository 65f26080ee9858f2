package forwarding

import (
	"net/netip"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
)

// Guard is what a switch does for its networks beside forwarding, where the
// database does not say otherwise for one of them.
type Guard struct {
	Suppress bool // requests for neighbours that are known are answered
	Limit    Limit
}

// Apply sets what the switch's settings, and those of one network, decide.
func (g Guard) Apply(n *Network, o hwvtep.Overrides) {
	n.Limit = Limit{Rate: o.FloodRate.Or(g.Limit.Rate), Burst: o.FloodBurst.Or(g.Limit.Burst)}
	if !g.Suppress {
		n.Neighbours = map[netip.Addr]ethernet.MAC{}
	}
}

// Cost is what a copy takes of a second that is full, in nanoseconds; 0 where
// there is no limit.
func (l Limit) Cost() uint32 {
	if l.Rate == 0 {
		return 0
	}
	return max(1_000_000_000/l.Rate, 1)
}

// filters sets what is kept from crossing tunnels.
func (d *derivation) filters() {
	for l, f := range d.ls.Filters {
		if e, ok := d.endpoints[l]; ok {
			t := d.out.Tunnels[e]
			t.Filter = f
			d.out.Tunnels[e] = t
		}
	}
	d.out.Gateways = d.ls.Gateways.Clone()
}

// neighbours takes the addresses of the static entries. One that several MACs
// have is nobody's: whoever asks has to hear from all of them. Nor is a gateway
// spoken for across a tunnel that keeps gateways apart.
func (d *derivation) neighbours() {
	d.out.Neighbours, d.out.Routers = map[netip.Addr]ethernet.MAC{}, hwvtep.Set[ethernet.MAC]{}
	shared := hwvtep.Set[netip.Addr]{}
	for u := range d.ls.Ucast.All() {
		e, placed := d.out.FDB[u.MAC]
		a := u.Addr.Unmap()
		if !placed || e != d.endpoints[u.Locator] || !isHost(a) {
			continue
		}
		if d.out.Gateways.Has(a) {
			d.out.Routers.Add(u.MAC)
			if d.out.Tunnels[e].Filter&hwvtep.FilterGateway != 0 {
				continue
			}
		}
		if first, taken := d.out.Neighbours[a]; taken && first != u.MAC {
			shared.Add(a)
		}
		d.out.Neighbours[a] = u.MAC
	}
	for a := range shared {
		delete(d.out.Neighbours, a)
	}
}

func isHost(a netip.Addr) bool {
	return a.IsValid() && !a.IsUnspecified() && !a.IsMulticast() && !a.IsLoopback() && a != broadcast
}
