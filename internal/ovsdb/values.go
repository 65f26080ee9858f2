package ovsdb

import (
	"math"

	"landbridge/internal/ovsdb/wire"
)

// text reads a string.
func (d *decoder) text() string { return string(d.in.Text()) }

// word reads a string that many rows may have, and keeps one of each.
func (d *decoder) word() string {
	text := d.in.Text()
	if word, ok := d.words[string(text)]; ok {
		return word
	}
	word := string(text)
	if len(d.words) < mostWords {
		d.words[word] = word
	}
	return word
}

// elements reads a set of elements of one kind.
func (d *decoder) elements(kind wire.Kind, each func(a *wire.Atom)) {
	d.in.Set(func(a *wire.Atom) {
		if d.check(a, kind) {
			each(a)
		}
	})
}

func (d *decoder) check(a *wire.Atom, kind wire.Kind) bool {
	if a.Kind != kind { // after an error it is nothing, and the error stays
		d.in.Fail("a %s in place of a %s", a.Kind, kind)
	}
	return a.Kind == kind
}

// uuid reads a reference.
func (d *decoder) uuid() wire.UUID {
	a := d.in.One()
	d.check(a, wire.Row)
	return a.UUID
}

func (d *decoder) uuids() []wire.UUID { return d.appendUUIDs(nil) }

func (d *decoder) appendUUIDs(ids []wire.UUID) []wire.UUID {
	d.elements(wire.Row, func(a *wire.Atom) { ids = append(ids, a.UUID) })
	return ids
}

func (d *decoder) texts() (texts []string) {
	d.elements(wire.Text, func(a *wire.Atom) { texts = append(texts, string(a.Text)) })
	return texts
}

func (d *decoder) optionalInt() (n optional[int64]) {
	d.elements(wire.Integer, func(a *wire.Atom) { n = optional[int64]{a.Int, true} })
	return n
}

// optionalText reads "" for what is absent.
func (d *decoder) optionalText() (text string) {
	d.elements(wire.Text, func(a *wire.Atom) { text = string(a.Text) })
	return text
}

func (d *decoder) textMap() map[string]string {
	out := map[string]string{}
	d.in.Map(func(key, value *wire.Atom) {
		if d.check(key, wire.Text) && d.check(value, wire.Text) {
			out[string(key.Text)] = string(value.Text)
		}
	})
	return out
}

// vlans reads a map from VLANs to rows. The schema has no VLAN that is none.
func (d *decoder) vlans() map[uint16]wire.UUID {
	out := map[uint16]wire.UUID{}
	d.in.Map(func(key, value *wire.Atom) {
		if d.check(key, wire.Integer) && d.check(value, wire.Row) && key.Int >= 0 && key.Int <= math.MaxUint16 {
			out[uint16(key.Int)] = value.UUID
		}
	})
	return out
}
