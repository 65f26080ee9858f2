package planner

import (
	"fmt"
	"slices"
	"strings"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
)

// Status gives the status of each connection and remote connection of a plan,
// by ID, from its problems and from what the switches report: ERROR where
// somebody has to act, else DOWN where a database or a tunnel cannot be used,
// else PENDING until every switch concerned holds and confirms all of it, else
// ACTIVE. A connection of which nothing can be told yet, because one of its
// switches is silent, is left out: what was said before stands.
func Status(out Output, seen Seen) map[string]l2gw.Status {
	statuses := make(map[string]l2gw.Status, len(out.Parts))
	for id, part := range out.Parts {
		v := &verdict{}
		v.problems(out.Problems[id])
		for _, name := range part.Switches {
			v.judge(name, part, out, seen)
		}
		if s, ok := v.status(); ok {
			statuses[id] = s
		}
	}
	return statuses
}

// verdict gathers reasons by what they mean.
type verdict struct {
	errored, down, pending, notes []string
	silent                        bool
}

func (v *verdict) status() (s l2gw.Status, ok bool) {
	switch {
	case len(v.errored) > 0:
		return l2gw.Status{State: l2gw.Errored, Reason: join(v.errored)}, true
	case v.silent:
		return l2gw.Status{}, false
	case len(v.down) > 0:
		return l2gw.Status{State: l2gw.Down, Reason: join(v.down)}, true
	case len(v.pending) > 0:
		return l2gw.Status{State: l2gw.Pending, Reason: join(v.pending)}, true
	}
	return l2gw.Status{State: l2gw.Active, Reason: join(v.notes)}, true
}

func (v *verdict) problems(problems []Problem) {
	for _, p := range problems {
		switch {
		case p.Fatal:
			v.errored = append(v.errored, p.Reason)
		case p.Pending:
			v.pending = append(v.pending, p.Reason)
		default:
			v.notes = append(v.notes, p.Reason)
		}
	}
}

// judge looks at one switch.
func (v *verdict) judge(name string, part Part, out Output, seen Seen) {
	s, ok := seen.Switches[name]
	switch {
	case !ok:
		v.unknown(name, seen.Databases)
	case s.Silent:
		v.silent = true
	case s.Database.Error != "":
		v.down = append(v.down, fmt.Sprintf(
			"The database %s of switch %q cannot be used: %s. The switch keeps forwarding as it was last told.",
			s.Database.Address, name, sentence(s.Database.Error)))
	default:
		v.holds(name, part, out, seen)
		v.faults(name, s, part, out)
	}
}

// unknown is the case of a device that no database has.
func (v *verdict) unknown(name string, databases []Database) {
	var failing, fine []string
	for _, d := range databases {
		if d.Error != "" {
			failing = append(failing, fmt.Sprintf("%s (%s)", d.Address, sentence(d.Error)))
		} else {
			fine = append(fine, d.Address)
		}
	}
	switch {
	case len(databases) == 0:
		v.pending = append(v.pending, fmt.Sprintf("Switch %q is not known: no agent has reported any database yet.", name))
	case len(failing) > 0:
		v.down = append(v.down, fmt.Sprintf(
			"Switch %q is not known; it may be in a database that cannot be used now: %s.", name, some(failing)))
	default:
		v.errored = append(v.errored, fmt.Sprintf(
			"No database in use (%s) has a Physical_Switch named %q. Correct the device name of the gateway, or start the switch of that name.",
			some(fine), name))
	}
}

// holds compares what the switch must have for the part with what it has.
func (v *verdict) holds(name string, part Part, out Output, seen Seen) {
	s, want := seen.Switches[name], out.Switches[name]
	if s.WriteError != "" {
		v.errored = append(v.errored, fmt.Sprintf("The database %s of switch %q refuses the change: %s.",
			s.Database.Address, name, sentence(s.WriteError)))
		return
	}
	if want == nil || part.WAN && part.Locator == (hwvtep.Locator{}) {
		return // a problem says why
	}
	if missing, total := compare(name, part, want, s.Actual); missing > 0 {
		v.pending = append(v.pending, fmt.Sprintf("%d of %d rows are not yet in the database %s of switch %q.",
			missing, total, s.Database.Address, name))
	} else if n := leftovers(name, part, out, seen); n > 0 {
		v.pending = append(v.pending, fmt.Sprintf("The database %s of switch %q still has rows that are not wanted any more: %d.",
			s.Database.Address, name, n))
	} else if !s.Confirmed {
		v.pending = append(v.pending, fmt.Sprintf("Switch %q has not yet confirmed the last change.", name))
	}
}

