package datapath

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"landbridge/internal/ethernet"
	"landbridge/internal/vtep/forwarding"
)

// entryRef is a static entry that was written.
type entryRef struct {
	network *network
	mac     ethernet.MAC
}

func (n *network) fdbKey(mac ethernet.MAC) kernelFdbKey {
	return kernelFdbKey{Network: n.id, Mac: mac}
}

// staticEntry gives the entry as the map holds it.
func (n *network) staticEntry(mac ethernet.MAC) kernelFdbEntry {
	return kernelFdbEntry{Tunnel: n.tunnels[n.fdb[mac]].id, Fixed: kernelFixedFIXED_STATIC}
}

// putEntries writes the static entries that a network lacks.
func (d *Datapath) putEntries(n *network, want *forwarding.Network) (written []entryRef, err error) {
	evicted := false
	for mac, e := range want.FDB {
		if n.fdb[mac] == e {
			continue
		}
		t := n.tunnels[e]
		if t == nil {
			continue // it could not be made, which has been told
		}
		entry := kernelFdbEntry{Tunnel: t.id, Fixed: kernelFixedFIXED_STATIC}
		err := d.kernel.Fdb.Put(n.fdbKey(mac), entry)
		if errors.Is(err, unix.E2BIG) && !evicted {
			evicted = true
			err = errors.Join(d.evict(len(want.FDB)-len(n.fdb)), d.kernel.Fdb.Put(n.fdbKey(mac), entry))
		}
		if errors.Is(err, unix.E2BIG) {
			return written, fmt.Errorf("no room for the FDB entry of %s: all %d are in use; start anew with a larger size", mac, d.cfg.Sizes.FDB)
		}
		if err != nil {
			return written, fmt.Errorf("write the FDB entry of %s: %w", mac, err)
		}
		n.fdb[mac] = e
		written = append(written, entryRef{n, mac})
	}
	return written, nil
}

// confirmEntries mends static entries that a program has learned over: one that
// had looked before the entry was written, and wrote after.
func (d *Datapath) confirmEntries(written []entryRef, fail func(string, error)) {
	if len(written) == 0 {
		return
	}
	if err := d.barrier.wait(); err != nil {
		fail(written[0].network.name, err)
		return
	}
	for _, ref := range written {
		var have kernelFdbEntry
		key, want := ref.network.fdbKey(ref.mac), ref.network.staticEntry(ref.mac)
		if err := d.kernel.Fdb.Lookup(key, &have); err == nil && have == want {
			continue
		}
		if err := d.kernel.Fdb.Put(key, want); err != nil {
			fail(ref.network.name, fmt.Errorf("write the FDB entry of %s: %w", ref.mac, err))
		}
	}
}
