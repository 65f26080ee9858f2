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
	for _, t := range n.tunnels {
		if want == nil {
			out = append(out, t)
		} else if w, ok := want.Tunnels[t.endpoint]; !ok || !t.same(w) {
			out = append(out, t)
		}
	}
	return out
}

// stopFlooding takes the tunnels that stay, but are no longer flooded to, out
// of the flood lists.
func (d *Datapath) stopFlooding(n *network, want *forwarding.Network) (unlinked bool, err error) {
	if want == nil {
		return false, nil
	}
	var out []*tunnel
	for _, t := range n.tunnels {
		if w, ok := want.Tunnels[t.endpoint]; ok && t.flood && !w.Flood && t.same(w) {
			out = append(out, t)
		}
	}
	return len(out) > 0, d.unlink(n, out)
}

// removeEntries removes static entries that are not wanted. Those that are to
// lead elsewhere stay until they are written over.
func (d *Datapath) removeEntries(n *network, want *forwarding.Network) error {
	return d.removeWhere(n, func(mac ethernet.MAC, _ forwarding.Endpoint) bool {
		if want == nil {
			return true
		}
		_, stays := want.FDB[mac]
		return !stays
	})
}

func (d *Datapath) removeWhere(n *network, gone func(ethernet.MAC, forwarding.Endpoint) bool) error {
	var keys []kernelFdbKey
	for mac, e := range n.fdb {
		if gone(mac, e) {
			keys = append(keys, n.fdbKey(mac))
		}
	}
	done, err := forgetAll(d.kernel.Fdb, keys)
	for _, key := range keys[:done] {
		delete(n.fdb, key.Mac)
	}
	if err != nil {
		return fmt.Errorf("remove the FDB entry of %s: %w", ethernet.MAC(keys[done].Mac), err)
	}
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
	if err := d.closeTunnels(victims); err != nil {
		return err
	}
	// From here on no packet arrives by them, and after the wait none that has
	// arrived can still be learned from.
	if err := d.barrier.wait(); err != nil || len(victims) == 0 {
		return err
	}
	errs := []error{d.freeTunnels(victims)}
	for n := range byNetwork(victims) {
		errs = append(errs, d.dropDeadEntries(n))
	}
	return errors.Join(errs...)
}

func byNetwork(all []*tunnel) map[*network][]*tunnel {
	out := map[*network][]*tunnel{}
	for _, t := range all {
		out[t.network] = append(out[t.network], t)
	}
	return out
}

// closeTunnels lets nothing enter or leave by tunnels. The rest of their slots
// stays for programs that look at them.
func (d *Datapath) closeTunnels(all []*tunnel) error {
	var arrivals []kernelEndpoint
	for _, t := range all {
		if key, ok := d.keyOf(t.endpoint); ok {
			arrivals = append(arrivals, key)
		}
	}
	if n, err := forgetAll(d.kernel.Arrivals, arrivals); err != nil {
		return fmt.Errorf("close %d of %d tunnels: %w", len(arrivals)-n, len(arrivals), err)
	}
	for n, some := range byNetwork(all) {
		if err := d.unlink(n, some); err != nil {
			return err
		}
	}
	var slots batch[uint32, kernelTunnel]
	for _, t := range all {
		slot := d.slot(t)
		slot.Network = 0
		slots.add(t.id, slot)
	}
	if n, err := slots.write(d.kernel.Tunnels); err != nil {
		return fmt.Errorf("close %s: %w", all[n], err)
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
	return d.removeWhere(n, func(_ ethernet.MAC, e forwarding.Endpoint) bool { return d.tunnelOf(n, e) == nil })
}

// freeTunnels gives back all that closed tunnels held, but for their ids.
func (d *Datapath) freeTunnels(all []*tunnel) error {
	ids := make([]uint32, 0, len(all))
	for _, t := range all {
		d.dropTunnel(t)
		ids = append(ids, t.id)
	}
	if err := d.scrub(ids); err != nil {
		return err // the ids stay taken
	}
	var errs []error
	for _, t := range all {
		d.retired[t.id] = struct{}{}
		errs = append(errs, d.leaveWay(t), d.leaveEnds(t))
	}
	return errors.Join(errs...)
}

// scrub empties slots and their counters.
func (d *Datapath) scrub(ids []uint32) error {
	slots := batch[uint32, kernelTunnel]{ids, make([]kernelTunnel, len(ids))}
	if n, err := slots.write(d.kernel.Tunnels); err != nil {
		return fmt.Errorf("empty the slot of tunnel %d: %w", ids[n], err)
	}
	if _, err := d.kernel.Traffic.BatchUpdate(ids, make([]kernelTraffic, len(ids)*d.cpus), nil); err != nil {
		return fmt.Errorf("reset the counters of %d tunnels: %w", len(ids), err)
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
