package ovsdb

// numbers are short names of entries, used again when one is gone.
type numbers[E any] struct {
	entries []*E
	free    []uint32
}

// of gives the entry of a number.
func (x *numbers[E]) of(n uint32) *E { return x.entries[n] }

// give gives an entry a number.
func (x *numbers[E]) give(e *E) uint32 {
	if last := len(x.free) - 1; last >= 0 {
		n := x.free[last]
		x.free = x.free[:last]
		x.entries[n] = e
		return n
	}
	x.entries = append(x.entries, e)
	return uint32(len(x.entries) - 1)
}

// takeBack takes it away.
func (x *numbers[E]) takeBack(n uint32) {
	x.entries[n] = nil
	x.free = append(x.free, n)
}
