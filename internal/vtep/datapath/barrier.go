package datapath

import (
	"fmt"

	"github.com/cilium/ebpf"
)

// barrier waits for programs that are running. What was taken out of the maps
// before is then in nobody's hands and may be used anew.
type barrier struct{ inner, outer *ebpf.Map }

func newBarrier() (*barrier, error) {
	spec := &ebpf.MapSpec{Name: "barrier_inner", Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1}
	inner, err := ebpf.NewMap(spec)
	if err != nil {
		return nil, fmt.Errorf("make the map to wait with: %w", err)
	}
	outer, err := ebpf.NewMap(&ebpf.MapSpec{
		Name: "barrier", Type: ebpf.ArrayOfMaps, KeySize: 4, ValueSize: 4, MaxEntries: 1, InnerMap: spec,
	})
	if err != nil {
		_ = inner.Close()
		return nil, fmt.Errorf("make the map to wait with: %w", err)
	}
	return &barrier{inner, outer}, nil
}

// wait takes some milliseconds. An update of a map of maps returns when no
// program that has begun before it runs any longer (maybe_wait_bpf_programs in
// the kernel's syscall.c).
func (b *barrier) wait() error {
	if err := b.outer.Put(uint32(0), b.inner); err != nil {
		return fmt.Errorf("wait for running programs: %w", err)
	}
	return nil
}

func (b *barrier) Close() error {
	_ = b.inner.Close()
	return b.outer.Close()
}
