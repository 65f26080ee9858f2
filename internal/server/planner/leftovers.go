package planner

import (
	"slices"

	"landbridge/internal/hwvtep"
)

// leftovers counts the rows that a switch has of a logical switch beyond what is
// wanted there: as long as they are, it does not do what is asked.
type leftovers struct {
	locators map[hwvtep.Locator]int // rows that lead there
	bindings map[string]int         // by switch
}

// leftoversOf looks at one switch. Others of its database have the same rows.
func leftoversOf(name string, out Output, seen Seen) leftovers {
	left := leftovers{map[hwvtep.Locator]int{}, map[string]int{}}
	at := seen.Switches[name]
	if at.Actual == nil {
		return left
	}
	var wants []*hwvtep.LogicalSwitch
	for other, want := range out.Switches {
		if other == name || seen.Switches[other].Database.Address == at.Database.Address {
			wants = append(wants, want)
		}
	}
	wanted := func(has func(*hwvtep.LogicalSwitch) bool) bool { return slices.ContainsFunc(wants, has) }
	for u := range at.Actual.Ucast.All() {
		if !wanted(func(want *hwvtep.LogicalSwitch) bool { return want.Ucast.Has(u) }) {
			left.locators[u.Locator]++
		}
	}
	for mac, set := range at.Actual.Mcast {
		for l := range set {
			if !wanted(func(want *hwvtep.LogicalSwitch) bool { return want.Mcast[mac].Has(l) }) {
				left.locators[l]++
			}
		}
	}
	for b := range at.Actual.Bindings {
		if !wanted(func(want *hwvtep.LogicalSwitch) bool { return want.Bindings.Has(b) }) {
			left.bindings[b.Switch]++
		}
	}
	return left
}

// of counts those that concern a part on a switch.
func (left leftovers) of(name string, part Part) (n int) {
	for l, rows := range left.locators {
		if part.has(l) {
			n += rows
		}
	}
	if !part.WAN {
		n += left.bindings[name]
	}
	return n
}
