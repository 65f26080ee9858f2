package datapath

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"landbridge/internal/vtep/forwarding"
)

// bringAllUp puts in what networks lack.
func (d *Datapath) bringAllUp(names []string, changes map[string]*forwarding.Network, fail func(string, error)) {
	var written []entryRef
	for _, name := range names {
		want := changes[name]
		if want == nil {
			continue
		}
		n, err := d.ensureNetwork(name)
		if err != nil {
			fail(name, err)
			continue
		}
		fail(name, d.setMACLimit(n, want.MACLimit))
		fail(name, d.addTunnels(n, want))
		fail(name, d.setFloodLimit(n, want))
		entries, err := d.putEntries(n, want)
		fail(name, err)
		fail(name, d.putNeighbours(n, want))
		fail(name, d.putRouters(n, want))
		written = append(written, entries...)
	}
	d.confirmEntries(written, fail)
}

// ensureNetwork gives the network of that name, with a name of its own in the
// maps before anything refers to it.
func (d *Datapath) ensureNetwork(name string) (*network, error) {
	if n := d.networks[name]; n != nil && n.counted {
		return n, nil
	} else if n != nil {
		return n, d.startCounting(n)
	}
	id, err := d.networkIDs.take()
	if err != nil {
		return nil, err
	}
	if err := put(d.kernel.Networks, id, nameOf(name)); err != nil {
		d.networkIDs.release(id)
		return nil, fmt.Errorf("write the name of the network: %w", err)
	}
	n := d.addNetwork(name, id)
	return n, d.startCounting(n)
}

// addTunnels adds the tunnels that a network lacks and sets who is flooded to.
// One that fails does not keep the others from being made.
func (d *Datapath) addTunnels(n *network, want *forwarding.Network) error {
	var first error
	failed, flooded := 0, &joining{network: n}
	for _, e := range slices.SortedFunc(maps.Keys(want.Tunnels), forwarding.Endpoint.Compare) {
		if err := d.addTunnelTo(n, e, want.Tunnels[e], flooded); err != nil {
			failed++
			first = cmp.Or(first, err)
		}
	}
	if failed > 0 {
		first = fmt.Errorf("%d of %d tunnels failed, the first %w", failed, len(want.Tunnels), first)
	}
	return errors.Join(first, d.join(flooded))
}

func (d *Datapath) addTunnelTo(n *network, e forwarding.Endpoint, want forwarding.Tunnel, flooded *joining) (err error) {
	t := n.tunnels[e]
	switch {
	case t == nil:
		t, err = d.makeTunnel(n, e, want, flooded)
	case t.Filter == want.Filter && (t.Flood || !want.Flood):
		return nil
	default:
		t.Filter = want.Filter
		if want.Flood && !t.Flood {
			t.next = flooded.next(t.Group)
		}
		err = d.writeSlot(t)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", e, err)
	}
	if want.Flood && !t.Flood {
		flooded.add(t)
	}
	return nil
}

// makeTunnel makes a tunnel, ready to join those that are flooded to.
func (d *Datapath) makeTunnel(n *network, e forwarding.Endpoint, want forwarding.Tunnel, flooded *joining) (*tunnel, error) {
	if other := d.owners[e]; other != nil { // it could not be taken down
		return nil, fmt.Errorf("%w: %s", errTaken, other.network.name)
	}
	t := &tunnel{Tunnel: want, endpoint: e, network: n}
	t.Flood = false // until it has joined
	if want.Flood {
		t.next = flooded.next(t.Group)
	}
	var err error
	if t.path, err = d.useWay(t); err != nil {
		return nil, err
	}
	if err := d.openTunnel(t); err != nil {
		return nil, errors.Join(err, d.leaveWay(t))
	}
	d.addTunnel(t)
	return t, nil
}

// takeTunnelID takes an id, if need be one that only the FDB still knows.
func (d *Datapath) takeTunnelID() (uint32, error) {
	id, err := d.tunnelIDs.take()
	if err == nil || len(d.retired) == 0 {
		return id, err
	}
	if _, err := d.sweepFDB(0); err != nil {
		return 0, err
	}
	return d.tunnelIDs.take()
}

// openTunnel writes a tunnel: its slot first, what leads to it last.
func (d *Datapath) openTunnel(t *tunnel) (err error) {
	if t.id, err = d.takeTunnelID(); err != nil {
		return err
	}
	undo := func(err error) error {
		err = errors.Join(err, d.scrub(t.id))
		d.tunnelIDs.release(t.id)
		return err
	}
	if err := d.useEnds(t); err != nil {
		return undo(err)
	}
	if err := d.writeSlot(t); err != nil {
		return undo(errors.Join(err, d.leaveEnds(t)))
	}
	if err := d.openArrival(t); err != nil {
		return undo(errors.Join(err, d.leaveEnds(t)))
	}
	return nil
}

// openArrival leads the packets of a tunnel to its slot.
func (d *Datapath) openArrival(t *tunnel) error {
	key, ok := d.keyOf(t.endpoint)
	if !ok {
		return nil // its port's interface has yet to come
	}
	if err := put(d.kernel.Arrivals, key, t.id); err != nil {
		return fmt.Errorf("write the arrival of %s: %w", t, err)
	}
	return nil
}
