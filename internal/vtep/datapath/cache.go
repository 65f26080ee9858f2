package datapath

import (
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sys/unix"
)

// Programs keep what the FDB has told them of an address (bpf/cache.h), each CPU
// for itself, for a tick at most. What is kept is of a generation of its network.

// cacheSets is how many pairs of entries a CPU has: 1<<CACHE_SHIFT in bpf/model.h.
const cacheSets = 1 << 13

// outdate has programs forget what they have kept of networks. It comes after what
// the FDB says has changed, and before what that has set free is used anew.
func (d *Datapath) outdate(ids []uint32) error {
	if len(ids) == 0 {
		return nil
	}
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return fmt.Errorf("read the monotonic clock: %w", err)
	}
	generations := slices.Repeat([]uint64{uint64(now.Nano())}, len(ids))
	if _, err := (&batch[uint32, uint64]{ids, generations}).write(d.kernel.Generations); err != nil {
		return fmt.Errorf("have programs forget what they know of %d networks: %w", len(ids), err)
	}
	return nil
}

// outdateNamed is outdate for those of the networks that there are.
func (d *Datapath) outdateNamed(names []string, fail func(string, error)) {
	var ids []uint32
	for _, name := range names {
		if n := d.networks[name]; n != nil {
			ids = append(ids, n.id)
		}
	}
	if err := d.outdate(ids); err != nil {
		fail(names[0], err)
	}
}

// outdateAll is outdate for all networks.
func (d *Datapath) outdateAll() error {
	return d.outdate(slices.Collect(maps.Keys(d.networksByID())))
}
