package datapath

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"landbridge/internal/ethernet"
	"landbridge/internal/vtep/forwarding"
)

// Who has an address, and which addresses and MACs are of the cloud's routers.

func (n *network) neighbourKey(a netip.Addr) kernelNeighbourKey {
	return kernelNeighbourKey{Network: n.id, Address: addressOf(a)}
}

// neighbourOf gives what a network's model says of an address.
func neighbourOf(want *forwarding.Network, a netip.Addr) (k kernelNeighbour, ok bool) {
	mac, known := want.Neighbours[a]
	_, gateway := want.Gateways[a]
	k.Mac = mac
	if gateway {
		k.Gateway = 1
	}
	return k, known || gateway
}

// into adds it to the model that it came from.
func (k kernelNeighbour) into(a netip.Addr, n *forwarding.Network) {
	if mac := ethernet.MAC(k.Mac); !mac.IsZero() {
		n.Neighbours[a] = mac
	}
	if k.Gateway != 0 {
		n.Gateways.Add(a)
	}
}

func (d *Datapath) putNeighbours(n *network, want *forwarding.Network) error {
	var missing batch[kernelNeighbourKey, kernelNeighbour]
	look := func(a netip.Addr) {
		k, _ := neighbourOf(want, a)
		if have, ok := n.neighbours[a]; !ok || have != k {
			missing.add(n.neighbourKey(a), k)
		}
	}
	for a := range want.Gateways {
		look(a)
	}
	for a := range want.Neighbours {
		if !want.Gateways.Has(a) {
			look(a)
		}
	}
	done, err := missing.write(d.kernel.Neighbours)
	for i, key := range missing.keys[:done] {
		n.neighbours[key.Address.addr()] = missing.values[i]
	}
	switch {
	case errors.Is(err, unix.E2BIG):
		return fmt.Errorf("no room for the neighbour %s: all %d are in use; start anew with a larger size", missing.keys[done].Address.addr(), d.cfg.Sizes.FDB)
	case err != nil:
		return fmt.Errorf("write the neighbour %s: %w", missing.keys[done].Address.addr(), err)
	}
	return nil
}

// removeNeighbours removes those that are not wanted; nil wants none.
func (d *Datapath) removeNeighbours(n *network, want *forwarding.Network) error {
	var gone []kernelNeighbourKey
	for a := range n.neighbours {
		if want != nil {
			if _, ok := neighbourOf(want, a); ok {
				continue
			}
		}
		gone = append(gone, n.neighbourKey(a))
	}
	done, err := forgetAll(d.kernel.Neighbours, gone)
	for _, key := range gone[:done] {
		delete(n.neighbours, key.Address.addr())
	}
	if err != nil {
		return fmt.Errorf("remove the neighbour %s: %w", gone[done].Address.addr(), err)
	}
	return nil
}

func (d *Datapath) putRouters(n *network, want *forwarding.Network) error {
	for mac := range want.Routers {
		if _, ok := n.routers[mac]; ok {
			continue
		}
		if err := d.kernel.Routers.Put(n.fdbKey(mac), kernelRouter{Fixed: 1}); err != nil {
			return fmt.Errorf("write the router %s: %w", mac, err)
		}
		n.routers[mac] = struct{}{}
	}
	return nil
}

// removeRouters removes those that are not wanted; where the network goes, also
// those that programs have learned.
func (d *Datapath) removeRouters(n *network, want *forwarding.Network) error {
	if want == nil {
		clear(n.routers)
		return sweep(d.kernel.Routers, func(key kernelFdbKey, _ kernelRouter) error {
			if key.Network != n.id {
				return nil
			}
			return forget(d.kernel.Routers, key)
		})
	}
	var errs []error
	for mac := range maps.Clone(n.routers) {
		if _, ok := want.Routers[mac]; ok {
			continue
		}
		errs = append(errs, forget(d.kernel.Routers, n.fdbKey(mac)))
		delete(n.routers, mac)
	}
	return errors.Join(errs...)
}

// ageRouters forgets learned routers that do not speak any more.
func (d *Datapath) ageRouters(now uint32, olderThan time.Duration) error {
	return sweep(d.kernel.Routers, func(key kernelFdbKey, r kernelRouter) error {
		if r.Fixed != 0 || (kernelFdbEntry{Seen: r.Seen}).age(now) <= olderThan {
			return nil
		}
		return forget(d.kernel.Routers, key)
	})
}

// recoverNeighbours reads back who has an address, and removes what is of no
// network.
func (d *Datapath) recoverNeighbours() error {
	byID := d.networksByID()
	return sweep(d.kernel.Neighbours, func(key kernelNeighbourKey, k kernelNeighbour) error {
		n := byID[key.Network]
		if n == nil {
			return forget(d.kernel.Neighbours, key)
		}
		n.neighbours[key.Address.addr()] = k
		return nil
	})
}

func (d *Datapath) recoverRouters() error {
	byID := d.networksByID()
	return sweep(d.kernel.Routers, func(key kernelFdbKey, r kernelRouter) error {
		n := byID[key.Network]
		if n == nil {
			return forget(d.kernel.Routers, key)
		}
		if r.Fixed != 0 {
			n.routers[key.Mac] = struct{}{}
		}
		return nil
	})
}
