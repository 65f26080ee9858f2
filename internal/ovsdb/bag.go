package ovsdb

import (
	"bytes"
	"slices"

	"landbridge/internal/ovsdb/wire"
)

// place is where an entry is in a bag.
type place int32

// bag holds entries in no order; each of them knows its place, so that taking one out
// costs nothing.
type bag[E interface{ position() *place }] []E

func (b *bag[E]) put(e E) {
	*e.position() = place(len(*b))
	*b = append(*b, e)
}

func (b *bag[E]) take(e E) {
	at, last := *e.position(), len(*b)-1
	moved := (*b)[last]
	(*b)[at] = moved
	*moved.position() = at
	var none E
	(*b)[last] = none
	*b = shrunk((*b)[:last])
}

// shrunk gives back the room of a list that is nearly empty.
func shrunk[S ~[]E, E any](list S) S {
	switch {
	case len(list) == 0:
		return nil
	case len(list) <= cap(list)/4:
		return slices.Clip(slices.Clone(list))
	}
	return list
}

func (r *mcastEntry) position() *place { return &r.pos }
func (l *localEntry) position() *place { return &l.pos }

// sortedIDs sorts UUIDs, and gives them.
func sortedIDs(ids []wire.UUID) []wire.UUID {
	slices.SortFunc(ids, func(a, b wire.UUID) int { return bytes.Compare(a[:], b[:]) })
	return ids
}
