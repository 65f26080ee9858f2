package hwvtep

import (
	"maps"
	"slices"
)

// Set is a mathematical set; nil is the empty one for reading.
type Set[T comparable] map[T]struct{}

// SetOf makes a set of values.
func SetOf[T comparable](values ...T) Set[T] {
	s := make(Set[T], len(values))
	for _, v := range values {
		s[v] = struct{}{}
	}
	return s
}

// Add puts v into the set.
func (s Set[T]) Add(v T) { s[v] = struct{}{} }

// Has tells whether v is in the set.
func (s Set[T]) Has(v T) bool {
	_, ok := s[v]
	return ok
}

// Equal tells whether both have the same members.
func (s Set[T]) Equal(o Set[T]) bool { return maps.Equal(s, o) }

// Clone gives a copy, never nil.
func (s Set[T]) Clone() Set[T] {
	c := make(Set[T], len(s))
	maps.Copy(c, s)
	return c
}

// Sorted gives the members in the order of compare.
func (s Set[T]) Sorted(compare func(a, b T) int) []T {
	return slices.SortedFunc(maps.Keys(s), compare)
}

// Minus gives the members that o lacks, in the order of compare.
func (s Set[T]) Minus(o Set[T], compare func(a, b T) int) []T {
	var out []T
	for v := range s {
		if !o.Has(v) {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, compare)
	return out
}
