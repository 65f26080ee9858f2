package vtep

import (
	"fmt"
	"slices"

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
	add := func(p forwarding.Problem) {
		out = append(out, hwvtep.Fault{LogicalSwitch: p.Network, Part: p.Part(), Reason: p.Reason}.String())
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
	out = append(out, d.beside.faults()...)
	for pair, s := range states {
		if s.Problem != "" {
			out = append(out, d.unreachable(pair, s.Problem)...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
