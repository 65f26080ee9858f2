package ovsdb

import (
	"net/netip"

	"landbridge/internal/ethernet"
	"landbridge/internal/ovsdb/wire"
)

// change is what a server has told of one row.
type change interface{ into(f *fold) }

// row says which row, and what has become of it.
type row struct {
	id   wire.UUID
	what wire.Change
}

// column is one that may have been told. Of a row that is told whole, each is: those
// that are not named have their default.
type column[T any] struct {
	value T
	told  bool
}

func (c *column[T]) set(v T) { c.value, c.told = v, true }

// optional is a value that may be absent.
type optional[T any] struct {
	value T
	there bool
}

type globalRow struct {
	row
	switches column[[]wire.UUID]
	config   column[map[string]string]
}

type locatorRow struct {
	row
	encapsulation, addr column[string]
	key                 column[optional[int64]]
}

type locatorSetRow struct {
	row
	locators column[[]wire.UUID]
}

type logicalRow struct {
	row
	name, description column[string]
	key               column[optional[int64]]
	replication       column[string]
	config            column[map[string]string]
}

// ucastRow has in bad why its MAC or its address make no sense.
type ucastRow struct {
	row
	ls, locator     column[wire.UUID]
	mac             column[ethernet.MAC]
	addr            column[netip.Addr]
	badMAC, badAddr string
}

type mcastRow struct {
	row
	ls, set column[wire.UUID]
	mac     column[string]
}

// localRow is of either table of local MACs; at is the locator, or the set.
type localRow struct {
	row
	table  string
	ls, at column[wire.UUID]
	mac    column[string]
}

type switchRow struct {
	row
	name, description column[string]
	ports             column[[]wire.UUID]
	tunnelIPs, faults column[[]string]
	config            column[map[string]string]
}

type portRow struct {
	row
	name, description column[string]
	bindings, stats   column[map[uint16]wire.UUID]
	faults            column[[]string]
}

// update is what one message tells, by the order of tables.
type update [len(order)][]change

func (b *update) add(rank int, c change) { b[rank] = append(b[rank], c) }

// symmetric gives the elements that only one of two sets has: what a set becomes by a
// wire.Diff.
func symmetric[T comparable](old, diff []T) []T {
	in := make(map[T]struct{}, len(diff))
	for _, v := range diff {
		in[v] = struct{}{}
	}
	out := make([]T, 0, len(old)+len(diff))
	for _, v := range old {
		if !has(in, v) {
			out = append(out, v)
		}
		delete(in, v)
	}
	for _, v := range diff {
		if has(in, v) {
			out = append(out, v)
		}
	}
	return out
}

// changedMap gives what a map becomes by a wire.Diff: a pair that is there goes, every
// other is put in.
func changedMap[K, V comparable](old, diff map[K]V) map[K]V {
	out := make(map[K]V, len(old)+len(diff))
	for k, v := range old {
		out[k] = v
	}
	for k, v := range diff {
		if there, ok := out[k]; ok && there == v {
			delete(out, k)
		} else {
			out[k] = v
		}
	}
	return out
}

// newSet gives the value of a set after a change.
func newSet[T comparable](old []T, r row, c column[[]T]) []T {
	switch {
	case !c.told:
		return old
	case r.what == wire.Diff:
		return symmetric(old, c.value)
	}
	return c.value
}

// newMap gives the value of a map after a change.
func newMap[K, V comparable](old map[K]V, r row, c column[map[K]V]) map[K]V {
	switch {
	case !c.told:
		return old
	case r.what == wire.Diff:
		return changedMap(old, c.value)
	}
	return c.value
}

// newValue gives that of another column after a change.
func newValue[T any](old T, c column[T]) T {
	if c.told {
		return c.value
	}
	return old
}
