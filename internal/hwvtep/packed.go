package hwvtep

import "unique"

// Packed is a logical switch at rest: a few bytes for each row, and nothing at all
// where the same is kept elsewhere. Those that hold the same are equal (==), and
// the zero value is one that is not there.
type Packed struct{ text unique.Handle[string] }

// Pack packs a logical switch; nil gives the zero value.
func Pack(s *LogicalSwitch) Packed {
	if s == nil {
		return Packed{}
	}
	w := packer{at: map[Locator]uint64{}}
	w.head(s)
	w.flooded(s)
	w.unicast(s.Ucast)
	return Packed{unique.Make(string(w.out))}
}

// Unpack gives the logical switch, which is the caller's; nil for the zero value.
func (p Packed) Unpack() *LogicalSwitch {
	if p == (Packed{}) {
		return nil
	}
	r := unpacker{in: p.text.Value()}
	s := r.head()
	r.flooded(s)
	s.Ucast = r.unicast()
	return s
}

// Row gives the columns of the row itself without the rest, zero for the zero
// value.
func (p Packed) Row() (r Row) {
	if p == (Packed{}) {
		return r
	}
	in := unpacker{in: p.text.Value()}
	in.text()
	return Row{Key: in.key(), Description: in.text(), Replication: ReplicationMode(in.text())}
}

// Locators gives what LogicalSwitch.Locators does, and those of filters.
func (p Packed) Locators() []Locator {
	if p == (Packed{}) {
		return nil
	}
	r := unpacker{in: p.text.Value()}
	r.head()
	return r.locators
}
