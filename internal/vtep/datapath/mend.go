package datapath

import (
	"errors"
	"fmt"
	"slices"
)

// What a process that was killed within an Apply leaves half done, taken out.

// mendFlood makes the chains in the maps those of the lists, each from its end.
func (d *Datapath) mendFlood(n *network) error {
	for _, list := range n.flood {
		if err := d.mendList(list); err != nil {
			return err
		}
	}
	return d.writeFlood(n, n.flood)
}

func (d *Datapath) mendList(list []*tunnel) error {
	var next uint32
	for _, t := range slices.Backward(list) {
		if t.next != next {
			t.next = next
			if err := d.writeSlot(t); err != nil {
				return err
			}
		}
		next = t.id
	}
	return nil
}

// removeStrayHeads empties the flood lists of what is no network.
func (d *Datapath) removeStrayHeads() error {
	return sweep(d.kernel.Floods, func(id uint32, heads kernelFlood) error {
		if d.networkIDs.inUse(id) || heads == (kernelFlood{}) {
			return nil
		}
		return d.kernel.Floods.Put(id, kernelFlood{})
	})
}

// removeStrayHops empties next hops that no tunnel uses.
func (d *Datapath) removeStrayHops() error {
	return sweep(d.kernel.Nexthops, func(id uint32, h kernelNexthop) error {
		if d.pathIDs.inUse(id) || h == (kernelNexthop{}) {
			return nil
		}
		return d.kernel.Nexthops.Put(id, kernelNexthop{})
	})
}

func (d *Datapath) removeStrayArrivals(arrivals map[kernelEndpoint]uint32) error {
	var errs []error
	for key := range arrivals {
		if e, known := d.endpointFrom(key); !known || d.owners[e] == nil {
			errs = append(errs, forget(d.kernel.Arrivals, key))
		}
	}
	return errors.Join(errs...)
}

// removeBroken empties slots that are no tunnels, by the steps that the end of
// a tunnel takes.
func (d *Datapath) removeBroken(slots []uint32) error {
	if len(slots) == 0 {
		return nil
	}
	d.cfg.Logger.Warn("taking out tunnels that were left half done", "count", len(slots))
	for _, id := range slots {
		var slot kernelTunnel
		if err := d.kernel.Tunnels.Lookup(id, &slot); err != nil {
			return fmt.Errorf("read the slot of tunnel %d: %w", id, err)
		}
		slot.Network = 0
		if err := d.kernel.Tunnels.Put(id, slot); err != nil {
			return fmt.Errorf("close tunnel %d: %w", id, err)
		}
	}
	if err := d.barrier.wait(); err != nil {
		return err
	}
	if err := d.scrub(slots); err != nil {
		return err
	}
	for _, id := range slots {
		d.tunnelIDs.release(id)
	}
	return nil
}
