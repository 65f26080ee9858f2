package datapath

import (
	"errors"
	"fmt"
	"math"

	"github.com/cilium/ebpf"

	"landbridge/internal/hwvtep"
)

// A program learns only as long as a network has learned less than its limit. It
// counts what it learns; what is forgotten is counted here, by each sweep.

// learnLimit is a network's limit as the maps have it.
func (d *Datapath) learnLimit(n *network) uint32 {
	limit := n.macLimit.Or(d.cfg.MACLimit)
	if limit == 0 || limit > math.MaxInt32 {
		return math.MaxInt32
	}
	return limit
}

// recoverLimit is its reverse.
func (d *Datapath) recoverLimit(f kernelFlood) hwvtep.Limit {
	switch f.LearnLimit {
	case d.learnLimit(&network{}):
		return hwvtep.Limit{}
	case math.MaxInt32:
		return hwvtep.NewLimit(0)
	}
	return hwvtep.NewLimit(f.LearnLimit)
}

// setMACLimit changes how many addresses a network may learn. What it has learned
// stays.
func (d *Datapath) setMACLimit(n *network, limit hwvtep.Limit) error {
	if n.macLimit == limit {
		return nil
	}
	old := n.macLimit
	n.macLimit = limit
	if err := d.writeFlood(n, n.flood); err != nil {
		n.macLimit = old
		return err
	}
	return nil
}

// startCounting gives a new network its counters. Those of an older one with the
// same number are past.
func (d *Datapath) startCounting(n *network) error {
	var ever uint32
	if err := d.kernel.Learned.Lookup(n.id, &ever); err != nil {
		return fmt.Errorf("read how much %s has learned: %w", n.name, err)
	}
	if err := put(d.kernel.Counters, n.id, make([]kernelNetworkCounters, d.cpus)); err != nil {
		return fmt.Errorf("make the counters of %s: %w", n.name, err)
	}
	if err := d.outdate([]uint32{n.id}); err != nil {
		return err
	}
	n.counted, n.forgotten = true, ever
	return d.writeFlood(n, n.flood)
}

// learnedEver gives how many addresses networks have learned, by id.
func (d *Datapath) learnedEver() (map[uint32]uint32, error) {
	out := make(map[uint32]uint32, len(d.networks))
	err := sweep(d.kernel.Learned, func(id, n uint32) error {
		if d.networkIDs.inUse(id) {
			out[id] = n
		}
		return nil
	})
	return out, err
}

// forgot tells the program how many of the addresses learned ever are gone.
func (d *Datapath) forgot(n *network, gone uint32) error {
	if n.forgotten == gone {
		return nil
	}
	n.forgotten = gone
	return d.writeFlood(n, n.flood)
}

// recoverCounting finds out what networks have learned, and gives counters to
// those that a killed process has left without.
func (d *Datapath) recoverCounting() error {
	var errs []error
	for _, n := range d.networks {
		err := d.kernel.Counters.Lookup(n.id, make([]kernelNetworkCounters, d.cpus))
		if errors.Is(err, ebpf.ErrKeyNotExist) {
			err = d.startCounting(n)
		}
		n.counted = err == nil
		errs = append(errs, err)
	}
	var id uint32
	var stray []uint32
	values := make([]kernelNetworkCounters, d.cpus)
	all := d.kernel.Counters.Iterate()
	for all.Next(&id, &values) {
		if !d.networkIDs.inUse(id) {
			stray = append(stray, id)
		}
	}
	for _, id := range stray {
		errs = append(errs, forget(d.kernel.Counters, id))
	}
	_, err := d.sweepFDB(0)
	return errors.Join(append(errs, all.Err(), err)...)
}
