package planner

import (
	"maps"
	"net/netip"
	"slices"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
)

// joinDevices gives the devices that have the network tunnels to each other, where
// one of them has ports of it: of the fabric, as those to compute nodes, so that
// what comes by one goes to ports and to the WAN, and to no other tunnel of the
// cloud. Compute nodes flood to each device themselves.
//
// Two devices that both may carry the WAN side have none: what one remote
// gateway sends would go on to the other, or back.
func (b *builder) joinDevices() {
	names := slices.Sorted(maps.Keys(b.plans))
	for i, name := range names {
		for _, other := range names[i+1:] {
			b.joinPair(b.plans[name], b.plans[other])
		}
	}
}

func (b *builder) joinPair(p, q *switchPlan) {
	if len(p.ls.Bindings)+len(q.ls.Bindings) == 0 || !p.known || !q.known {
		return
	}
	why := ""
	switch {
	case p.sw.Database == q.sw.Database && p.sw.Database != "":
		why = "they share a database, whose logical switch has one set of tunnels"
	case p.mayCarry() && q.mayCarry():
		why = "both lead, or may lead, the network over the WAN, and frames would come back by the other"
		b.out.Moving = b.out.Moving || len(p.remotes) == 0 || len(q.remotes) == 0
	default:
		toQ, reasonQ := b.siblingLocator(p, q)
		toP, reasonP := b.siblingLocator(q, p)
		if why = reasonQ + reasonP; why == "" {
			p.join(q, toQ)
			q.join(p, toP)
			return
		}
	}
	problem := note("What is at the ports of switch %q does not reach what is at switch %q: %s.", p.name, q.name, sentence(why))
	b.addAll(p.connections, problem)
	b.addAll(q.connections, problem)
}

// siblingLocator gives the locator of another device, or what forbids it.
func (b *builder) siblingLocator(p, q *switchPlan) (l hwvtep.Locator, why string) {
	addr := q.sw.FabricIP().Unmap()
	if why := unusable(addr); why != "" {
		return l, "switch " + q.name + " shows " + why
	}
	encap, why := encapsulation(b.fabric(), addr, p)
	if why == "" && p.own(addr) {
		why = "both have the address " + addr.String()
	}
	return hwvtep.Locator{Encapsulation: encap, Addr: addr}, why
}

func (p *switchPlan) join(q *switchPlan, l hwvtep.Locator) {
	p.siblings[q.name] = l
	p.ls.AddMcast(hwvtep.UnknownDst, l)
}

// mayCarry tells whether a device carries the WAN side of the network, or may
// still.
func (p *switchPlan) mayCarry() bool { return len(p.remotes) > 0 || len(p.sw.WAN) > 0 }

// placeLearned puts the hosts that other devices have learned on their ports
// behind these, as far as nobody else is known to have the address: not the cloud,
// not an administrator, and not a port here.
func (b *builder) placeLearned(p *switchPlan, placed map[l2gw.MAC]*claimant) {
	for _, name := range slices.Sorted(maps.Keys(p.siblings)) {
		for _, h := range b.plans[name].sw.Local {
			if _, taken := placed[h.MAC]; taken || p.hasLearned(h.MAC) || h.MAC.IsZero() || h.MAC.IsMulticast() {
				continue
			}
			placed[h.MAC] = &claimant{}
			p.ls.Ucast.Add(hwvtep.Ucast{MAC: h.MAC, Addr: hostAddr(h.Addr), Locator: p.siblings[name]})
		}
	}
}

func (p *switchPlan) hasLearned(mac l2gw.MAC) bool {
	_, found := slices.BinarySearchFunc(p.sw.Local, mac, func(h l2gw.Host, mac l2gw.MAC) int { return h.MAC.Compare(mac) })
	return found
}

// learned gives the hosts at the ports of each switch that compute nodes are told
// of, by switch name. Of two switches that have learned one, the first has it;
// what the cloud or an administrator knows is theirs to tell.
func (b *builder) learned() map[string][]l2gw.Host {
	taken := hwvtep.Set[l2gw.MAC]{}
	names := slices.Sorted(maps.Keys(b.plans))
	if !slices.ContainsFunc(names, func(name string) bool { return len(b.plans[name].sw.Local) > 0 }) {
		return nil
	}
	for _, port := range b.in.Site.Ports {
		taken.Add(port.MAC)
	}
	for _, p := range b.plans {
		for id := range p.remotes {
			for _, h := range b.in.Asked.RemoteHosts[id] {
				taken.Add(h.MAC)
			}
		}
	}
	out := map[string][]l2gw.Host{}
	for _, name := range names {
		p := b.plans[name]
		if len(p.ls.Bindings) == 0 {
			continue // its ports have the network no more
		}
		for _, h := range p.sw.Local {
			if !taken.Has(h.MAC) && !h.MAC.IsZero() && !h.MAC.IsMulticast() {
				taken.Add(h.MAC)
				out[name] = append(out[name], l2gw.Host{MAC: h.MAC, Addr: hostAddr(h.Addr)})
			}
		}
	}
	return out
}

// unheard gives the addresses of switches with ports of the network that have
// told nothing yet of what is at them.
func (b *builder) unheard() hwvtep.Set[netip.Addr] {
	out := hwvtep.Set[netip.Addr]{}
	for _, p := range b.plans {
		if p.sw.Silent && len(p.ls.Bindings) > 0 {
			out.Add(p.sw.FabricIP().Unmap())
		}
	}
	return out
}
