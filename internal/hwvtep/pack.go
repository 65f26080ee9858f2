package hwvtep

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"maps"
	"net/netip"
	"slices"

	"landbridge/internal/ethernet"
)

// packer writes what unpacker reads, in one order whatever that of the sets.
type packer struct {
	out []byte
	all []Locator          // sorted
	at  map[Locator]uint64 // places among all
}

func (w *packer) number(n uint64) { w.out = binary.AppendUvarint(w.out, n) }

func (w *packer) text(s string) {
	w.number(uint64(len(s)))
	w.out = append(w.out, s...)
}

// optional writes a number that may be absent.
func (w *packer) optional(n uint32, set bool) {
	if !set {
		w.number(0)
		return
	}
	w.number(uint64(n) + 1)
}

func (w *packer) addr(a netip.Addr) {
	text, _ := a.MarshalBinary() // never fails
	w.text(string(text))
}

// head writes the row's own columns, and all locators.
func (w *packer) head(s *LogicalSwitch) {
	w.text(s.Name)
	w.optional(s.Key.Get())
	w.text(s.Description)
	w.text(string(s.Replication))
	w.optional(s.Overrides.FloodRate.Get())
	w.optional(s.Overrides.FloodBurst.Get())
	w.optional(s.Overrides.MACLimit.Get())
	all := s.Locators()
	for l := range s.Filters {
		all.Add(l)
	}
	w.all = all.Sorted(Locator.Compare)
	w.number(uint64(len(w.all)))
	for i, l := range w.all {
		w.at[l] = uint64(i)
		w.encapsulation(l.Encapsulation)
		w.addr(l.Addr)
		w.optional(l.Key.Get())
	}
}

// flooded writes flood lists, filters, bindings and gateways.
func (w *packer) flooded(s *LogicalSwitch) {
	w.number(uint64(len(s.Mcast)))
	for _, mac := range slices.Sorted(maps.Keys(s.Mcast)) {
		w.text(mac)
		w.number(uint64(len(s.Mcast[mac])))
		for _, i := range w.places(maps.Keys(s.Mcast[mac])) {
			w.number(i)
		}
	}
	w.number(uint64(len(s.Filters)))
	for _, l := range slices.SortedFunc(maps.Keys(s.Filters), Locator.Compare) {
		w.number(w.at[l])
		w.number(uint64(s.Filters[l]))
	}
	w.number(uint64(len(s.Bindings)))
	for _, b := range s.Bindings.Sorted(Binding.Compare) {
		w.text(b.Switch)
		w.text(b.Port)
		w.number(uint64(b.VLAN))
	}
	w.number(uint64(len(s.Gateways)))
	for _, a := range s.Gateways.Sorted(netip.Addr.Compare) {
		w.addr(a)
	}
}

func (w *packer) places(locators func(func(Locator) bool)) (out []uint64) {
	for l := range locators {
		out = append(out, w.at[l])
	}
	slices.Sort(out)
	return out
}

// unicast writes the hosts behind each locator.
func (w *packer) unicast(s UcastSet) {
	w.number(uint64(len(s)))
	for i, l := range w.all {
		if h, there := s[l]; there {
			w.number(uint64(i))
			w.hosts(h)
		}
	}
}

func (w *packer) hosts(h hosts) {
	w.number(uint64(len(h.bare)))
	w.number(uint64(len(h.v4)))
	w.number(uint64(len(h.others)))
	w.out = slices.Grow(w.out, 6*len(h.bare)+10*len(h.v4))
	for _, mac := range h.bare.Sorted(ethernet.MAC.Compare) {
		w.out = append(w.out, mac[:]...)
	}
	for _, v := range h.v4.Sorted(host4.compare) {
		w.out = append(append(w.out, v.mac[:]...), v.addr[:]...)
	}
	for _, v := range h.others.Sorted(host.compare) {
		w.out = append(w.out, v.mac[:]...)
		w.addr(v.addr)
	}
}

func (h host4) compare(o host4) int {
	if c := h.mac.Compare(o.mac); c != 0 {
		return c
	}
	return bytes.Compare(h.addr[:], o.addr[:])
}

func (h host) compare(o host) int { return cmp.Or(h.mac.Compare(o.mac), h.addr.Compare(o.addr)) }

// encapsulations are written as their places here, others as they are.
var encapsulations = Encapsulations()

func (w *packer) encapsulation(e Encapsulation) {
	place := slices.Index(encapsulations, e)
	w.number(uint64(place + 1))
	if place < 0 {
		w.text(string(e))
	}
}
