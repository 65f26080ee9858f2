package ovsdb

import (
	"fmt"
	"maps"
	"slices"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
)

// step is the smallest part of a delta that can be written. Its operations are
// made right before they are sent, from what the mirror holds by then: a step
// that is done already makes none, so that it can be repeated.
type step struct {
	name   string // logical switch
	weight int    // rows it touches, about
	build  func(b *builder) error
}

// steps takes deltas apart in the order of writing: first what frees VLANs,
// that another delta may need; within a delta its row, its tunnels, its MACs
// (the new row of a MAC before the old one goes), and its deletion last.
func (c *Client) steps(deltas []hwvtep.Delta) []step {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []step
	for _, d := range deltas {
		for _, b := range d.DelBinding {
			out = append(out, step{d.Name, 1, func(x *builder) error { return x.unbind(d.Name, b) }})
		}
	}
	for _, d := range deltas {
		out = append(out, c.mirror.deltaSteps(d)...)
	}
	return out
}

func (m *mirror) deltaSteps(d hwvtep.Delta) []step {
	var out []step
	add := func(weight int, build func(b *builder) error) {
		out = append(out, step{d.Name, weight, build})
	}
	if d.Row != nil {
		add(1, func(b *builder) error { return b.row(d) })
	}
	if put := d.Config(); len(put) > 0 { // before the tunnels that it is about
		add(1, func(b *builder) error { return b.putConfig(d.Name, put) })
	}
	v := newView()
	if e := m.byName[d.Name]; e != nil && !d.Delete {
		v = m.view(e)
	}
	setMcast, delMcast := v.mcastWork(d)
	for _, mac := range slices.Sorted(maps.Keys(setMcast)) {
		add(2+len(setMcast[mac]), func(b *builder) error { return b.setMcast(d.Name, mac, setMcast[mac]) })
	}
	for _, mac := range delMcast {
		add(1, func(b *builder) error { b.delMcast(d.Name, mac); return nil })
	}
	for _, w := range ucastWork(d) {
		add(1, func(b *builder) error { return b.ucast(d.Name, w) })
	}
	for _, id := range v.strayUcast {
		add(1, func(b *builder) error { b.delete(ref{tableUcast, id}); return nil })
	}
	if drop := m.configToDrop(d); len(drop) > 0 { // after the tunnels that it was about
		add(1, func(b *builder) error { b.dropConfig(d.Name, drop); return nil })
	}
	for _, binding := range d.AddBinding {
		add(1, func(b *builder) error { return b.bind(d.Name, binding) })
	}
	if d.Delete {
		add(1, func(b *builder) error { b.deleteLogical(d.Name); return nil })
	}
	return out
}

// mcastWork adds to a delta what mends the multicast rows that its logical
// switch does not show as they are.
func (v *view) mcastWork(d hwvtep.Delta) (set map[string]hwvtep.Set[hwvtep.Locator], del []string) {
	set, del = map[string]hwvtep.Set[hwvtep.Locator]{}, slices.Clone(d.DelMcast)
	maps.Copy(set, d.SetMcast)
	for mac := range v.strayMcast {
		if has(set, mac) || slices.Contains(del, mac) {
			continue
		}
		if shown := v.shown.Mcast[mac]; len(shown) > 0 {
			set[mac] = shown
		} else {
			del = append(del, mac)
		}
	}
	return set, del
}

// ucastChange is a unicast row to make or to remove.
type ucastChange struct {
	ucast  hwvtep.Ucast
	remove bool
}

// ucastWork orders the changes by MAC, what is added before what goes, so that
// a MAC that moves does so in one transaction.
func ucastWork(d hwvtep.Delta) []ucastChange {
	out := make([]ucastChange, 0, len(d.AddUcast)+len(d.DelUcast))
	for _, u := range d.AddUcast {
		out = append(out, ucastChange{u, false})
	}
	for _, u := range d.DelUcast {
		out = append(out, ucastChange{u, true})
	}
	slices.SortStableFunc(out, func(a, b ucastChange) int { return a.ucast.MAC.Compare(b.ucast.MAC) })
	return out
}

// valid tells whether a unicast row is one that may be written; the schema
// itself takes anything.
func valid(u hwvtep.Ucast) error {
	if u.MAC == (ethernet.MAC{}) || u.MAC.IsMulticast() {
		return fmt.Errorf("MAC %s is no host's", u.MAC)
	}
	return validLocator(u.Locator)
}

func validLocator(l hwvtep.Locator) error {
	if !l.Addr.IsValid() {
		return fmt.Errorf("locator %s has no address", l)
	}
	if k, ok := l.Key.Get(); ok && k > hwvtep.MaxKey {
		return fmt.Errorf("locator %s: the key is above %d", l, hwvtep.MaxKey)
	}
	return nil
}
