package ovsdb

// numbers are short names of locators, used again when one is gone.
type numbers struct {
	entries []*locatorEntry
	free    []uint32
}

// of gives the locator of a number.
func (x *numbers) of(n uint32) *locatorEntry { return x.entries[n] }

// give gives a locator a number.
func (x *numbers) give(l *locatorEntry) {
	if last := len(x.free) - 1; last >= 0 {
		l.n, x.free = x.free[last], x.free[:last]
		x.entries[l.n] = l
		return
	}
	l.n = uint32(len(x.entries))
	x.entries = append(x.entries, l)
}

// takeBack takes it away.
func (x *numbers) takeBack(l *locatorEntry) {
	x.entries[l.n] = nil
	x.free = append(x.free, l.n)
}
