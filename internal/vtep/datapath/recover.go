package datapath

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/vtep/forwarding"
)

// recover reads back what is programmed, and mends what a process that was
// killed within an Apply left half done. Whole tunnels are not touched.
func (d *Datapath) recover() error {
	if err := errors.Join(d.findPorts(), d.recoverNetworks()); err != nil {
		return err
	}
	if err := d.recoverLease(); err != nil {
		return err
	}
	arrivals, err := d.readArrivals()
	if err != nil {
		return err
	}
	next, broken, err := d.recoverTunnels(arrivals)
	if err != nil {
		return err
	}
	for _, n := range d.networks {
		if err := d.recoverFlood(n, next); err != nil {
			return err
		}
	}
	return errors.Join(
		d.removeStrayArrivals(arrivals),
		d.removeStrayHeads(),
		d.removeBroken(broken),
		d.removeStrayHops(),
		d.recoverEntries(),
		d.recoverNeighbours(),
		d.recoverRouters(),
		d.recoverAddresses(),
		d.recoverCounting(),
		d.recoverClamp(),
		d.outdateAll(),
	)
}

// findPorts tells by which interfaces the ports' VLANs are known. Those of
// interfaces that are gone come back with the first Apply.
func (d *Datapath) findPorts() error {
	for _, p := range d.ports {
		l, err := linkOf(p.link)
		if err != nil {
			return err
		}
		p.hop = hopOf(l)
	}
	return nil
}

func (d *Datapath) recoverNetworks() error {
	return sweep(d.kernel.Networks, func(id uint32, name kernelNetworkName) error {
		if twin := d.networks[name.String()]; twin != nil {
			return fmt.Errorf("network %q is in the maps twice, as %d and %d: %w", twin.name, twin.id, id, ErrIncompatible)
		}
		d.addNetwork(name.String(), id)
		d.networkIDs.claim(id)
		return nil
	})
}

func (d *Datapath) recoverLease() error {
	var s kernelState
	if err := d.kernel.State.Lookup(uint32(0), &s); err != nil {
		return fmt.Errorf("read the lease of next hops: %w", err)
	}
	d.trustedUntil = s.TrustedUntil
	return nil
}

func (d *Datapath) readArrivals() (map[kernelEndpoint]uint32, error) {
	out := map[kernelEndpoint]uint32{}
	err := sweep(d.kernel.Arrivals, func(key kernelEndpoint, id uint32) error {
		out[key] = id
		return nil
	})
	return out, err
}

// recoverTunnels reads the slots. A slot that is not empty and no whole tunnel
// is broken. It gives the next in the flood list by id, too.
func (d *Datapath) recoverTunnels(arrivals map[kernelEndpoint]uint32) (next map[uint32]uint32, broken []uint32, err error) {
	next = map[uint32]uint32{}
	byID := d.networksByID()
	err = sweep(d.kernel.Tunnels, func(id uint32, slot kernelTunnel) error {
		if slot == (kernelTunnel{}) {
			return nil
		}
		d.tunnelIDs.claim(id)
		next[id] = slot.FloodNext
		n := byID[slot.Network]
		e, known := d.endpointFrom(slot.Endpoint)
		if n == nil || !known || arrivals[slot.Endpoint] != id || slot.Group >= kernelGroupGROUP_COUNT {
			broken = append(broken, id)
			return nil
		}
		return d.recoverTunnel(id, n, e, slot)
	})
	return next, broken, err
}

func (d *Datapath) recoverTunnel(id uint32, n *network, e forwarding.Endpoint, slot kernelTunnel) error {
	t := &tunnel{
		endpoint: e, id: id, network: n, next: slot.FloodNext,
		group: forwarding.Group(slot.Group), filter: hwvtep.Filter(slot.Filter),
	}
	d.addTunnel(t)
	if e.IsPort() {
		d.recoverPort(t, slot.Nexthop)
		return nil
	}
	pair := Pair{Local: slot.Local.addr(), Remote: e.Remote()}
	if t.path = d.paths[pair]; t.path == nil {
		t.path = &path{id: slot.Nexthop, pair: pair}
		d.paths[pair] = t.path
		d.pathIDs.claim(t.path.id)
		if err := d.recoverHop(t.path.id, pair); err != nil {
			return err
		}
	}
	t.path.users++
	d.users[addressRole{pair.Local, kernelRoleROLE_LOCAL}]++
	d.users[addressRole{pair.Remote, kernelRoleROLE_REMOTE}]++
	return nil
}

func (d *Datapath) recoverPort(t *tunnel, hop uint32) {
	p := d.ports[t.endpoint.Port()]
	if p.path == nil {
		p.path = &path{id: hop}
		d.pathIDs.claim(hop)
	}
	p.path.users++
	t.path = p.path
}

func (d *Datapath) recoverHop(id uint32, pair Pair) error {
	var h kernelNexthop
	if err := d.kernel.Nexthops.Lookup(id, &h); err != nil {
		return fmt.Errorf("read the next hop from %s to %s: %w", pair.Local, pair.Remote, err)
	}
	d.hops[pair] = NextHop{
		IfIndex: int(h.Ifindex), Src: h.Src, Dst: h.Dst, MTU: int(h.Mtu), Resolved: h.Resolved != 0,
	}
	return nil
}

// recoverFlood follows the flood lists of a network. Where one leads through
// what is no tunnel of it, that is bypassed.
func (d *Datapath) recoverFlood(n *network, next map[uint32]uint32) error {
	var heads kernelFlood
	if err := d.kernel.Floods.Lookup(n.id, &heads); err != nil {
		return fmt.Errorf("read the flood lists of %s: %w", n.name, err)
	}
	n.limit = forwarding.Limit{Rate: heads.Rate, Burst: heads.Burst}
	n.written = heads
	n.macLimit, n.forgotten = d.recoverLimit(heads), heads.Forgotten
	for group, id := range heads.Head {
		seen := map[uint32]bool{}
		for ; id != 0 && !seen[id]; id = next[id] {
			seen[id] = true
			if t := d.tunnelAt(id); t != nil && t.network == n && int(t.group) == group {
				t.flood = true
				n.flood[group] = append(n.flood[group], t)
			}
		}
	}
	return d.mendFlood(n)
}

// recoverEntries reads the static entries and removes those, learned ones
// too, that lead to no tunnel of their network.
func (d *Datapath) recoverEntries() error {
	return sweep(d.kernel.Fdb, func(key kernelFdbKey, e kernelFdbEntry) error {
		t := d.tunnelAt(e.Tunnel)
		if t == nil || t.network.id != key.Network {
			return forget(d.kernel.Fdb, key)
		}
		if e.Fixed == kernelFixedFIXED_STATIC {
			t.network.fdb[ethernet.MAC(key.Mac)] = t.endpoint
		}
		return nil
	})
}

// recoverAddresses makes the roles of addresses those that the tunnels give.
func (d *Datapath) recoverAddresses() error {
	err := sweep(d.kernel.Addresses, func(a kernelAddress, roles kernelRole) error {
		d.roles[a.addr()] = roles
		return nil
	})
	if err != nil {
		return err
	}
	want := map[netip.Addr]kernelRole{}
	for key := range d.users {
		want[key.addr] |= key.role
	}
	var errs []error
	for addr := range maps.Clone(d.roles) {
		errs = append(errs, d.setRoles(addr, want[addr]))
	}
	for addr, roles := range want {
		errs = append(errs, d.setRoles(addr, roles))
	}
	return errors.Join(errs...)
}
