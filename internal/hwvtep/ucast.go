package hwvtep

import (
	"iter"
	"maps"
	"net/netip"
	"slices"

	"landbridge/internal/ethernet"
)

// UcastSet is a set of unicast rows; nil is the empty one for reading. A logical
// switch may have very many of them behind few locators: so each locator is there
// once, and a row costs little more than its MAC and its address.
type UcastSet map[Locator]hosts

// UcastSetOf makes a set of rows.
func UcastSetOf(rows ...Ucast) UcastSet {
	s := UcastSet{}
	for _, u := range rows {
		s.Add(u)
	}
	return s
}

// Add puts a row into the set.
func (s UcastSet) Add(u Ucast) {
	at, ok := s[u.Locator]
	if !ok {
		at = hosts{Set[ethernet.MAC]{}, Set[host4]{}, Set[host]{}}
		s[u.Locator] = at
	}
	switch {
	case !u.Addr.IsValid():
		at.bare.Add(u.MAC)
	case u.Addr.Is4():
		at.v4.Add(host4{u.MAC, u.Addr.As4()})
	default:
		at.others.Add(host{u.MAC, u.Addr})
	}
}

// Remove takes a row out of the set, if it is there.
func (s UcastSet) Remove(u Ucast) {
	at := s[u.Locator]
	switch {
	case !u.Addr.IsValid():
		delete(at.bare, u.MAC)
	case u.Addr.Is4():
		delete(at.v4, host4{u.MAC, u.Addr.As4()})
	default:
		delete(at.others, host{u.MAC, u.Addr})
	}
	if at.len() == 0 {
		delete(s, u.Locator)
	}
}

// Has tells whether a row is in the set.
func (s UcastSet) Has(u Ucast) bool {
	at := s[u.Locator]
	switch {
	case !u.Addr.IsValid():
		return at.bare.Has(u.MAC)
	case u.Addr.Is4():
		return at.v4.Has(host4{u.MAC, u.Addr.As4()})
	}
	return at.others.Has(host{u.MAC, u.Addr})
}

// Len gives the number of rows.
func (s UcastSet) Len() int {
	n := 0
	for _, at := range s {
		n += at.len()
	}
	return n
}

// LenOf gives the number of rows of the locators that fit.
func (s UcastSet) LenOf(fits func(Locator) bool) int {
	n := 0
	for l, at := range s {
		if fits(l) {
			n += at.len()
		}
	}
	return n
}

// All gives the rows, in no order. Rows may be removed meanwhile.
func (s UcastSet) All() iter.Seq[Ucast] {
	return func(yield func(Ucast) bool) {
		for l, at := range s {
			one := func(mac ethernet.MAC, addr netip.Addr) bool { return yield(Ucast{MAC: mac, Addr: addr, Locator: l}) }
			if !at.each(one) {
				return
			}
		}
	}
}

// Sorted gives the rows in their order.
func (s UcastSet) Sorted() []Ucast { return slices.SortedFunc(s.All(), Ucast.Compare) }

// Equal tells whether both have the same rows.
func (s UcastSet) Equal(o UcastSet) bool { return maps.EqualFunc(s, o, hosts.equal) }

// Clone gives a copy, never nil.
func (s UcastSet) Clone() UcastSet {
	c := make(UcastSet, len(s))
	for l, at := range s {
		c[l] = hosts{at.bare.Clone(), at.v4.Clone(), at.others.Clone()}
	}
	return c
}

// Minus gives the rows that o lacks, in their order.
func (s UcastSet) Minus(o UcastSet) []Ucast {
	var out []Ucast
	for u := range s.All() {
		if !o.Has(u) {
			out = append(out, u)
		}
	}
	slices.SortFunc(out, Ucast.Compare)
	return out
}

// addAll puts the rows of another set into this one.
func (s UcastSet) addAll(o UcastSet) {
	for u := range o.All() {
		s.Add(u)
	}
}

// hosts are what is behind one locator. A netip.Addr takes more than twice what
// MAC and IPv4 address need together.
type hosts struct {
	bare   Set[ethernet.MAC] // without an address
	v4     Set[host4]
	others Set[host]
}

type host4 struct {
	mac  ethernet.MAC
	addr [4]byte
}

type host struct {
	mac  ethernet.MAC
	addr netip.Addr
}

func (h hosts) len() int { return len(h.bare) + len(h.v4) + len(h.others) }

func (h hosts) equal(o hosts) bool {
	return h.bare.Equal(o.bare) && h.v4.Equal(o.v4) && h.others.Equal(o.others)
}

// each shows all hosts, as long as one says to go on.
func (h hosts) each(one func(ethernet.MAC, netip.Addr) bool) bool {
	for mac := range h.bare {
		if !one(mac, netip.Addr{}) {
			return false
		}
	}
	for v := range h.v4 {
		if !one(v.mac, netip.AddrFrom4(v.addr)) {
			return false
		}
	}
	for v := range h.others {
		if !one(v.mac, v.addr) {
			return false
		}
	}
	return true
}
