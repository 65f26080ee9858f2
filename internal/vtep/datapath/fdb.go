package datapath

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"landbridge/internal/ethernet"
	"landbridge/internal/vtep/forwarding"
)

func (n *network) fdbKey(mac ethernet.MAC) kernelFdbKey {
	return kernelFdbKey{Network: n.id, Mac: mac}
}

// putEntries writes the static entries that a network lacks, and adds them to
// those that were written.
func (d *Datapath) putEntries(n *network, want *forwarding.Network, written *batch[kernelFdbKey, kernelFdbEntry]) error {
	var missing batch[kernelFdbKey, kernelFdbEntry]
	for mac, e := range want.FDB {
		if n.fdb[mac] == e {
			continue
		}
		if t := d.tunnelOf(n, e); t != nil { // else it could not be made, which has been told
			missing.add(n.fdbKey(mac), kernelFdbEntry{Tunnel: t.id, Fixed: kernelFixedFIXED_STATIC})
		}
	}
	done, err := missing.write(d.kernel.Fdb)
	if errors.Is(err, unix.E2BIG) && !d.crammed {
		rest := missing.from(done)
		var more int
		if err = d.evict(len(rest.keys)); err == nil {
			more, err = rest.write(d.kernel.Fdb)
		}
		done += more
	}
	for i, key := range missing.keys[:done] {
		n.fdb[key.Mac] = want.FDB[key.Mac]
		written.add(key, missing.values[i])
	}
	switch {
	case errors.Is(err, unix.E2BIG):
		return fmt.Errorf("no room for the FDB entry of %s: all %d are in use; start anew with a larger size", ethernet.MAC(missing.keys[done].Mac), d.cfg.Sizes.FDB)
	case err != nil:
		return fmt.Errorf("write the FDB entry of %s: %w", ethernet.MAC(missing.keys[done].Mac), err)
	}
	return nil
}

// confirmEntries mends static entries that a program has learned over: one that
// had looked before the entry was written, and wrote after. To write all of them
// once more costs less than to look at each.
func (d *Datapath) confirmEntries(written *batch[kernelFdbKey, kernelFdbEntry], fail func(string, error)) {
	if len(written.keys) == 0 {
		return
	}
	err := d.barrier.wait()
	done := 0
	if err == nil {
		done, err = written.write(d.kernel.Fdb)
	}
	if err != nil {
		key := written.keys[done]
		fail(d.networksByID()[key.Network].name, fmt.Errorf("write the FDB entry of %s: %w", ethernet.MAC(key.Mac), err))
	}
}
