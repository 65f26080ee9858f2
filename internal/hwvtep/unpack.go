package hwvtep

import (
	"net/netip"
	"strings"

	"landbridge/internal/ethernet"
)

// unpacker reads what packer has written.
type unpacker struct {
	in       string
	locators []Locator
}

func (r *unpacker) number() (n uint64) {
	for shift := 0; ; shift += 7 {
		b := r.in[0]
		r.in = r.in[1:]
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return n
		}
	}
}

// bytes gives the next n.
func (r *unpacker) bytes(n int) (s string) {
	s, r.in = r.in[:n], r.in[n:]
	return s
}

// text is a copy: what is read from it does not keep the whole.
func (r *unpacker) text() string { return strings.Clone(r.bytes(int(r.number()))) }

func (r *unpacker) optional() (n uint32, set bool) {
	v := r.number()
	return uint32(v - 1), v > 0
}

func (r *unpacker) limit() Limit {
	if n, set := r.optional(); set {
		return NewLimit(n)
	}
	return Limit{}
}

func (r *unpacker) key() Key {
	if n, set := r.optional(); set {
		return NewKey(n)
	}
	return Key{}
}

func (r *unpacker) addr() (a netip.Addr) {
	_ = a.UnmarshalBinary([]byte(r.bytes(int(r.number())))) // it was written by MarshalBinary
	return a
}

func (r *unpacker) head() *LogicalSwitch {
	name := r.text()
	s := NewLogicalSwitch(name, r.key())
	s.Description, s.Replication = r.text(), ReplicationMode(r.text())
	s.Overrides = Overrides{FloodRate: r.limit(), FloodBurst: r.limit(), MACLimit: r.limit()}
	r.locators = make([]Locator, r.number())
	for i := range r.locators {
		r.locators[i] = Locator{Encapsulation: r.encapsulation(), Addr: r.addr(), Key: r.key()}
	}
	return s
}

func (r *unpacker) encapsulation() Encapsulation {
	if place := r.number(); place > 0 {
		return encapsulations[place-1]
	}
	return Encapsulation(r.text())
}

func (r *unpacker) locator() Locator { return r.locators[r.number()] }

func (r *unpacker) flooded(s *LogicalSwitch) {
	for range r.number() {
		mac, n := r.text(), r.number()
		set := make(Set[Locator], n)
		for range n {
			set.Add(r.locator())
		}
		s.Mcast[mac] = set
	}
	for range r.number() {
		l := r.locator()
		s.SetFilter(l, Filter(r.number()))
	}
	for range r.number() {
		s.Bindings.Add(Binding{Switch: r.text(), Port: r.text(), VLAN: uint16(r.number())})
	}
	if n := r.number(); n > 0 {
		s.Gateways = make(Set[netip.Addr], n)
		for range n {
			s.Gateways.Add(r.addr())
		}
	}
}

func (r *unpacker) unicast() UcastSet {
	n := r.number()
	s := make(UcastSet, n)
	for range n {
		l := r.locator()
		s[l] = r.hosts()
	}
	return s
}

func (r *unpacker) hosts() hosts {
	bare, v4, others := r.number(), r.number(), r.number()
	h := hosts{make(Set[ethernet.MAC], bare), make(Set[host4], v4), make(Set[host], others)}
	for range bare {
		h.bare.Add(ethernet.MAC([]byte(r.bytes(6))))
	}
	for range v4 {
		row := []byte(r.bytes(10))
		h.v4.Add(host4{ethernet.MAC(row), [4]byte(row[6:])})
	}
	for range others {
		mac := ethernet.MAC([]byte(r.bytes(6)))
		h.others.Add(host{mac, r.addr()})
	}
	return h
}
