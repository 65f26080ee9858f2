package server

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
	"landbridge/internal/rpc"
	"landbridge/internal/server/planner"
)

// reports is what is known of the databases: from the agents' reports, and from
// former times where there is none yet.
type reports struct {
	owner     hwvtep.Owner
	mu        sync.Mutex
	databases map[string]*database // by address
	switches  map[string]location  // all that they have, by name; not changed once made
	// overdue says that whoever is there has had the time to report.
	overdue bool
}

// location is a switch with its database.
type location struct {
	database *database
	sw       hwvtep.PhysicalSwitch
}

// database is what is known of one hardware_vtep database.
type database struct {
	rpc.Report
	reported bool // in this run; otherwise it is from the store
	// unsaved says that the store may hold something else; saved is what it
	// holds, nil where that is not known.
	unsaved bool
	saved   *hwvtep.Inventory
}

func newReports(owner hwvtep.Owner) *reports {
	return &reports{owner: owner, databases: map[string]*database{}}
}

// begin forgets all that was reported.
func (r *reports) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.databases, r.switches, r.overdue = map[string]*database{}, nil, false
}

// load takes over what the store has of databases that have not been reported
// in this run, and gives the switches that have changed by it.
func (r *reports) load(inventories []hwvtep.Inventory) (moved hwvtep.Set[string]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for address, d := range r.databases {
		if !d.reported {
			delete(r.databases, address)
		}
	}
	for _, inv := range inventories {
		if r.databases[inv.Database] == nil {
			r.databases[inv.Database] = &database{
				Report: rpc.Report{Database: inv.Database, Error: inv.Error, Schema: inv.Schema, Switches: inv.Switches},
				saved:  &inv,
			}
		}
	}
	return r.index()
}

// take replaces what is known of one database and says what has to be looked at
// because of it.
func (r *reports) take(report rpc.Report, w *work) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := len(r.switches)
	old := r.databases[report.Database]
	d := &database{Report: report, reported: true, unsaved: true}
	if old != nil {
		d.saved = old.saved
		d.keep(old)
	}
	r.databases[report.Database] = d
	maps.Copy(w.moved, r.index())
	r.compare(old, d, w)
	if old == nil || !old.reported || old.Error != d.Error || known != len(r.switches) {
		w.absent = true
	}
}

// keep leaves what was known where a database cannot be used now: such a report
// has what its agent saw last, which after a start is nothing.
func (d *database) keep(old *database) {
	if d.Error == "" {
		return
	}
	if len(d.Switches) == 0 {
		d.Switches = old.Switches
	}
	d.Schema, d.Logical = old.Schema, old.Logical
}

// compare finds the networks whose statuses may have changed.
func (r *reports) compare(old, now *database, w *work) {
	if old == nil || !old.reported || old.Error != now.Error {
		for _, s := range now.Switches {
			w.reported.Add(s.Name)
			if (old == nil || !old.reported) && len(s.Ports) > 0 { // what was learned there was not known
				w.moved.Add(s.Name)
			}
		}
		return
	}
	for name, l := range now.Logical {
		before, ok := old.Logical[name]
		if !ok || before != l {
			r.addNetwork(w.status, name)
		}
		if before.Local != l.Local {
			r.addNetwork(w.plan, name)
		}
	}
	for name, before := range old.Logical {
		if _, ok := now.Logical[name]; !ok {
			r.addNetwork(w.status, name)
			if before.Local.Len() > 0 {
				r.addNetwork(w.plan, name)
			}
		}
	}
	r.compareFaults(old, now, w)
}

func (r *reports) addNetwork(to hwvtep.Set[string], logicalSwitch string) {
	if id, ok := r.owner.Network(logicalSwitch); ok {
		to.Add(id)
	}
}

// compareFaults looks at what the switches say of themselves: a fault of a
// logical switch concerns its network alone, any other all that the switch has.
func (r *reports) compareFaults(old, now *database, w *work) {
	before := map[string]hwvtep.PhysicalSwitch{}
	for _, s := range old.Switches {
		before[s.Name] = s
	}
	for _, s := range now.Switches {
		was := before[s.Name]
		a, b := faultsOf(was), faultsOf(s)
		for _, text := range append(a.Minus(b, strings.Compare), b.Minus(a, strings.Compare)...) {
			if f, ok := hwvtep.ParseFault(text); ok && f.LogicalSwitch != hwvtep.Everywhere {
				r.addNetwork(w.status, f.LogicalSwitch)
			} else {
				w.reported.Add(s.Name)
			}
		}
		if !slices.EqualFunc(was.Ports, s.Ports, func(p, q hwvtep.PhysicalPort) bool {
			return p.Name == q.Name && slices.Equal(p.Faults, q.Faults)
		}) {
			w.reported.Add(s.Name)
		}
	}
}

