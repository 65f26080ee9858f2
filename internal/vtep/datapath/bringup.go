package datapath

import (
	"fmt"

	"landbridge/internal/vtep/forwarding"
)

// bringAllUp puts in what networks lack.
func (d *Datapath) bringAllUp(names []string, changes map[string]*forwarding.Network, fail func(string, error)) {
	var written batch[kernelFdbKey, kernelFdbEntry]
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
		fail(name, d.putEntries(n, want, &written))
		fail(name, d.putNeighbours(n, want))
		fail(name, d.putRouters(n, want))
	}
	d.confirmEntries(&written, fail)
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
