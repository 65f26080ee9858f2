package ovsdb

import (
	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/ovsdb/wire"
)

// ref names a row.
type ref struct {
	table string
	id    wire.UUID
}

// mirror holds the database by logical switch: the only copy there is of it. It
// changes only by fold. Whatever a row refers to has an entry, if need be one that
// is not there yet, or any more: so that rows may come in any order.
type mirror struct {
	locators map[wire.UUID]*locatorEntry
	numbers  numbers[locatorEntry]
	byValue  map[hwvtep.Locator]*locatorEntry // of those with a value that are there
	sets     map[wire.UUID]*setEntry
	logical  map[wire.UUID]*logicalEntry
	switches numbers[logicalEntry]
	byName   map[string]*logicalEntry
	ucast    map[wire.UUID]uint32 // numbers in rows
	rows     ucastRows
	mcast    map[wire.UUID]*mcastEntry
	local    map[ref]*localEntry
	ports    map[wire.UUID]*portEntry
	physical map[wire.UUID]*physicalEntry
	owners   map[wire.UUID]*physicalEntry // of ports
	global   *globalEntry
	// idle are entries that may have nobody any more who refers to them.
	idle []idler
}

// idler is an entry that others refer to.
type idler interface {
	// retire takes it out of the mirror if it is not there and nobody refers to it.
	retire(m *mirror)
}

// locatorEntry is a Physical_Locator.
type locatorEntry struct {
	id    wire.UUID
	n     uint32 // its number
	value hwvtep.Locator
	bad   string       // why it has no value; ""
	text  *locatorText // what it has in place of one
	refs  int          // rows that refer to it
	there bool
}

// setEntry is a Physical_Locator_Set. It names its locators by their numbers: there are
// very many of them, and the garbage collector has to look at each pointer.
type setEntry struct {
	id       wire.UUID
	locators []uint32
	refs     int
	there    bool
}

// logicalEntry is a Logical_Switch with the rows that refer to it.
type logicalEntry struct {
	id    wire.UUID
	n     uint32 // its number
	there bool
	row   hwvtep.LogicalSwitch // without what other tables have of it
	// config is other_config, stray the keys of it that are ours and make no sense.
	config map[string]string
	stray  []string
	// rows that refer to it, by table
	ucast []uint32                // numbers
	byMAC map[ethernet.MAC]uint32 // the first of each MAC; nil until somebody writes here
	mcast bag[*mcastEntry]
	local bag[*localEntry]
	bound map[slot]struct{}
}

// slot is a VLAN of a port.
type slot struct {
	port *portEntry
	vlan uint16
}

type mcastEntry struct {
	id  wire.UUID
	ls  *logicalEntry
	set *setEntry
	mac string
	pos place
}

// localEntry is a row of a table of local MACs, which is at one locator, or at a set.
type localEntry struct {
	ref
	ls  *logicalEntry
	at  *locatorEntry
	set *setEntry
	mac string
	pos place
}

type portEntry struct {
	id       wire.UUID
	port     hwvtep.PhysicalPort
	bindings map[uint16]*logicalEntry
	stats    map[uint16]wire.UUID // of the counters
}

type physicalEntry struct {
	id        wire.UUID
	sw        hwvtep.PhysicalSwitch // without its ports
	tunnelIPs []string              // as written
	ports     []wire.UUID
}

type globalEntry struct {
	id       wire.UUID
	switches []wire.UUID
	config   map[string]string
}

func newMirror() *mirror {
	return &mirror{
		locators: map[wire.UUID]*locatorEntry{},
		byValue:  map[hwvtep.Locator]*locatorEntry{},
		sets:     map[wire.UUID]*setEntry{},
		logical:  map[wire.UUID]*logicalEntry{},
		byName:   map[string]*logicalEntry{},
		ucast:    map[wire.UUID]uint32{},
		mcast:    map[wire.UUID]*mcastEntry{},
		local:    map[ref]*localEntry{},
		ports:    map[wire.UUID]*portEntry{},
		physical: map[wire.UUID]*physicalEntry{},
		owners:   map[wire.UUID]*physicalEntry{},
	}
}

// findMcast gives the rows with that MAC, sorted.
func (e *logicalEntry) findMcast(mac string) []wire.UUID {
	var out []wire.UUID
	for _, row := range e.mcast {
		if row.mac == mac {
			out = append(out, row.id)
		}
	}
	return sortedIDs(out)
}
