// Package intern keeps values of which there are few, and which very many others
// refer to, once each: whoever refers to one needs four bytes and no pointer.
package intern

import (
	"sync"
	"sync/atomic"
)

// Table has values by number, from 1 on; 0 stands for the zero value. A value
// stays for as long as the table does. Its methods may be called from any
// goroutine; the zero Table is ready to use.
type Table[T comparable] struct {
	values atomic.Pointer[[]T] // by number, less 1; what is there never changes

	mu      sync.Mutex // held by writers
	numbers sync.Map   // T → uint32
}

// Number gives the number of a value.
func (t *Table[T]) Number(v T) uint32 {
	var zero T
	if v == zero {
		return 0
	}
	if n, known := t.numbers.Load(v); known {
		return n.(uint32)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if n, known := t.numbers.Load(v); known {
		return n.(uint32)
	}
	var all []T
	if old := t.values.Load(); old != nil {
		all = *old
	}
	all = append(all, v) // beyond what readers of the old one see
	t.values.Store(&all)
	n := uint32(len(all))
	t.numbers.Store(v, n)
	return n
}

// Value gives the value of a number that Number has given.
func (t *Table[T]) Value(n uint32) (v T) {
	if n == 0 {
		return v
	}
	return (*t.values.Load())[n-1]
}
