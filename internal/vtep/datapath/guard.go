package datapath

import (
	"fmt"

	"landbridge/internal/vtep/forwarding"
)

// setFloodLimit writes how much a network may be flooded and which filters its
// tunnels have.
func (d *Datapath) setFloodLimit(n *network, want *forwarding.Network) error {
	n.limit = want.Limit
	return d.writeFlood(n, n.flood)
}

// SetClamp says whether TCP handshakes are told of the smaller of the two ways.
func (d *Datapath) SetClamp(on bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	want := uint32(0)
	if on {
		want = 1
	}
	if d.clamp == want {
		return nil
	}
	var s kernelState
	if err := d.kernel.State.Lookup(uint32(0), &s); err != nil {
		return fmt.Errorf("read the state: %w", err)
	}
	s.Clamp = want
	if err := d.kernel.State.Put(uint32(0), s); err != nil {
		return fmt.Errorf("write whether TCP is clamped: %w", err)
	}
	d.clamp = want
	return nil
}

func (d *Datapath) recoverClamp() error {
	var s kernelState
	if err := d.kernel.State.Lookup(uint32(0), &s); err != nil {
		return fmt.Errorf("read the state: %w", err)
	}
	d.clamp = s.Clamp
	return nil
}
