package ovsdb

import (
	"net/netip"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/ovsdb/wire"
)

// ucastEntry is a row of Ucast_Macs_Remote. There are very many of them: each is small,
// and has no pointers that the garbage collector would have to look at. What it refers
// to it names by numbers.
type ucastEntry struct {
	id     wire.UUID
	addr   [16]byte
	mac    ethernet.MAC
	family family
	// whether they make no sense, so that the row cannot be shown
	badMAC, badAddr bool
	n               uint32 // its number, from 1
	ls, at          uint32 // those of its logical switch and its locator
	next            uint32 // that of another one of the same MAC, in byMAC; 0
	pos             place
}

// family says what an address is.
type family uint8

const (
	noAddr family = iota
	ipv4
	ipv6
)

// setAddr takes an address without zone.
func (u *ucastEntry) setAddr(a netip.Addr) {
	switch {
	case !a.IsValid():
		u.addr, u.family = [16]byte{}, noAddr
	case a.Is4():
		u.addr, u.family = a.As16(), ipv4
	default:
		u.addr, u.family = a.As16(), ipv6
	}
}

// address gives it back.
func (u *ucastEntry) address() netip.Addr {
	switch u.family {
	case ipv4:
		return netip.AddrFrom16(u.addr).Unmap()
	case ipv6:
		return netip.AddrFrom16(u.addr)
	}
	return netip.Addr{}
}

// chunk is how many rows are allocated together.
const chunk = 256

// ucastRows has room for rows, which stay where they are.
type ucastRows struct {
	chunks [][]ucastEntry
	free   []uint32
	used   uint32 // numbers that were given at some time
}

func (r *ucastRows) of(n uint32) *ucastEntry { return &r.chunks[(n-1)/chunk][(n-1)%chunk] }

// add gives room for a row.
func (r *ucastRows) add(id wire.UUID) *ucastEntry {
	last := len(r.free) - 1
	if last >= 0 {
		n := r.free[last]
		r.free = r.free[:last]
		*r.of(n) = ucastEntry{id: id, n: n}
		return r.of(n)
	}
	if r.used%chunk == 0 {
		r.chunks = append(r.chunks, make([]ucastEntry, chunk))
	}
	r.used++
	*r.of(r.used) = ucastEntry{id: id, n: r.used}
	return r.of(r.used)
}

// remove takes room back; all of it is given up with the last row.
func (r *ucastRows) remove(u *ucastEntry) {
	if r.free = append(r.free, u.n); len(r.free) == int(r.used) {
		*r = ucastRows{}
	}
}

// join puts a row under its logical switch.
func (m *mirror) join(u *ucastEntry) {
	ls := m.switches.of(u.ls)
	m.numbers.of(u.at).refs++
	u.pos = place(len(ls.ucast))
	ls.ucast = append(ls.ucast, u.n)
	if ls.byMAC != nil {
		ls.enter(u)
	}
}

func (m *mirror) leave(u *ucastEntry) {
	ls := m.switches.of(u.ls)
	if ls.byMAC != nil {
		m.strike(ls, u)
	}
	last := len(ls.ucast) - 1
	moved := m.rows.of(ls.ucast[last])
	ls.ucast[u.pos], moved.pos = moved.n, u.pos
	ls.ucast = shrunk(ls.ucast[:last])
	ls.release(m)
	m.numbers.of(u.at).release(m)
}

// findUcast gives the rows that say the same as u.
func (m *mirror) findUcast(e *logicalEntry, u hwvtep.Ucast) []wire.UUID {
	if e.byMAC == nil {
		m.index(e)
	}
	var out []wire.UUID
	for n := e.byMAC[u.MAC]; n != 0; n = m.rows.of(n).next {
		if shown, ok := m.shown(m.rows.of(n)); ok && shown == u {
			out = append(out, m.rows.of(n).id)
		}
	}
	return out
}

// shown is a row in hwvtep's terms, if it can be.
func (m *mirror) shown(u *ucastEntry) (hwvtep.Ucast, bool) {
	at := m.numbers.of(u.at)
	return hwvtep.Ucast{MAC: u.mac, Addr: u.address(), Locator: at.value}, !u.badMAC && !u.badAddr && at.bad == ""
}

// index makes byMAC: a switch that only reads does without its memory.
func (m *mirror) index(e *logicalEntry) {
	e.byMAC = make(map[ethernet.MAC]uint32, len(e.ucast))
	for _, n := range e.ucast {
		e.enter(m.rows.of(n))
	}
}

func (e *logicalEntry) enter(u *ucastEntry) {
	u.next = e.byMAC[u.mac]
	e.byMAC[u.mac] = u.n
}

// strike takes a row out of byMAC.
func (m *mirror) strike(e *logicalEntry, u *ucastEntry) {
	first := e.byMAC[u.mac]
	switch {
	case first != u.n:
		before := m.rows.of(first)
		for before.next != u.n {
			before = m.rows.of(before.next)
		}
		before.next = u.next
	case u.next != 0:
		e.byMAC[u.mac] = u.next
	default:
		delete(e.byMAC, u.mac)
	}
	u.next = 0
}
