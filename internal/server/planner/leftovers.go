package planner

import "landbridge/internal/hwvtep"

// leftovers counts the rows of a part that a switch has beyond what is wanted
// there: as long as they are, it does not do what is asked. None that are wanted
// may be missing.
func leftovers(name string, part Part, out Output, seen Seen) int {
	at := seen.Switches[name]
	wants := []*hwvtep.LogicalSwitch{out.Switches[name]}
	for other, want := range out.Switches { // the same rows are theirs too
		if other != name && seen.Switches[other].Database.Address == at.Database.Address {
			wants = append(wants, want)
		}
	}
	if len(wants) == 1 {
		return rowsOf(name, part, at.Actual) - rowsOf(name, part, wants[0])
	}
	left := at.Actual.Clone()
	for _, want := range wants {
		for u := range want.Ucast.All() {
			left.Ucast.Remove(u)
		}
		for mac, set := range want.Mcast {
			for l := range set {
				delete(left.Mcast[mac], l)
			}
		}
		for b := range want.Bindings {
			delete(left.Bindings, b)
		}
	}
	return rowsOf(name, part, left)
}

// rowsOf counts the rows of a part.
func rowsOf(name string, part Part, ls *hwvtep.LogicalSwitch) (n int) {
	n = ls.Ucast.LenOf(part.has)
	for _, set := range ls.Mcast {
		for l := range set {
			if part.has(l) {
				n++
			}
		}
	}
	if part.WAN {
		return n
	}
	for b := range ls.Bindings {
		if b.Switch == name {
			n++
		}
	}
	return n
}
