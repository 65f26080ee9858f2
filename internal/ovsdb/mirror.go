package ovsdb

import (
	"net/netip"
	"slices"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
)

// mirror holds the database by logical switch. It changes only by fold.
type mirror struct {
	locators map[string]*locatorEntry
	byValue  map[hwvtep.Locator]string // UUID; of locators with a value that are there
	logical  map[string]*logicalEntry
	byName   map[string]*logicalEntry
	members  map[ref]member // rows of the tables of MACs
	ports    map[string]*portEntry
	physical map[string]*physicalEntry
	global   *globalEntry
}

// locatorEntry is a Physical_Locator.
type locatorEntry struct {
	uuid  string
	value hwvtep.Locator
	bad   string // why it has no value; ""
	refs  int    // rows of the mirror that refer to it
	// gone says that the row is not there any more. The entry stays while rows
	// of the mirror refer to it: their own change is still on its way.
	gone bool
}

// logicalEntry is a Logical_Switch with the rows that refer to it.
type logicalEntry struct {
	uuid string
	row  hwvtep.LogicalSwitch // without what other tables have of it
	// config is other_config, stray the keys of it that are ours and make no sense.
	config map[string]string
	stray  []string
	// rows that refer to it, by table
	ucast map[string]*ucastEntry
	byMAC map[ethernet.MAC][]string // UUIDs of ucast; nil until somebody writes here
	mcast map[string]*mcastEntry
	local map[ref]struct{}
	ports map[string]*portEntry
}

// member is a row that refers to a logical switch.
type member interface {
	logical() string // UUID
	// locators gives the UUIDs of the locators it refers to.
	locators() []string
}

type ucastEntry struct {
	ls, locator string // UUIDs
	mac         ethernet.MAC
	addr        netip.Addr
	bad         string // why it cannot be shown; ""
}

type mcastEntry struct {
	ls  string
	mac string
	set []string // UUIDs of locators
}

// localEntry is a row of a table of local MACs.
type localEntry struct {
	ls, mac string
	at      []string // UUIDs of locators
}

type portEntry struct {
	uuid     string
	port     hwvtep.PhysicalPort
	bindings map[uint16]string // UUID of the logical switch by VLAN
	stats    map[uint16]string // UUID of the counters by VLAN
	owner    string            // UUID of the physical switch; "" while unknown
}

type physicalEntry struct {
	uuid      string
	sw        hwvtep.PhysicalSwitch // without its ports
	tunnelIPs []string              // as written
	ports     []string              // UUIDs
}

type globalEntry struct {
	uuid     string
	switches map[string]struct{} // UUIDs
	config   map[string]string
}

func (e *ucastEntry) logical() string    { return e.ls }
func (e *ucastEntry) locators() []string { return []string{e.locator} }
func (e *mcastEntry) logical() string    { return e.ls }
func (e *mcastEntry) locators() []string { return e.set }
func (e localEntry) logical() string     { return e.ls }
func (e localEntry) locators() []string  { return e.at }

func newMirror() *mirror {
	return &mirror{
		locators: map[string]*locatorEntry{},
		byValue:  map[hwvtep.Locator]string{},
		logical:  map[string]*logicalEntry{},
		byName:   map[string]*logicalEntry{},
		members:  map[ref]member{},
		ports:    map[string]*portEntry{},
		physical: map[string]*physicalEntry{},
	}
}

// join puts a row under its logical switch; both and its locators are there.
func (m *mirror) join(r ref, e member) {
	m.members[r] = e
	ls := m.logical[e.logical()]
	switch e := e.(type) {
	case *ucastEntry:
		ls.ucast[r.uuid] = e
		if ls.byMAC != nil {
			ls.byMAC[e.mac] = append(ls.byMAC[e.mac], r.uuid)
		}
	case *mcastEntry:
		ls.mcast[r.uuid] = e
	case localEntry:
		ls.local[r] = struct{}{}
	}
	for _, id := range e.locators() {
		m.locators[id].refs++
	}
}

// leave takes a row out of the mirror and gives what it was, nil for nothing.
func (m *mirror) leave(r ref) member {
	e, ok := m.members[r]
	if !ok {
		return nil
	}
	delete(m.members, r)
	if ls := m.logical[e.logical()]; ls != nil {
		ls.leave(r)
	}
	for _, id := range e.locators() {
		l := m.locators[id]
		if l.refs--; l.refs == 0 && l.gone {
			delete(m.locators, id)
		}
	}
	return e
}

func (e *logicalEntry) leave(r ref) {
	u := e.ucast[r.uuid]
	delete(e.ucast, r.uuid)
	if u != nil && e.byMAC != nil {
		rest := slices.DeleteFunc(e.byMAC[u.mac], func(id string) bool { return id == r.uuid })
		if e.byMAC[u.mac] = rest; len(rest) == 0 {
			delete(e.byMAC, u.mac)
		}
	}
	delete(e.mcast, r.uuid)
	delete(e.local, r)
}

// findUcast gives the UUIDs of the rows that say the same as u.
func (m *mirror) findUcast(e *logicalEntry, u hwvtep.Ucast) []string {
	if e.byMAC == nil {
		e.index()
	}
	var out []string
	for _, id := range e.byMAC[u.MAC] {
		row := e.ucast[id]
		l := m.locators[row.locator]
		if row.bad == "" && row.addr == u.Addr && l.bad == "" && l.value == u.Locator {
			out = append(out, id)
		}
	}
	return out
}

// index makes byMAC: a switch that only reads does without its memory.
func (e *logicalEntry) index() {
	e.byMAC = make(map[ethernet.MAC][]string, len(e.ucast))
	for id, u := range e.ucast {
		e.byMAC[u.mac] = append(e.byMAC[u.mac], id)
	}
}

// findMcast gives the UUIDs of the rows with that MAC, sorted.
func (e *logicalEntry) findMcast(mac string) []string {
	var out []string
	for id, row := range e.mcast {
		if row.mac == mac {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// setLocator takes in a locator's present value.
func (m *mirror) setLocator(id string, value hwvtep.Locator, bad string) {
	l := m.locators[id]
	if l == nil {
		l = &locatorEntry{uuid: id}
		m.locators[id] = l
	}
	m.forget(l)
	l.value, l.bad, l.gone = value, bad, false
	if bad == "" {
		m.byValue[value] = id
	}
}

// dropLocator takes in that a locator is not there any more.
func (m *mirror) dropLocator(id string) {
	l := m.locators[id]
	if l == nil {
		return
	}
	m.forget(l)
	l.gone = true
	if l.refs == 0 {
		delete(m.locators, id)
	}
}

// forget takes a locator's value out of the index.
func (m *mirror) forget(l *locatorEntry) {
	if l.bad == "" && m.byValue[l.value] == l.uuid {
		delete(m.byValue, l.value)
	}
}

func newLogicalEntry(id string) *logicalEntry {
	return &logicalEntry{
		uuid: id, ucast: map[string]*ucastEntry{},
		mcast: map[string]*mcastEntry{}, local: map[ref]struct{}{},
		ports: map[string]*portEntry{},
	}
}
