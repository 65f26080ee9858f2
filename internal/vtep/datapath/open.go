package datapath

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"landbridge/internal/vtep/forwarding"
)

// addTunnels adds the tunnels that a network lacks and sets who is flooded to.
// One that fails does not keep the others from being made.
func (d *Datapath) addTunnels(n *network, want *forwarding.Network) error {
	var first error
	failed, j, fresh := 0, &joining{network: n}, []*tunnel(nil)
	fail := func(e forwarding.Endpoint, err error) {
		failed++
		first = cmp.Or(first, fmt.Errorf("%s: %w", e, err))
	}
	for _, e := range slices.SortedFunc(maps.Keys(want.Tunnels), forwarding.Endpoint.Compare) {
		t, isNew, err := d.addTunnelTo(n, e, want.Tunnels[e], j)
		if err != nil {
			fail(e, err)
		} else if isNew {
			fresh = append(fresh, t)
		}
	}
	opened, err := d.openTunnels(fresh)
	for _, t := range fresh[opened:] {
		fail(t.endpoint, errors.Join(err, d.discard(t)))
	}
	for _, t := range fresh[:opened] {
		d.addTunnel(t)
	}
	err = j.leaveOut(fresh[opened:], d.writeSlot)
	if failed > 0 {
		first = fmt.Errorf("%d of %d tunnels failed, the first %w", failed, len(want.Tunnels), first)
	}
	return errors.Join(first, cmp.Or(err, d.join(j)))
}

// addTunnelTo has a tunnel be as it is wanted but for joining those that are
// flooded to, for which it gets ready. One that is new has yet to be opened.
func (d *Datapath) addTunnelTo(n *network, e forwarding.Endpoint, want forwarding.Tunnel, j *joining) (t *tunnel, isNew bool, err error) {
	t = d.tunnelOf(n, e)
	isNew = t == nil
	switch {
	case isNew:
		if t, err = d.makeTunnel(n, e, want); err != nil {
			return nil, false, err
		}
	case t.filter == want.Filter && (t.flood || !want.Flood):
		return t, false, nil
	}
	t.filter = want.Filter
	joins := want.Flood && !t.flood
	if joins {
		t.next = j.next(t.group)
	}
	if !isNew {
		err = d.writeSlot(t)
	}
	if joins && err == nil {
		j.add(t)
	}
	return t, isNew, err
}

// makeTunnel makes a tunnel that is not in the maps yet, but for what it shares
// with others.
func (d *Datapath) makeTunnel(n *network, e forwarding.Endpoint, want forwarding.Tunnel) (*tunnel, error) {
	if other := d.owners[e]; other != nil { // it could not be taken down
		return nil, fmt.Errorf("%w: %s", errTaken, other.network.name)
	}
	t := &tunnel{endpoint: e, network: n, group: want.Group}
	var err error
	if t.path, err = d.useWay(e, want.Local); err != nil {
		return nil, err
	}
	if t.id, err = d.takeTunnelID(); err != nil {
		return nil, errors.Join(err, d.leaveWay(t))
	}
	if err := d.useEnds(t); err != nil {
		d.tunnelIDs.release(t.id)
		return nil, errors.Join(err, d.leaveWay(t))
	}
	return t, nil
}

// discard undoes makeTunnel, whatever of the tunnel was opened.
func (d *Datapath) discard(t *tunnel) error {
	err := errors.Join(d.closeArrival(t), d.scrub([]uint32{t.id}))
	if err == nil {
		d.tunnelIDs.release(t.id)
	}
	return errors.Join(err, d.leaveEnds(t), d.leaveWay(t))
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

// openTunnels writes tunnels: their slots first, what leads to them last. It gives
// how many of them are open, the first ones.
func (d *Datapath) openTunnels(all []*tunnel) (int, error) {
	slots, arrivals := batch[uint32, kernelTunnel]{}, batch[kernelEndpoint, uint32]{}
	for _, t := range all {
		slots.add(t.id, d.slot(t))
		if key, ok := d.keyOf(t.endpoint); ok { // else its port's interface has yet to come
			arrivals.add(key, t.id)
		}
	}
	if n, err := slots.write(d.kernel.Tunnels); err != nil {
		return 0, fmt.Errorf("write %s: %w", all[n], err)
	}
	n, err := arrivals.write(d.kernel.Arrivals)
	if err == nil {
		return len(all), nil
	}
	failed := slices.IndexFunc(all, func(t *tunnel) bool { return t.id == arrivals.values[n] })
	return failed, fmt.Errorf("write the arrival of %s: %w", all[failed], err)
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
