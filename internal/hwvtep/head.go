package hwvtep

import (
	"slices"

	"landbridge/internal/ethernet"
)

// Head gives a part of the delta that can be carried out before the rest: about
// so many unicast rows with all else but the deletion of the logical switch
// itself and of filters, whose tunnels may have rows yet, and whether there is a
// rest. What concerns one MAC stays together. The rest is the Diff after the part.
func (d Delta) Head(rows int) (part Delta, rest bool) {
	var macs []ethernet.MAC
	for _, list := range [][]Ucast{d.AddUcast, d.DelUcast} {
		for _, u := range list {
			macs = append(macs, u.MAC)
		}
	}
	if len(macs) <= rows {
		return d, false
	}
	slices.SortFunc(macs, ethernet.MAC.Compare)
	last := macs[max(rows, 1)-1]
	if macs[len(macs)-1] == last {
		return d, false
	}
	later := func(u Ucast) bool { return u.MAC.Compare(last) > 0 }
	part = d
	part.AddUcast = slices.DeleteFunc(slices.Clone(d.AddUcast), later)
	part.DelUcast = slices.DeleteFunc(slices.Clone(d.DelUcast), later)
	part.Delete, part.DelFilter = false, nil
	return part, true
}
