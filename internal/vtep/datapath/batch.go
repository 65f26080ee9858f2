package datapath

import (
	"errors"

	"github.com/cilium/ebpf"
)

// batch are entries of one map that are written by few calls into the kernel,
// which has such calls since 5.6.
type batch[K, V any] struct {
	keys   []K
	values []V
}

func (b *batch[K, V]) add(key K, value V) {
	b.keys, b.values = append(b.keys, key), append(b.values, value)
}

// from gives those after the first n.
func (b *batch[K, V]) from(n int) *batch[K, V] { return &batch[K, V]{b.keys[n:], b.values[n:]} }

// write writes the entries in their order. It gives how many were written, which
// are fewer than all where there is an error: that of the next one. Where memory
// is short for a moment, it goes on as put does.
func (b *batch[K, V]) write(m *ebpf.Map) (done int, err error) {
	err = whileShort(func() error {
		rest := b.from(done)
		if len(rest.keys) == 0 {
			return nil
		}
		n, err := m.BatchUpdate(rest.keys, rest.values, nil)
		if err != nil {
			n = before(n, len(rest.keys))
		}
		done += n
		return err
	})
	return done, err
}

// before gives how many of so many entries are done where one of them failed. A
// kernel that fails before the first leaves the number as it was asked.
func before(n, asked int) int {
	if n >= asked {
		return 0
	}
	return n
}

// forgetAll removes entries, any of which may be gone already. It gives how many
// were seen to before an error.
func forgetAll[K any](m *ebpf.Map, keys []K) (done int, err error) {
	for done < len(keys) {
		n, err := m.BatchDelete(keys[done:], nil)
		if err == nil {
			break
		}
		done += before(n, len(keys)-done)
		if !errors.Is(err, ebpf.ErrKeyNotExist) {
			return done, err
		}
		done++
	}
	return len(keys), nil
}
