package datapath

import (
	"errors"
	"fmt"

	"landbridge/internal/ethernet"
	"landbridge/internal/vtep/forwarding"
)

// takeAllDown takes out what no network is to have any longer.
func (d *Datapath) takeAllDown(names []string, changes map[string]*forwarding.Network, fail func(string, error)) {
	var victims []*tunnel
	unlinked := false
	for _, name := range names {
		n := d.networks[name]
		if n == nil {
			continue
		}
		fail(name, d.removeEntries(n, changes[name]))
		fail(name, d.removeNeighbours(n, changes[name]))
		fail(name, d.removeRouters(n, changes[name]))
		victims = append(victims, surplus(n, changes[name])...)
		some, err := d.stopFlooding(n, changes[name])
		fail(name, err)
		unlinked = unlinked || some
	}
	if err := d.removeTunnels(victims, unlinked); err != nil {
		for _, t := range victims {
			fail(t.network.name, err)
		}
	}
	for _, name := range names {
		if n := d.networks[name]; n != nil && changes[name] == nil {
			fail(name, d.removeNetwork(n))
		}
	}
}

// surplus gives the tunnels of a network that it is not to have, or not so.
func surplus(n *network, want *forwarding.Network) []*tunnel {
	var out []*tunnel
	for e, t := range n.tunnels {
		if want == nil {
			out = append(out, t)
		} else if w, ok := want.Tunnels[e]; !ok || !same(t, w) {
			out = append(out, t)
		}
	}
	return out
}

// stopFlooding takes the tunnels that stay, but are no longer flooded to, out
// of the flood lists.
func (d *Datapath) stopFlooding(n *network, want *forwarding.Network) (unlinked bool, err error) {
	var errs []error
	for e, t := range n.tunnels {
		if want == nil || !t.Flood {
			continue
		}
		if w, ok := want.Tunnels[e]; !ok || w.Flood || !same(t, w) {
			continue
		}
		if err := d.unlink(t); err != nil {
			errs = append(errs, err)
			continue
		}
		unlinked = true
	}
	return unlinked, errors.Join(errs...)
}

// removeEntries removes static entries that are not wanted. Those that are to
// lead elsewhere stay until they are written over.
func (d *Datapath) removeEntries(n *network, want *forwarding.Network) error {
	var errs []error
	for mac := range n.fdb {
		if want != nil {
			if _, ok := want.FDB[mac]; ok {
				continue
			}
		}
		errs = append(errs, d.removeEntry(n, mac))
	}
	return errors.Join(errs...)
}

func (d *Datapath) removeEntry(n *network, mac ethernet.MAC) error {
	if err := forget(d.kernel.Fdb, n.fdbKey(mac)); err != nil {
		return fmt.Errorf("remove the FDB entry of %s: %w", mac, err)
	}
	delete(n.fdb, mac)
	return nil
}

// removeTunnels takes tunnels out for good. What was learned from them leads
// nowhere; it goes, and their ids are free, when the next sweep has passed. It
// waits for running programs where there are any to take out, or others were
// unlinked.
func (d *Datapath) removeTunnels(victims []*tunnel, unlinked bool) error {
	if len(victims) == 0 && !unlinked {
		return nil
	}
	for _, t := range victims {
		if err := d.closeTunnel(t); err != nil {
			return err
		}
	}
	// From here on no packet arrives by them, and after the wait none that has
	// arrived can still be learned from.
	if err := d.barrier.wait(); err != nil || len(victims) == 0 {
		return err
	}
	var errs []error
	for _, t := range victims {
		errs = append(errs, d.freeTunnel(t))
	}
	for _, t := range victims {
		errs = append(errs, d.dropDeadEntries(t.network))
	}
	return errors.Join(errs...)
}

// closeTunnel lets nothing enter or leave by a tunnel. The rest of its slot
// stays for programs that look at it.
func (d *Datapath) closeTunnel(t *tunnel) error {
	if err := d.closeArrival(t); err != nil {
		return err
	}
	if err := d.unlink(t); err != nil {
		return err
	}
	slot := d.slot(t)
	slot.Network = 0
	if err := d.kernel.Tunnels.Put(t.id, slot); err != nil {
		return fmt.Errorf("close %s: %w", t, err)
	}
	return nil
}

// closeArrival has packets of a tunnel be those of nobody.
func (d *Datapath) closeArrival(t *tunnel) error {
	key, ok := d.keyOf(t.endpoint)
	if !ok {
		return nil
	}
	if err := forget(d.kernel.Arrivals, key); err != nil {
		return fmt.Errorf("close %s: %w", t, err)
	}
	return nil
}

// dropDeadEntries removes the static entries of tunnels that are gone.
func (d *Datapath) dropDeadEntries(n *network) error {
	var errs []error
	for mac, e := range n.fdb {
		if n.tunnels[e] == nil {
			errs = append(errs, d.removeEntry(n, mac))
		}
	}
	return errors.Join(errs...)
}

// freeTunnel gives back all that a closed tunnel held, but for its id.
func (d *Datapath) freeTunnel(t *tunnel) error {
	d.dropTunnel(t)
	if err := d.scrub(t.id); err != nil {
		return err // its id stays taken
	}
	d.retired[t.id] = struct{}{}
	return errors.Join(d.leaveWay(t), d.leaveEnds(t))
}

// scrub empties a slot and its counters.
func (d *Datapath) scrub(id uint32) error {
	if err := d.kernel.Tunnels.Put(id, kernelTunnel{}); err != nil {
		return fmt.Errorf("empty the slot of tunnel %d: %w", id, err)
	}
	if err := d.kernel.Traffic.Put(id, make([]kernelTraffic, d.cpus)); err != nil {
		return fmt.Errorf("reset the counters of tunnel %d: %w", id, err)
	}
	return nil
}

// removeNetwork removes a network that has no tunnels left.
func (d *Datapath) removeNetwork(n *network) error {
	if len(n.tunnels) > 0 {
		return fmt.Errorf("%d tunnels could not be removed", len(n.tunnels))
	}
	if err := d.kernel.Floods.Put(n.id, kernelFlood{}); err != nil {
		return fmt.Errorf("empty the flood lists: %w", err)
	}
	if err := forget(d.kernel.Counters, n.id); err != nil {
		return fmt.Errorf("remove the counters: %w", err)
	}
	if err := d.kernel.Buckets.Put(n.id, kernelBucket{}); err != nil {
		return fmt.Errorf("reset the rate limits: %w", err)
	}
	if err := forget(d.kernel.Networks, n.id); err != nil {
		return fmt.Errorf("remove the name: %w", err)
	}
	delete(d.networks, n.name)
	d.networkIDs.release(n.id)
	return nil
}
