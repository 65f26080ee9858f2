package planner

import (
	"cmp"
	"hash/fnv"
	"slices"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
)

// carrier chooses the device that carries the WAN side of the network: of those
// that can, the one of the greatest weight (rendezvous hashing), so that
// networks spread over the devices, and a device that comes or goes moves only
// the networks that it gains or had.
func (b *builder) carrier(gw l2gw.Gateway) string {
	return slices.MaxFunc(deviceNames(gw), func(x, y string) int {
		return cmp.Or(cmp.Compare(b.rank(x, gw.ID), b.rank(y, gw.ID)), b.compareWeight(x, y))
	})
}

func (b *builder) compareWeight(x, y string) int {
	return cmp.Compare(weight(b.in.NetworkID, x), weight(b.in.NetworkID, y))
}

// rank says how well a switch can carry the WAN side. One whose tunnels fail, or
// that can carry some of what is asked, goes before one that nobody can reach:
// what it holds can be changed. One that was lost may still forward, one that
// nobody has ever reported does not.
func (b *builder) rank(name, gatewayID string) int {
	sw, known := b.in.Switches[name]
	switch {
	case !known:
		return 1
	case !sw.Schema.LocatorKeys || !sw.FabricIP().IsValid():
		return 0
	case sw.Lost != "":
		return 2
	}
	rank := 3
	if sw.Ill == "" {
		rank++
	}
	if !b.lacking(sw, gatewayID) {
		rank += 2
	}
	return rank
}

// lacking tells whether a switch's schema lacks something that a remote
// connection of the gateway needs.
func (b *builder) lacking(sw Switch, gatewayID string) bool {
	return slices.ContainsFunc(b.remotes, func(rc l2gw.RemoteConnection) bool {
		to := b.in.Asked.RemoteGateways[rc.RemoteGatewayID].Addr.Unmap()
		return rc.GatewayID == gatewayID &&
			(!sw.Schema.Offers(schemaValue(rc.Encapsulation, to)) || rc.Filter != "" && !sw.Schema.LogicalConfig)
	})
}

// weight spreads (network, device) over 64 bits.
func weight(network, device string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(network)) // a hash never fails
	_, _ = h.Write([]byte{0})
	_, _ = h.Write([]byte(device))
	// FNV alone is weak in its high bits for names that differ at the end; this
	// is the finaliser of MurmurHash3.
	x := h.Sum64()
	x = (x ^ x>>33) * 0xff51afd7ed558ccd
	x = (x ^ x>>33) * 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// tunnel is that of one remote connection, at the device that is to carry it.
type tunnel struct {
	rc      l2gw.RemoteConnection
	gateway l2gw.Gateway
	at      *switchPlan
	locator hwvtep.Locator
}

// handOver puts the tunnels on their devices. One that another device of the
// gateway still has waits until that one has given it up: with both, whatever is
// flooded would cross the WAN twice. A device that cannot be reached is not
// waited for.
func (b *builder) handOver() {
	for _, t := range b.tunnels {
		b.tell(t)
		if from := b.holder(t); from != "" {
			b.out.Moving = true
			b.add(t.rc.ID, pending("The WAN side of the network moves from switch %q to %q, which gets it when the former has given it up.", from, t.at.name))
			continue
		}
		t.at.remotes[t.rc.ID] = t.locator
		t.at.accept(t.locator, t.rc.Flood)
		t.at.keepFrom(t.locator, t.rc.Filter)
	}
}

// holder gives the device that has a tunnel it is to have no more, "" where its
// new one has it already.
func (b *builder) holder(t tunnel) string {
	if t.at.sw.WAN.Has(t.locator) {
		return ""
	}
	for _, name := range deviceNames(t.gateway) {
		sw := b.in.Switches[name]
		if name != t.at.name && sw.Lost == "" && sw.WAN.Has(t.locator) && !b.wants(name, t.locator) {
			return name
		}
	}
	return ""
}

// wants tells whether a device is to have a locator, for another gateway's sake.
func (b *builder) wants(name string, l hwvtep.Locator) bool {
	return slices.ContainsFunc(b.tunnels, func(t tunnel) bool { return t.at.name == name && t.locator == l })
}

// tell says why the WAN side is not where it would be otherwise, and where a
// second device cannot be kept from it.
func (b *builder) tell(t tunnel) {
	for _, name := range deviceNames(t.gateway) {
		sw := b.in.Switches[name]
		if name == t.at.name {
			continue
		}
		if why := cmp.Or(sw.Lost, sw.Ill); why != "" && b.compareWeight(name, t.at.name) > 0 {
			b.add(t.rc.ID, note("Switch %q carries the WAN side in place of %q: %s.", t.at.name, name, sentence(why)))
		}
		if sw.Database != "" && sw.Database == t.at.sw.Database {
			b.add(t.rc.ID, note("Switches %q and %q share the database %s, so that both carry the WAN side: broadcasts may cross it twice. Give each a database of its own.",
				t.at.name, name, sw.Database))
		}
	}
}

// WANFault gives what a switch reports against the WAN side that a plan has put
// on it, "" for nothing: against its tunnels, or that no compute node is reached,
// for whom it would be.
func (o Output) WANFault(device string, faults []string) string {
	ls, carries := o.Switches[device], false
	for _, part := range o.Parts {
		if !part.WAN || !slices.Contains(part.Switches, device) {
			continue
		}
		carries = true
		for _, text := range faults {
			if fault, ok := hwvtep.ParseFault(text); ok && part.suffers(fault, o.Name, ls) {
				return about(fault)
			}
		}
	}
	if !carries {
		return ""
	}
	return cutOff(o.Name, ls, faults)
}

// cutOff gives one of the faults of the fabric where each of its tunnels has one.
func cutOff(name string, ls *hwvtep.LogicalSwitch, texts []string) (why string) {
	if ls == nil {
		return ""
	}
	concerned := map[string]hwvtep.Fault{}
	for _, text := range texts {
		if fault, ok := hwvtep.ParseFault(text); ok && (fault.LogicalSwitch == name || fault.LogicalSwitch == hwvtep.Everywhere) {
			concerned[fault.Part] = fault
		}
	}
	for _, l := range ls.Mcast[hwvtep.UnknownDst].Sorted(hwvtep.Locator.Compare) {
		if l.WAN() {
			continue
		}
		fault, ok := concerned[l.String()]
		if !ok {
			fault, ok = concerned[l.End().String()]
		}
		if !ok {
			return ""
		}
		why = cmp.Or(why, "no compute node can be reached, "+about(fault))
	}
	return why
}
