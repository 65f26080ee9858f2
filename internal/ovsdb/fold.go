package ovsdb

import (
	"maps"
	"slices"

	"github.com/ovn-kubernetes/libovsdb/model"

	"landbridge/internal/hwvtep"
)

// source gives rows as they are now, nil for a row that is not there.
type source func(r ref) model.Model

// fold brings the rows that it is given up to date in a mirror.
type fold struct {
	mirror *mirror
	source source
	dirty  *Dirty
	warn   func(r ref, reason string)
	// unresolved are rows that refer to rows which the source does not have
	// yet. The database never looks so; a change is still being taken in.
	unresolved []ref
}

// order has the tables such that what is referred to comes first.
var order = [...]string{
	tableGlobal, tableLocator, tableLogical, tableUcast, tableMcast,
	tableUcastLocal, tableMcastLocal, tableSwitch, tablePort,
}

func (f *fold) run(rows map[ref]model.Model) {
	byTable := map[string][]string{}
	for r := range rows {
		byTable[r.table] = append(byTable[r.table], r.uuid)
	}
	for _, table := range order {
		for _, id := range byTable[table] {
			f.row(ref{table, id})
		}
	}
}

func (f *fold) row(r ref) {
	m := f.source(r)
	switch r.table {
	case tableGlobal:
		f.global(r, m)
	case tableLocator:
		f.locator(r, m)
	case tableLogical:
		f.logical(r, m)
	case tableUcast, tableMcast, tableUcastLocal, tableMcastLocal:
		f.member(r, m)
	case tableSwitch:
		f.physical(r, m)
	case tablePort:
		f.port(r, m)
	}
}

func (f *fold) locator(r ref, m model.Model) {
	var value hwvtep.Locator
	var err error
	switch row := m.(type) {
	case *locatorRow:
		value, err = parseLocator(row.Encapsulation, row.DstIP, nil)
	case *locatorKeyRow:
		value, err = parseLocator(row.Encapsulation, row.DstIP, row.Key)
	default:
		f.mirror.dropLocator(r.uuid)
		return
	}
	bad := ""
	if err != nil {
		bad = err.Error()
		f.warn(r, bad)
	}
	old := f.mirror.locators[r.uuid]
	moved := old != nil && (old.value != value || old.bad != bad)
	f.mirror.setLocator(r.uuid, value, bad)
	if moved { // its key is mutable
		f.touchReferrers(r.uuid)
	}
}

// touchReferrers marks the logical switches that use a locator: a scan, for
// something that hardly anybody does.
func (f *fold) touchReferrers(locator string) {
	for _, e := range f.mirror.members {
		if slices.Contains(e.locators(), locator) {
			f.touch(e.logical())
		}
	}
}

func (f *fold) logical(r ref, m model.Model) {
	row, config, ok := f.logicalRow(r, m)
	e := f.mirror.logical[r.uuid]
	if e != nil {
		f.touch(r.uuid)
		if f.mirror.byName[e.row.Name] == e {
			delete(f.mirror.byName, e.row.Name)
		}
	}
	if !ok {
		delete(f.mirror.logical, r.uuid)
		return
	}
	if e == nil {
		e = newLogicalEntry(r.uuid)
		f.mirror.logical[r.uuid] = e
		f.adopt(e)
	}
	e.row, e.config = row, config
	f.config(r, e)
	f.mirror.byName[row.Name] = e
	f.touch(r.uuid)
}

// adopt gives a new logical switch the ports that were taken in before it.
func (f *fold) adopt(e *logicalEntry) {
	for _, p := range f.mirror.ports {
		for _, ls := range p.bindings {
			if ls == e.uuid {
				e.ports[p.uuid] = p
			}
		}
	}
}

// config reads other_config of a logical switch.
func (f *fold) config(r ref, e *logicalEntry) {
	e.stray = nil
	for key, err := range e.row.SetConfig(e.config) {
		f.warn(r, err.Error())
		if hwvtep.OurConfig(key) {
			e.stray = append(e.stray, key)
		}
	}
}

