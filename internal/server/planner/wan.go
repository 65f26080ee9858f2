package planner

import (
	"cmp"
	"net/netip"
	"slices"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
)

// stretch puts a remote connection on the one device of its gateway that
// carries the WAN side of the network.
func (b *builder) stretch(rc l2gw.RemoteConnection) {
	gw, ok := b.in.Asked.Gateways[rc.GatewayID]
	if !ok || len(gw.Devices) == 0 {
		b.add(rc.ID, fatal("Gateway %s does not exist or has no devices. Delete the remote connection.", rc.GatewayID))
		return
	}
	if !slices.ContainsFunc(b.connections, func(c l2gw.Connection) bool { return c.GatewayID == rc.GatewayID }) {
		b.add(rc.ID, fatal("Network %s is not connected to gateway %s. Make an l2-gateway-connection.", b.in.NetworkID, rc.GatewayID))
		return
	}
	p := b.plan(b.carrier(gw))
	part := Part{WAN: true, Switches: []string{p.name}}
	l, problem, bad := b.remoteLocator(rc, p)
	if bad {
		b.add(rc.ID, problem)
	} else {
		part.Locator = l
		b.tunnels = append(b.tunnels, tunnel{rc, gw, p, l})
	}
	b.out.Parts[rc.ID] = part
}

// accept makes the tunnel part of the logical switch. A locator that another
// remote connection floods to stays flooded.
func (p *switchPlan) accept(l hwvtep.Locator, flood bool) {
	switch {
	case flood:
		p.ls.AddMcast(hwvtep.UnknownDst, l)
		delete(p.ls.Mcast[hwvtep.AcceptOnly], l)
		if len(p.ls.Mcast[hwvtep.AcceptOnly]) == 0 {
			delete(p.ls.Mcast, hwvtep.AcceptOnly)
		}
	case !p.ls.Mcast[hwvtep.UnknownDst].Has(l):
		p.ls.AddMcast(hwvtep.AcceptOnly, l)
	}
}

// keepFrom keeps traffic from crossing a tunnel, beside what another remote
// connection keeps from it.
func (p *switchPlan) keepFrom(l hwvtep.Locator, words l2gw.WANFilter) {
	filter, _ := hwvtep.FilterOf(words.Words()...) // checked by remoteLocator
	p.ls.SetFilter(l, p.ls.Filters[l]|filter)
}

// checkFilter tells why what a remote connection filters cannot be kept from
// crossing. Without its filter there must not be a tunnel.
func checkFilter(rc l2gw.RemoteConnection, p *switchPlan) (Problem, bool) {
	if _, err := hwvtep.FilterOf(rc.Filter.Words()...); err != nil {
		return fatal("This version cannot do what the remote connection asks: %v. Make the remote connection anew.", err), true
	}
	if rc.Filter != "" && p.known && !p.sw.Schema.LogicalConfig {
		return fatal("The database of switch %q has schema version %s without Logical_Switch.other_config, which filters (%s) need. Convert it to hardware_vtep schema version 1.7.0 or later (ovsdb-client convert), or use another switch.",
			p.name, orUnknown(p.sw.Schema.Version), rc.Filter), true
	}
	return Problem{}, false
}

// remoteLocator gives the locator of a remote connection, or what forbids it.
func (b *builder) remoteLocator(rc l2gw.RemoteConnection, p *switchPlan) (hwvtep.Locator, Problem, bool) {
	remote, ok := b.in.Asked.RemoteGateways[rc.RemoteGatewayID]
	if !ok {
		return hwvtep.Locator{}, fatal("Remote gateway %s does not exist. Delete the remote connection.", rc.RemoteGatewayID), true
	}
	addr := remote.Addr.Unmap()
	if why := unusable(addr); why != "" {
		return hwvtep.Locator{}, fatal("Remote gateway %s has %s. Correct its ipaddr.", remote.ID, why), true
	}
	encap, reason := encapsulation(rc.Encapsulation, addr, p)
	if reason != "" {
		return hwvtep.Locator{}, fatal("%s The remote gateway's address is %s.", reason, addr), true
	}
	if problem, bad := checkFilter(rc, p); bad {
		return hwvtep.Locator{}, problem, true
	}
	l := hwvtep.Locator{Encapsulation: encap, Addr: addr, Key: hwvtep.NewKey(rc.TunnelKey)}
	problem, bad := b.checkKey(rc, l, p)
	return l, problem, bad
}

func (b *builder) checkKey(rc l2gw.RemoteConnection, l hwvtep.Locator, p *switchPlan) (Problem, bool) {
	addr := l.Addr
	switch {
	case rc.TunnelKey == 0 || rc.TunnelKey > hwvtep.MaxKey:
		return fatal("The segmentation_id %d of the WAN link is outside 1-%d. Make the remote connection anew.", rc.TunnelKey, hwvtep.MaxKey), true
	case p.known && !p.sw.Schema.LocatorKeys:
		return fatal("The database of switch %q has schema version %s without Physical_Locator.tunnel_key, which a border gateway needs. Convert it to hardware_vtep schema version 1.7.0 or later (ovsdb-client convert), or use another switch.",
			p.name, orUnknown(p.sw.Schema.Version)), true
	case p.own(addr):
		return fatal("The remote gateway's address %s is switch %q's own tunnel address. Correct the ipaddr of remote gateway %s.", addr, p.name, rc.RemoteGatewayID), true
	case rc.TunnelKey == b.segment.ID && p.reaches(l):
		return fatal("The remote gateway's address %s is a compute node's, and the WAN link has the network's own segmentation id %d: frames of the two could not be told apart. Use another segmentation_id on the WAN link.", addr, rc.TunnelKey), true
	}
	return Problem{}, false
}

// noteDoubles warns where two switches lead to one remote gateway: what it
// floods arrives by both.
func (b *builder) noteDoubles() {
	at := map[netip.Addr]hwvtep.Set[string]{}
	each := func(do func(id string, p *switchPlan, l hwvtep.Locator)) {
		for _, p := range b.plans {
			for id, l := range p.remotes {
				do(id, p, l)
			}
		}
	}
	each(func(_ string, p *switchPlan, l hwvtep.Locator) {
		if at[l.Addr] == nil {
			at[l.Addr] = hwvtep.Set[string]{}
		}
		at[l.Addr].Add(p.name)
	})
	each(func(id string, _ *switchPlan, l hwvtep.Locator) {
		if names := at[l.Addr].Sorted(cmp.Compare[string]); len(names) > 1 {
			b.add(id, note("Switches %s all lead this network to remote gateway address %s: broadcasts may arrive twice. Use one gateway for it.", some(names), l.Addr))
		}
	})
}

// reaches tells whether the switch has a tunnel of that kind to a compute node
// with that address.
func (p *switchPlan) reaches(l hwvtep.Locator) bool {
	l.Key = hwvtep.Key{}
	for _, node := range p.fabric {
		if node == l {
			return true
		}
	}
	return false
}

func orUnknown(version string) string {
	if version == "" {
		return "(unknown)"
	}
	return version
}
