package datapath

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
)

// sweepBatch is how many entries are read at once: more than a bucket of a
// hash map ever holds.
const sweepBatch = 4096

// sweep shows all entries of a map. Entries that programs add or remove
// meanwhile may be seen or not; visit may remove entries.
func sweep[K, V any](m *ebpf.Map, visit func(K, V) error) error {
	var cursor ebpf.MapBatchCursor
	keys, values := make([]K, sweepBatch), make([]V, sweepBatch)
	for {
		n, err := m.BatchLookup(&cursor, keys, values, nil)
		if err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			return fmt.Errorf("read the map %s: %w", m.String(), err)
		}
		for i := range n {
			if err := visit(keys[i], values[i]); err != nil {
				return err
			}
		}
		if err != nil { // the end
			return nil
		}
	}
}

// sweepPerCPU shows all entries of an array that every CPU has its own of.
func sweepPerCPU[V any](m *ebpf.Map, cpus int, visit func(id uint32, perCPU []V)) error {
	var cursor ebpf.MapBatchCursor
	keys, values := make([]uint32, sweepBatch), make([]V, sweepBatch*cpus)
	for {
		n, err := m.BatchLookup(&cursor, keys, values, nil)
		if err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			return fmt.Errorf("read the map %s: %w", m.String(), err)
		}
		for i := range n {
			visit(keys[i], values[i*cpus:(i+1)*cpus])
		}
		if err != nil { // the end
			return nil
		}
	}
}

// forget removes an entry that may be gone already.
func forget(m *ebpf.Map, key any) error {
	if err := m.Delete(key); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
		return err
	}
	return nil
}