func (f *fold) logicalRow(r ref, m model.Model) (out hwvtep.LogicalSwitch, config map[string]string, ok bool) {
	var key *int
	var replication *string
	switch row := m.(type) {
	case *logicalRow:
		out.Name, out.Description, key = row.Name, row.Description, row.Key
	case *logicalReplicationRow:
		out.Name, out.Description, key, replication = row.Name, row.Description, row.Key, row.Replication
	case *logicalConfigRow:
		out.Name, out.Description, key, replication = row.Name, row.Description, row.Key, row.Replication
		config = row.OtherConfig
	default:
		return out, nil, false
	}
	if replication != nil {
		out.Replication = hwvtep.ReplicationMode(*replication)
	}
	var err error
	if out.Key, err = parseKey(key); err != nil {
		f.warn(r, err.Error())
	}
	return out, config, true
}

// member takes in a row of one of the tables of MACs.
func (f *fold) member(r ref, m model.Model) {
	e, complete := f.parseMember(m)
	if !complete || e != nil && !f.resolves(e) {
		f.unresolved = append(f.unresolved, r)
		return
	}
	if old := f.mirror.leave(r); old != nil {
		f.touchBy(old)
	}
	if e == nil {
		return
	}
	if u, isUcast := e.(*ucastEntry); isUcast && u.bad != "" {
		f.warn(r, u.bad)
	}
	f.mirror.join(r, e)
	f.touchBy(e)
}

// touchBy marks the logical switch that a row is of. Local MACs are no part of
// what is shown of it.
func (f *fold) touchBy(e member) {
	if _, local := e.(localEntry); !local {
		f.touch(e.logical())
	}
}

// parseMember gives nil for a row that is not there; it is not complete where
// its locator set is yet to come.
func (f *fold) parseMember(m model.Model) (e member, complete bool) {
	switch row := m.(type) {
	case *ucastRow:
		return parseUcast(row), true
	case *mcastRow:
		set, ok := f.locatorsOf(row.LocatorSet)
		return &mcastEntry{ls: row.LogicalSwitch, mac: row.MAC, set: set}, ok
	case *ucastLocalRow:
		return localEntry{row.LogicalSwitch, row.MAC, []string{row.Locator}}, true
	case *mcastLocalRow:
		set, ok := f.locatorsOf(row.LocatorSet)
		return localEntry{row.LogicalSwitch, row.MAC, set}, ok
	}
	return nil, true
}

// locatorsOf gives the members of a locator set; not ok where it is yet to come.
func (f *fold) locatorsOf(set string) (locators []string, ok bool) {
	row, ok := f.source(ref{tableLocatorSet, set}).(*locatorSetRow)
	if !ok {
		return nil, false
	}
	return row.Locators, true
}

// resolves tells whether all that a row refers to is in the mirror, taking in
// what the source has of it.
func (f *fold) resolves(e member) bool {
	if f.mirror.logical[e.logical()] == nil {
		f.row(ref{tableLogical, e.logical()})
		if f.mirror.logical[e.logical()] == nil {
			return false
		}
	}
	for _, id := range e.locators() {
		if f.mirror.locators[id] == nil {
			f.row(ref{tableLocator, id})
			if f.mirror.locators[id] == nil {
				return false
			}
		}
	}
	return true
}

// touch marks a logical switch as changed.
func (f *fold) touch(id string) {
	if e := f.mirror.logical[id]; e != nil {
		f.dirty.logical(e.row.Name)
	}
}

func (f *fold) global(r ref, m model.Model) {
	e := &globalEntry{uuid: r.uuid, switches: map[string]struct{}{}}
	switch row := m.(type) {
	case *globalRow:
		e.addSwitches(row.Switches)
	case *globalConfigRow:
		e.addSwitches(row.Switches)
		e.config = row.OtherConfig
	default:
		if f.mirror.global != nil && f.mirror.global.uuid != r.uuid {
			return
		}
		e = nil
	}
	old := f.mirror.global
	f.mirror.global = e
	f.dirty.Global = true
	if old == nil || e == nil || !maps.Equal(old.switches, e.switches) {
		f.dirty.Physical = true
	}
}

func (e *globalEntry) addSwitches(ids []string) {
	for _, id := range ids {
		e.switches[id] = struct{}{}
	}
}
