package vtep

import (
	"fmt"
	"slices"
	"strings"

	"landbridge/internal/hwvtep"
	"landbridge/internal/vtep/datapath"
	"landbridge/internal/vtep/forwarding"
	"landbridge/internal/vtep/underlay"
)

// faults gives what the database has to be told, as strings for
// switch_fault_status, sorted: what cannot be derived, what the datapath
// refuses, where packets cannot go, and where no more addresses are learned.
func (d *desired) faults(refused map[string]error, states map[underlay.Pair]underlay.State, swept datapath.Swept) []string {
	var out []string
	if swept.Full {
		out = append(out, tableExhausted)
	}
	fault := func(f hwvtep.Fault) { out = append(out, f.String()) }
	add := func(p forwarding.Problem) {
		fault(hwvtep.Fault{LogicalSwitch: p.Network, Part: p.Part(), Reason: p.Reason})
	}
	for _, problems := range []map[string][]forwarding.Problem{d.derived, d.lost} {
		for _, list := range problems {
			for _, p := range list {
				add(p)
			}
		}
	}
	for _, p := range addressProblems(swept) {
		add(p)
	}
	for name, err := range refused {
		add(forwarding.Problem{Network: name, Reason: fmt.Sprintf("the datapath refuses it: %v", err)})
	}
	for pair, s := range states {
		if s.Problem != "" {
			d.unreachable(pair, s.Problem, fault)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// unreachable says why nothing can be sent between a pair of addresses: of a
// tunnel by its locator, of many on one side by their End, however many there are.
func (d *desired) unreachable(pair underlay.Pair, reason string, add func(hwvtep.Fault)) {
	for _, wan := range []bool{false, true} {
		names, tunnels := []string{}, 0
		for u, n := range d.users[pair] {
			if u.wan == wan {
				names = append(names, u.network)
				tunnels += n
			}
		}
		switch {
		case tunnels == 1:
			add(hwvtep.Fault{LogicalSwitch: names[0], Part: d.locator(names[0], pair, wan).String(), Reason: reason})
		case tunnels > 1:
			end := hwvtep.End{WAN: wan, Addr: pair.Remote}
			add(hwvtep.Fault{LogicalSwitch: hwvtep.Everywhere, Part: end.String(), Reason: reason, Extent: extent(names, tunnels)})
		}
	}
}

// locator gives that of a tunnel between a pair of addresses, on one side.
func (d *desired) locator(network string, pair underlay.Pair, wan bool) hwvtep.Locator {
	for e, t := range d.networks[network].Tunnels {
		if l := t.Locator(e); !e.IsPort() && pairOf(e, t) == pair && l.WAN() == wan {
			return l
		}
	}
	return hwvtep.Locator{}
}

// mostNames bounds how many logical switches a fault names.
const mostNames = 3

// extent says which logical switches have tunnels that a fault is about: the
// first by name.
func extent(names []string, tunnels int) string {
	var first []string
	for _, name := range names {
		i, _ := slices.BinarySearch(first, name)
		if i < mostNames {
			first = slices.Insert(first, i, name)
			first = first[:min(len(first), mostNames)]
		}
	}
	text := fmt.Sprintf("%d tunnels of %s", tunnels, strings.Join(first, ", "))
	if more := len(names) - len(first); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