// faultsOf gives what a switch says of itself, but for how many tunnels it
// concerns: that may change by every network.
func faultsOf(s hwvtep.PhysicalSwitch) hwvtep.Set[string] {
	out := hwvtep.Set[string]{}
	for _, text := range s.Faults {
		if f, ok := hwvtep.ParseFault(text); ok {
			f.Extent = ""
			text = f.String()
		}
		out.Add(text)
	}
	return out
}

// index finds every known switch, and gives those that have changed. Where several databases have one
// name, one that is reported goes before one that is not, then one in use before
// one that is not, then the lower address.
func (r *reports) index() (moved hwvtep.Set[string]) {
	was := r.switches
	out := map[string]location{}
	for _, address := range keys(r.databases) {
		d := r.databases[address]
		for _, s := range d.Switches {
			if first, ok := out[s.Name]; !ok || d.rank() > first.database.rank() {
				out[s.Name] = location{d, s}
			}
		}
	}
	r.switches = out
	return movedBetween(was, out)
}

func (d *database) rank() int {
	switch {
	case !d.reported:
		return 0
	case d.Error != "":
		return 1
	}
	return 2
}

// movedBetween gives the switches that differ in what plans depend on: not
// their faults or the number of the last change.
func movedBetween(was, now map[string]location) hwvtep.Set[string] {
	moved := hwvtep.Set[string]{}
	for name, n := range now {
		if w, ok := was[name]; !ok || !samePlanned(w, n) {
			moved.Add(name)
		}
	}
	for name := range was {
		if _, ok := now[name]; !ok {
			moved.Add(name)
		}
	}
	return moved
}

func samePlanned(a, b location) bool {
	return slices.Equal(a.sw.TunnelIPs, b.sw.TunnelIPs) &&
		a.sw.OtherConfig[hwvtep.FabricAddr] == b.sw.OtherConfig[hwvtep.FabricAddr] &&
		a.sw.OtherConfig[hwvtep.WANAddr] == b.sw.OtherConfig[hwvtep.WANAddr] &&
		slices.EqualFunc(a.sw.Ports, b.sw.Ports, func(p, q hwvtep.PhysicalPort) bool { return p.Name == q.Name }) &&
		a.database.Schema.Equal(b.database.Schema)
}

// inventory gives the planner's view of the named switches, for one logical switch.
func (r *reports) inventory(logicalSwitch string, names []string) map[string]planner.Switch {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[string]planner.Switch{}
	for _, name := range names {
		if l, ok := r.switches[name]; ok {
			_, silent := r.fault(l.database)
			out[name] = planner.Switch{
				PhysicalSwitch: l.sw, Schema: l.database.Schema, Database: l.database.Database,
				Local: l.learned(logicalSwitch), Silent: silent,
			}
		}
	}
	return out
}

// learned gives what the switch has learned on its ports.
func (l location) learned(logicalSwitch string) (hosts []l2gw.Host) {
	if len(l.sw.Ports) == 0 {
		return nil
	}
	for row := range l.database.Logical[logicalSwitch].Local.All() {
		if row.At == l.sw.FabricIP() || slices.Contains(l.sw.TunnelIPs, row.At) {
			hosts = append(hosts, l2gw.Host{MAC: row.MAC})
		}
	}
	return hosts
}

// seen gives the view of one logical switch on the named switches that statuses
// depend on.
func (r *reports) seen(logicalSwitch string, names []string) planner.Seen {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := planner.Seen{Switches: map[string]planner.SwitchState{}}
	for _, address := range keys(r.databases) {
		if d := r.databases[address]; d.reported {
			seen.Databases = append(seen.Databases, planner.Database{Address: address, Error: d.Error})
		}
	}
	for _, name := range names {
		if l, ok := r.switches[name]; ok {
			seen.Switches[name] = r.state(l, logicalSwitch)
		}
	}
	return seen
}

func (r *reports) state(l location, logicalSwitch string) planner.SwitchState {
	d := l.database
	fault, silent := r.fault(d)
	logical := d.Logical[logicalSwitch]
	s := planner.SwitchState{
		Silent:   silent,
		Database: planner.Database{Address: d.Database, Error: fault},
		Faults:   l.sw.Faults, PortFaults: map[string][]string{},
		Actual: logical.Actual.Unpack(), Confirmed: logical.Confirmed, WriteError: logical.Error,
	}
	for _, p := range l.sw.Ports {
		s.PortFaults[p.Name] = p.Faults
	}
	return s
}

// known tells whether some database has a switch of that name.
func (r *reports) known(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.switches[name]
	return ok
}

// faults gives the databases that have been reported, by address: "" where one
// is in use, otherwise why not.
func (r *reports) faults() map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[string]string{}
	for address, d := range r.databases {
		if d.reported {
			out[address] = d.Error
		}
	}
	return out
}
