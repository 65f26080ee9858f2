package datapath

import (
	"fmt"
	"slices"
	"time"

	"landbridge/internal/ethernet"
	"landbridge/internal/vtep/forwarding"
)

// Entry is an address of a network and where it lives.
type Entry struct {
	MAC      ethernet.MAC
	Endpoint forwarding.Endpoint
	Static   bool
	Frozen   bool          // it moved too often: it stays here until it is quiet
	Age      time.Duration // since a frame came from it, to about a second; 0 where Static
}

// FDB gives all entries of a network, sorted by address; none where there is no
// such network.
func (d *Datapath) FDB(name string) ([]Entry, error) {
	var out []Entry
	err := d.VisitFDB(func(network string, e Entry) {
		if network == name {
			out = append(out, e)
		}
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(out, func(a, b Entry) int { return a.MAC.Compare(b.MAC) })
	return out, nil
}

// VisitFDB shows all entries of all networks, in one pass over the map and in
// no order. One that changes meanwhile may be shown twice, or not. The visitor
// must not call the datapath.
func (d *Datapath) VisitFDB(visit func(network string, e Entry)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	now, err := ticks()
	if err != nil {
		return err
	}
	err = sweep(d.kernel.Fdb, func(key kernelFdbKey, e kernelFdbEntry) error {
		if t := d.tunnelAt(e.Tunnel); t != nil && t.network.id == key.Network {
			visit(t.network.name, Entry{
				MAC: key.Mac, Endpoint: t.endpoint, Age: e.age(now),
				Static: e.Fixed == kernelFixedFIXED_STATIC, Frozen: e.Fixed == kernelFixedFIXED_FROZEN,
			})
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the FDB: %w", err)
	}
	return nil
}

// age is the time since the entry was seen; the clock of programs may be a tick
// ahead of ours.
func (e kernelFdbEntry) age(now uint32) time.Duration {
	if e.Fixed == kernelFixedFIXED_STATIC {
		return 0
	}
	return time.Duration(max(int32(now-e.Seen), 0)) << tickShift
}
