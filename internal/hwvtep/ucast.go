package hwvtep

import (
	"iter"
	"maps"
	"net/netip"
	"slices"

	"landbridge/internal/ethernet"
)

// UcastSet is a set of unicast rows; nil is the empty one for reading. A logical
// switch may have very many of them behind few locators, and most without an
// address: so each locator is there once, and such a row costs little more than
// its MAC.
type UcastSet map[Locator]hosts

// hosts are what is behind one locator.
type hosts struct {
	bare      Set[ethernet.MAC] // without an address
	addressed Set[host]
}

type host struct {
	mac  ethernet.MAC
	addr netip.Addr
}

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
		at = hosts{Set[ethernet.MAC]{}, Set[host]{}}
		s[u.Locator] = at
	}
	if u.Addr.IsValid() {
		at.addressed.Add(host{u.MAC, u.Addr})
	} else {
		at.bare.Add(u.MAC)
	}
}

// Remove takes a row out of the set, if it is there.
func (s UcastSet) Remove(u Ucast) {
	at := s[u.Locator]
	if u.Addr.IsValid() {
		delete(at.addressed, host{u.MAC, u.Addr})
	} else {
		delete(at.bare, u.MAC)
	}
	if at.len() == 0 {
		delete(s, u.Locator)
	}
}

// Has tells whether a row is in the set.
func (s UcastSet) Has(u Ucast) bool {
	if u.Addr.IsValid() {
		return s[u.Locator].addressed.Has(host{u.MAC, u.Addr})
	}
	return s[u.Locator].bare.Has(u.MAC)
}

// Len gives the number of rows.
func (s UcastSet) Len() int {
	n := 0
	for _, at := range s {
		n += at.len()
	}
	return n
}

func (h hosts) len() int { return len(h.bare) + len(h.addressed) }

// All gives the rows, in no order. Rows may be removed meanwhile.
func (s UcastSet) All() iter.Seq[Ucast] {
	return func(yield func(Ucast) bool) {
		for l, at := range s {
			for mac := range at.bare {
				if !yield(Ucast{MAC: mac, Locator: l}) {
					return
				}
			}
			for h := range at.addressed {
				if !yield(Ucast{MAC: h.mac, Addr: h.addr, Locator: l}) {
					return
				}
			}
		}
	}
}

// Sorted gives the rows in their order.
func (s UcastSet) Sorted() []Ucast { return slices.SortedFunc(s.All(), Ucast.Compare) }

// Equal tells whether both have the same rows.
func (s UcastSet) Equal(o UcastSet) bool {
	return maps.EqualFunc(s, o, func(a, b hosts) bool {
		return a.bare.Equal(b.bare) && a.addressed.Equal(b.addressed)
	})
}

// Clone gives a copy, never nil.
func (s UcastSet) Clone() UcastSet {
	c := make(UcastSet, len(s))
	for l, at := range s {
		c[l] = hosts{at.bare.Clone(), at.addressed.Clone()}
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