// faults looks for what the dataplane says of the part.
func (v *verdict) faults(name string, s SwitchState, part Part, out Output) {
	for _, text := range s.Faults {
		fault, ok := hwvtep.ParseFault(text)
		switch {
		case !ok:
			v.notes = append(v.notes, fmt.Sprintf("Switch %q reports the fault %q.", name, text))
		case part.suffers(fault, out.Name, out.Switches[name]):
			v.down = append(v.down, fmt.Sprintf("Switch %q reports: %s.", name, sentence(about(fault))))
		}
	}
	if part.WAN || out.Switches[name] == nil {
		return
	}
	var bound []string
	for b := range out.Switches[name].Bindings {
		bound = append(bound, b.Port)
	}
	slices.Sort(bound)
	for _, port := range slices.Compact(bound) {
		for _, text := range s.PortFaults[port] {
			v.notes = append(v.notes, fmt.Sprintf("Port %q of switch %q reports the fault %q.", port, name, text))
		}
	}
}

func about(f hwvtep.Fault) string {
	if f.Part == "" {
		return f.Reason
	}
	return fmt.Sprintf("%s: %s", f.Part, f.Reason)
}

// suffers tells whether a fault of a switch concerns the part.
func (p Part) suffers(f hwvtep.Fault, name string, ls *hwvtep.LogicalSwitch) bool {
	if f.LogicalSwitch == hwvtep.Everywhere {
		return p.leadsTo(f.Part, ls)
	}
	return f.LogicalSwitch == name && p.carries(f.Part, ls)
}

// carries tells whether what a fault concerns, "" for all of the logical
// switch, is of the part.
func (p Part) carries(concerned string, ls *hwvtep.LogicalSwitch) bool {
	if concerned == "" || ls == nil {
		return concerned == ""
	}
	if p.WAN {
		return concerned == p.Locator.String()
	}
	for l := range ls.Mcast[hwvtep.UnknownDst] {
		if !l.WAN() && l.String() == concerned {
			return true
		}
	}
	for b := range ls.Bindings {
		if b.String() == concerned {
			return true
		}
	}
	return false
}

// leadsTo tells whether the part has tunnels to an End.
func (p Part) leadsTo(end string, ls *hwvtep.LogicalSwitch) bool {
	if ls == nil {
		return false
	}
	if p.WAN {
		return p.Locator.End().String() == end
	}
	for l := range ls.Mcast[hwvtep.UnknownDst] {
		if !l.WAN() && l.End().String() == end {
			return true
		}
	}
	return false
}

// compare counts the rows of the part, and those that actual lacks.
func compare(name string, part Part, want, actual *hwvtep.LogicalSwitch) (missing, total int) {
	if actual == nil {
		actual = hwvtep.NewLogicalSwitch("", hwvtep.Key{})
	}
	count := func(ok bool) {
		total++
		if !ok {
			missing++
		}
	}
	count(actual.Name == want.Name && actual.Key == want.Key &&
		actual.Replication == want.Replication && actual.Description == want.Description)
	if part.WAN && (want.Filters[part.Locator] != 0 || actual.Filters[part.Locator] != 0) {
		count(actual.Filters[part.Locator] == want.Filters[part.Locator])
	}
	if len(want.Gateways)+len(actual.Gateways) > 0 {
		count(actual.Gateways.Equal(want.Gateways))
	}
	for mac, set := range want.Mcast {
		for l := range set {
			if part.has(l) {
				count(actual.Mcast[mac].Has(l))
			}
		}
	}
	for u := range want.Ucast.All() {
		if part.has(u.Locator) {
			count(actual.Ucast.Has(u))
		}
	}
	for b := range want.Bindings {
		if !part.WAN && b.Switch == name {
			count(actual.Bindings.Has(b))
		}
	}
	return missing, total
}

func (p Part) has(l hwvtep.Locator) bool {
	if p.WAN {
		return l == p.Locator
	}
	return !l.WAN()
}

// mostReasons bounds what one status_reason says of one kind.
const mostReasons = 4

func join(reasons []string) string {
	if len(reasons) <= mostReasons {
		return strings.Join(reasons, " ")
	}
	return fmt.Sprintf("%s And %d more of this kind.", strings.Join(reasons[:mostReasons], " "), len(reasons)-mostReasons)
}

// some names the first few of a list.
func some(words []string) string {
	if len(words) <= mostReasons {
		return strings.Join(words, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(words[:mostReasons], ", "), len(words)-mostReasons)
}
