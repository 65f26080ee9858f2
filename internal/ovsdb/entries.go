package ovsdb

import (
	"landbridge/internal/hwvtep"
	"landbridge/internal/ovsdb/wire"
)

// entry gives what is under an id, making it where it is new.
func entry[E any](m map[wire.UUID]*E, id wire.UUID, make func() *E) *E {
	e := m[id]
	if e == nil {
		e = make()
		m[id] = e
	}
	return e
}

func (m *mirror) locator(id wire.UUID) *locatorEntry {
	return entry(m.locators, id, func() *locatorEntry {
		l := &locatorEntry{id: id}
		l.n = m.numbers.give(l)
		return l
	})
}

func (m *mirror) set(id wire.UUID) *setEntry {
	return entry(m.sets, id, func() *setEntry { return &setEntry{id: id} })
}

func (m *mirror) switchOf(id wire.UUID) *logicalEntry {
	return entry(m.logical, id, func() *logicalEntry {
		e := &logicalEntry{id: id}
		e.n = m.switches.give(e)
		return e
	})
}

// sweep takes out what nobody refers to any more.
func (m *mirror) sweep() {
	for n := len(m.idle); n > 0; n = len(m.idle) { // who goes may release others
		e := m.idle[n-1]
		m.idle = m.idle[:n-1]
		e.retire(m)
	}
	m.idle = nil
}

// release takes back a reference.
func (l *locatorEntry) release(m *mirror) {
	if l.refs--; l.refs == 0 && !l.there {
		m.idle = append(m.idle, l)
	}
}

func (l *locatorEntry) retire(m *mirror) {
	if l.refs == 0 && !l.there && m.locators[l.id] == l {
		delete(m.locators, l.id)
		m.numbers.takeBack(l.n)
	}
}

// give sets a locator's present value.
func (l *locatorEntry) give(m *mirror, value hwvtep.Locator, bad string) {
	l.forget(m)
	l.value, l.bad, l.there = value, bad, true
	if bad == "" {
		m.byValue[value] = l
	}
}

// drop takes in that a locator is not there any more. What it was stays in sight of
// rows whose own change is on its way.
func (l *locatorEntry) drop(m *mirror) {
	l.forget(m)
	l.there = false
	m.idle = append(m.idle, l)
}

// forget takes a locator's value out of the index.
func (l *locatorEntry) forget(m *mirror) {
	if m.byValue[l.value] == l {
		delete(m.byValue, l.value)
	}
}

func (s *setEntry) release(m *mirror) {
	if s.refs--; s.refs == 0 && !s.there {
		m.idle = append(m.idle, s)
	}
}

func (s *setEntry) retire(m *mirror) {
	if s.refs > 0 || s.there {
		return
	}
	s.fill(m, nil)
	delete(m.sets, s.id)
}

// fill gives a set its locators.
func (s *setEntry) fill(m *mirror, ids []wire.UUID) {
	old := s.locators
	s.locators = nil
	if len(ids) > 0 {
		s.locators = make([]uint32, 0, len(ids))
	}
	for _, id := range ids {
		l := m.locator(id)
		l.refs++
		s.locators = append(s.locators, l.n)
	}
	for _, n := range old {
		m.numbers.of(n).release(m)
	}
}

// ids gives the members of a set.
func (s *setEntry) ids(m *mirror) []wire.UUID {
	out := make([]wire.UUID, 0, len(s.locators))
	for _, n := range s.locators {
		out = append(out, m.numbers.of(n).id)
	}
	return out
}

func (e *logicalEntry) release(m *mirror) {
	if !e.there && !e.used() {
		m.idle = append(m.idle, e)
	}
}

func (e *logicalEntry) used() bool { return len(e.ucast)+len(e.mcast)+len(e.local)+len(e.bound) > 0 }

func (e *logicalEntry) retire(m *mirror) {
	if !e.there && !e.used() && m.logical[e.id] == e {
		delete(m.logical, e.id)
		m.switches.takeBack(e.n)
	}
}

// join puts a row under its logical switch.
func (r *mcastEntry) join() {
	r.set.refs++
	r.ls.mcast.put(r)
}

func (r *mcastEntry) leave(m *mirror) {
	r.ls.mcast.take(r)
	r.ls.release(m)
	r.set.release(m)
}

func (l *localEntry) join() {
	if l.at != nil {
		l.at.refs++
	} else {
		l.set.refs++
	}
	l.ls.local.put(l)
}

func (l *localEntry) leave(m *mirror) {
	l.ls.local.take(l)
	l.ls.release(m)
	if l.at != nil {
		l.at.release(m)
	} else {
		l.set.release(m)
	}
}
