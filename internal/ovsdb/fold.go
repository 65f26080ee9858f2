package ovsdb

import (
	"fmt"
	"slices"

	"landbridge/internal/hwvtep"
	"landbridge/internal/ovsdb/wire"
)

// fold takes changes into a mirror.
type fold struct {
	mirror *mirror
	dirty  *Dirty
	warn   func(r ref, reason string)
	// fresh says that the mirror is being filled, and nobody has seen it yet.
	fresh bool
	// err is why the mirror is not as the database any more.
	err error
}

// run takes in what one message tells: afterwards the mirror is as the database
// was between two transactions.
func (f *fold) run(b *update) {
	for _, changes := range b {
		for _, c := range changes {
			c.into(f)
		}
	}
	f.mirror.sweep()
}

// follows tells whether a change can be taken in: of a row that is not there nobody can
// know what it is now.
func (f *fold) follows(table string, r row, there bool) bool {
	if r.what != wire.Diff || there {
		return true
	}
	f.err = fmt.Errorf("a change could not be followed: the row %s of %s, which has changed, is not there", r.id, table)
	return false
}

func (c *locatorRow) into(f *fold) {
	if c.what == wire.Gone {
		if l := f.mirror.locators[c.id]; l != nil {
			l.drop(f.mirror)
		}
		return
	}
	l := f.mirror.locator(c.id)
	if !f.follows(tableLocator, c.row, l.there) {
		return
	}
	was, text := *l, c.text(l)
	value, err := parseLocator(text)
	bad := ""
	if err != nil {
		bad = err.Error()
		f.warn(ref{tableLocator, c.id}, bad)
	}
	l.give(f.mirror, value, bad)
	if l.text = nil; err != nil {
		l.text = &text
	}
	if l.refs > 0 && (l.value != was.value || l.bad != was.bad || !was.there) { // its key is mutable
		f.touchReferrers(l)
	}
}

// text gives what a locator has in its columns now.
func (c *locatorRow) text(l *locatorEntry) locatorText {
	var old locatorText
	if c.what == wire.Diff {
		old = l.written()
	}
	return locatorText{newValue(old.encapsulation, c.encapsulation), newValue(old.addr, c.addr), newValue(old.key, c.key)}
}

// touchReferrers marks the logical switches that use a locator: a scan, for
// something that hardly anybody does.
func (f *fold) touchReferrers(l *locatorEntry) {
	if f.fresh {
		return
	}
	for _, e := range f.mirror.logical {
		if slices.ContainsFunc(e.ucast, func(n uint32) bool { return f.mirror.rows.of(n).at == l.n }) ||
			slices.ContainsFunc(e.mcast, func(r *mcastEntry) bool { return slices.Contains(r.set.locators, l.n) }) {
			f.touch(e)
		}
	}
}

func (c *locatorSetRow) into(f *fold) {
	if c.what == wire.Gone {
		if s := f.mirror.sets[c.id]; s != nil {
			s.there = false
			f.mirror.idle = append(f.mirror.idle, s)
		}
		return
	}
	s := f.mirror.set(c.id)
	if !f.follows(tableLocatorSet, c.row, s.there) {
		return
	}
	s.there = true
	s.fill(f.mirror, newSet(s.ids(f.mirror), c.row, c.locators))
	if s.refs > 0 && !f.fresh { // the schema says that this does not happen
		for _, r := range f.mirror.mcast {
			if r.set == s {
				f.touch(r.ls)
			}
		}
	}
}

func (c *logicalRow) into(f *fold) {
	m := f.mirror
	e := m.logical[c.id]
	if e != nil && e.there {
		f.touch(e)
		if m.byName[e.row.Name] == e {
			delete(m.byName, e.row.Name)
		}
	}
	if c.what == wire.Gone {
		if e != nil {
			e.there = false
			m.idle = append(m.idle, e)
		}
		return
	}
	e = m.switchOf(c.id)
	if !f.follows(tableLogical, c.row, e.there) {
		return
	}
	e.there = true
	f.columns(e, c)
	m.byName[e.row.Name] = e
	f.touch(e)
}

// columns takes in those of a logical switch.
func (f *fold) columns(e *logicalEntry, c *logicalRow) {
	var old hwvtep.LogicalSwitch
	if c.what == wire.Diff {
		old = e.row
	} else {
		e.config = nil
	}
	key := old.Key
	if c.key.told {
		var err error
		if key, err = parseKey(c.key.value); err != nil {
			f.warn(ref{tableLogical, c.id}, err.Error())
		}
	}
	e.row = hwvtep.LogicalSwitch{
		Name: newValue(old.Name, c.name), Key: key, Description: newValue(old.Description, c.description),
		Replication: hwvtep.ReplicationMode(newValue(string(old.Replication), c.replication)),
	}
	e.config = newMap(e.config, c.row, c.config)
	f.config(e)
}

// config reads other_config of a logical switch.
func (f *fold) config(e *logicalEntry) {
	e.stray = nil
	for key, err := range e.row.SetConfig(e.config) {
		f.warn(ref{tableLogical, e.id}, err.Error())
		if hwvtep.OurConfig(key) {
			e.stray = append(e.stray, key)
		}
	}
}

// touchLocal marks a logical switch of which local MACs have changed.
func (f *fold) touchLocal(e *logicalEntry) {
	if e != nil && e.there && !f.fresh {
		f.dirty.local(e.row.Name)
	}
}

// touch marks a logical switch as changed.
func (f *fold) touch(e *logicalEntry) {
	if e != nil && e.there && !f.fresh {
		f.dirty.logical(e.row.Name)
	}
}
