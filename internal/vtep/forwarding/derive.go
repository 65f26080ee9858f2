package forwarding

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
)

// Derive gives the forwarding of one logical switch and what of it cannot be
// carried out. What has a problem is left out, the rest of the network works.
// Equal inputs give equal outputs, the problems sorted.
//
// Every locator that a row of the logical switch refers to becomes a tunnel.
// Members of hwvtep.UnknownDst are flooded to; those of hwvtep.AcceptOnly, of a
// specific multicast group or of unicast rows alone are not. Frames to a
// specific group are flooded like all others.
func Derive(ls *hwvtep.LogicalSwitch, local Local) (Network, []Problem) {
	d := derivation{
		ls: ls, local: local,
		out: Network{Name: ls.Name, FDB: map[ethernet.MAC]Endpoint{}, MACLimit: ls.Overrides.MACLimit},
	}
	d.tunnels()
	d.flood()
	d.filters()
	d.fdb()
	d.neighbours()
	SortProblems(d.problems)
	return d.out, d.problems
}

// derivation is one run of Derive.
type derivation struct {
	ls    *hwvtep.LogicalSwitch
	local Local
	// endpoints has the locators that became tunnels.
	endpoints map[hwvtep.Locator]Endpoint
	out       Network
	problems  []Problem
}

func (d *derivation) problem(l hwvtep.Locator, format string, args ...any) {
	d.problems = append(d.problems, Problem{Network: d.ls.Name, Locator: l, Reason: fmt.Sprintf(format, args...)})
}

// tunnels makes the tunnels, without flooding. Of two locators that mean the
// same tunnel the first in the order of locators gets it: that without a key.
func (d *derivation) tunnels() {
	locators := d.ls.Locators().Sorted(hwvtep.Locator.Compare)
	d.endpoints = make(map[hwvtep.Locator]Endpoint, len(locators))
	d.out.Tunnels = make(map[Endpoint]Tunnel, len(locators))
	for _, l := range locators {
		e, reason := endpoint(l, d.ls.Key, d.local)
		if reason != "" {
			d.problem(l, "%s", reason)
			continue
		}
		if _, taken := d.out.Tunnels[e]; taken {
			d.problem(l, "the same tunnel as %q of this logical switch, which is used; give it another key", d.locator(e))
			continue
		}
		d.endpoints[l] = e
		g := groupOf(l)
		d.out.Tunnels[e] = Tunnel{Group: g, Local: d.local.Of(g, e.Remote().Is6())}
	}
}

// locator gives the one that became a tunnel.
func (d *derivation) locator(e Endpoint) (l hwvtep.Locator) {
	for l, used := range d.endpoints {
		if used == e {
			return l
		}
	}
	return l
}

// groupOf is the rule of the keys.
func groupOf(l hwvtep.Locator) Group {
	if l.WAN() {
		return WAN
	}
	return Fabric
}

// flood marks the members of UnknownDst, and says where the sets of locators
// ask for more than flooding to all of them.
func (d *derivation) flood() {
	unknown := d.ls.Mcast[hwvtep.UnknownDst]
	for l := range unknown {
		if e, ok := d.endpoints[l]; ok {
			t := d.out.Tunnels[e]
			t.Flood = true
			d.out.Tunnels[e] = t
		}
	}
	if d.ls.Replication == hwvtep.ServiceNode && len(unknown) > 1 {
		d.problem(hwvtep.Locator{}, "replication_mode service_node is not supported: frames are copied to all %d locators of %s; set source_node", len(unknown), hwvtep.UnknownDst)
	}
	if groups := d.specificGroups(); len(groups) > 0 {
		d.problem(hwvtep.Locator{}, "locators of a multicast group are not supported: frames to %s are flooded to those of %s", andMore(groups), hwvtep.UnknownDst)
	}
}

// specificGroups gives the multicast MACs that have locators of their own.
func (d *derivation) specificGroups() []string {
	groups := slices.Sorted(maps.Keys(d.ls.Mcast))
	return slices.DeleteFunc(groups, func(mac string) bool {
		return mac == hwvtep.UnknownDst || strings.EqualFold(mac, hwvtep.AcceptOnly)
	})
}

// fdb makes the static entries. A MAC behind several tunnels is where the first
// of them in the order of locators is; rows that differ in ipaddr alone are one.
func (d *derivation) fdb() {
	bad, again := map[hwvtep.Locator][]string{}, map[hwvtep.Locator][]string{}
	for _, u := range d.ls.Ucast.Sorted() {
		e, ok := d.endpoints[u.Locator]
		if !ok {
			continue
		}
		first, taken := d.out.FDB[u.MAC]
		switch {
		case u.MAC.IsZero() || u.MAC.IsMulticast():
			bad[u.Locator] = append(bad[u.Locator], u.MAC.String())
		case !taken:
			d.out.FDB[u.MAC] = e
		case first != e:
			again[u.Locator] = append(again[u.Locator], fmt.Sprintf("%s (used: %s)", u.MAC, first))
		}
	}
	for l, macs := range bad {
		d.problem(l, "no unicast address: %s", andMore(slices.Compact(macs)))
	}
	for l, macs := range again {
		d.problem(l, "the same address behind two tunnels: %s", andMore(slices.Compact(macs)))
	}
}

// andMore writes the first of several things and how many others there are, so
// that one mistake in a large table stays one line.
func andMore(things []string) string {
	if len(things) == 1 {
		return things[0]
	}
	return fmt.Sprintf("%s and %d more", things[0], len(things)-1)
}
