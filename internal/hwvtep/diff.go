package hwvtep

import (
	"maps"
	"net/netip"
	"slices"
)

// Delta is the way from what a database holds of one logical switch to what it
// must hold. Its lists are sorted, so that equal inputs give equal deltas.
type Delta struct {
	Name   string
	Create bool // the Logical_Switch row has to be made; then Row is set
	Delete bool // all of it has to go: the lists below name what goes with it
	Row    *Row // the row's columns where they have to be written

	SetFilter   map[Locator]Filter // Filters to make or change
	DelFilter   []Locator
	SetGateways Set[netip.Addr] // the whole new set where it differs, else nil

	AddUcast, DelUcast     []Ucast
	SetMcast               map[string]Set[Locator] // whole new locator sets by MAC
	DelMcast               []string
	AddBinding, DelBinding []Binding
}

// Diff gives the changes that turn actual into desired; nil stands for a
// logical switch that is not there. Both have the same name. The overrides are
// not compared: they are nobody's plan, and stay as they are.
func Diff(actual, desired *LogicalSwitch) Delta {
	d := Delta{SetMcast: map[string]Set[Locator]{}}
	switch {
	case actual == nil && desired == nil:
		return d
	case actual == nil:
		d.Name, d.Create = desired.Name, true
		actual = NewLogicalSwitch(desired.Name, Key{})
	case desired == nil:
		d.Name, d.Delete = actual.Name, true
		desired = NewLogicalSwitch(actual.Name, Key{})
	default:
		d.Name = desired.Name
	}
	if row := desired.row(); d.Create || !d.Delete && row != actual.row() {
		d.Row = &row
	}
	d.AddUcast = desired.Ucast.Minus(actual.Ucast)
	d.DelUcast = actual.Ucast.Minus(desired.Ucast)
	d.AddBinding = desired.Bindings.Minus(actual.Bindings, Binding.Compare)
	d.DelBinding = actual.Bindings.Minus(desired.Bindings, Binding.Compare)
	d.diffMcast(actual.Mcast, desired.Mcast)
	if !d.Delete { // the row takes them along
		d.diffConfig(actual, desired)
	}
	return d
}

// diffConfig compares what other_config holds, but for the overrides.
func (d *Delta) diffConfig(actual, desired *LogicalSwitch) {
	for l, want := range desired.Filters {
		if actual.Filters[l] != want {
			if d.SetFilter == nil {
				d.SetFilter = map[Locator]Filter{}
			}
			d.SetFilter[l] = want
		}
	}
	for l := range actual.Filters {
		if _, ok := desired.Filters[l]; !ok {
			d.DelFilter = append(d.DelFilter, l)
		}
	}
	slices.SortFunc(d.DelFilter, Locator.Compare)
	if !actual.Gateways.Equal(desired.Gateways) {
		d.SetGateways = desired.Gateways.Clone()
	}
}

func (d *Delta) diffMcast(actual, desired map[string]Set[Locator]) {
	for mac, want := range desired {
		if have, ok := actual[mac]; !ok || !have.Equal(want) {
			d.SetMcast[mac] = want.Clone()
		}
	}
	for mac := range actual {
		if _, ok := desired[mac]; !ok {
			d.DelMcast = append(d.DelMcast, mac)
		}
	}
	slices.Sort(d.DelMcast)
}

// Empty tells whether nothing has to change.
func (d Delta) Empty() bool {
	return !d.Create && !d.Delete && d.Row == nil && d.Size() == 0 &&
		len(d.SetFilter)+len(d.DelFilter) == 0 && d.SetGateways == nil
}

// Size is the number of rows and bindings that the delta touches beside the
// Logical_Switch row.
func (d Delta) Size() int {
	return len(d.AddUcast) + len(d.DelUcast) + len(d.SetMcast) + len(d.DelMcast) +
		len(d.AddBinding) + len(d.DelBinding)
}

// Apply carries the delta out on a copy of actual and gives the result, nil
// where nothing is left. It is the meaning of a Delta: Diff(a, b).Apply(a) is b
// with the overrides of a.
func (d Delta) Apply(actual *LogicalSwitch) *LogicalSwitch {
	if d.Delete || actual == nil && !d.Create {
		return nil
	}
	out := NewLogicalSwitch(d.Name, Key{})
	if actual != nil {
		out = actual.Clone()
	}
	if d.Row != nil {
		out.Key, out.Description, out.Replication = d.Row.Key, d.Row.Description, d.Row.Replication
	}
	for _, u := range d.DelUcast {
		out.Ucast.Remove(u)
	}
	for _, u := range d.AddUcast {
		out.Ucast.Add(u)
	}
	for _, b := range d.DelBinding {
		delete(out.Bindings, b)
	}
	for _, b := range d.AddBinding {
		out.Bindings.Add(b)
	}
	for _, mac := range d.DelMcast {
		delete(out.Mcast, mac)
	}
	for mac, set := range d.SetMcast {
		out.Mcast[mac] = set.Clone()
	}
	d.applyConfig(out)
	return out
}

func (d Delta) applyConfig(s *LogicalSwitch) {
	for _, l := range d.DelFilter {
		delete(s.Filters, l)
	}
	for l, f := range d.SetFilter {
		s.SetFilter(l, f)
	}
	if d.SetGateways != nil {
		s.Gateways = d.SetGateways.Clone()
	}
}

// Merge gives what a database must hold when several of its physical switches
// each need their part of one logical switch. The parts have one name and key.
func Merge(parts ...*LogicalSwitch) *LogicalSwitch {
	var out *LogicalSwitch
	for _, p := range parts {
		if p == nil {
			continue
		}
		if out == nil {
			out = p.Clone()
			continue
		}
		out.Ucast.addAll(p.Ucast)
		maps.Copy(out.Bindings, p.Bindings)
		for mac, set := range p.Mcast {
			for l := range set {
				out.AddMcast(mac, l)
			}
		}
		out.mergeConfig(p)
	}
	return out
}

func (s *LogicalSwitch) mergeConfig(p *LogicalSwitch) {
	for l, f := range p.Filters {
		s.SetFilter(l, s.Filters[l]|f)
	}
	if len(p.Gateways) > 0 && len(s.Gateways) == 0 {
		s.Gateways = Set[netip.Addr]{}
	}
	maps.Copy(s.Gateways, p.Gateways)
}
