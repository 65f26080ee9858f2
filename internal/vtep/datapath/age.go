package datapath

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/cilium/ebpf"

	"landbridge/internal/ethernet"
)

// Swept is what a pass over the FDB has found.
type Swept struct {
	Aged     int                  // entries removed since nobody heard of them
	Thawed   int                  // entries that may move again
	Full     bool                 // the FDB has no room left
	Networks map[string]Addresses // of all networks
}

// Addresses counts the addresses of a network.
type Addresses struct {
	Static, Learned int
	Limit           uint32         // of the learned ones; 0: none
	Frozen          []ethernet.MAC // of the learned ones, sorted
}

// AtLimit tells whether the network learns no more.
func (a Addresses) AtLimit() bool { return a.Limit != 0 && a.Learned >= int(a.Limit) }

// Sweep goes over the FDB: it removes the learned entries that no frame has come
// from for longer than that (0: they stay) and those of tunnels that are gone,
// and lets frozen addresses go that have not tried to move for a while. Ages are
// in steps of about a second.
func (d *Datapath) Sweep(olderThan time.Duration) (Swept, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, err := d.sweepFDB(olderThan)
	if err != nil {
		return s, fmt.Errorf("sweep the FDB: %w", err)
	}
	return s, nil
}

// sweeping is one pass.
type sweeping struct {
	*Datapath
	now       uint32
	olderThan time.Duration
	byID      map[uint32]*network
	found     map[*network]*Addresses
	total     int
	removed   map[uint32]struct{} // networks that entries were removed of, by id
	out       Swept
}

func (d *Datapath) sweepFDB(olderThan time.Duration) (Swept, error) {
	now, err := ticks()
	if err != nil {
		return Swept{}, err
	}
	s := sweeping{Datapath: d, now: now, olderThan: olderThan, byID: d.networksByID(), found: map[*network]*Addresses{}, removed: map[uint32]struct{}{}}
	for _, n := range d.networks {
		s.found[n] = &Addresses{Limit: n.macLimit.Or(d.cfg.MACLimit)}
	}
	ever, err := d.learnedEver() // first: what is learned meanwhile counts twice at most until the next pass
	if err != nil {
		return Swept{}, err
	}
	if err := sweep(d.kernel.Fdb, s.entry); err != nil {
		return Swept{}, err
	}
	if err := d.outdate(slices.Collect(maps.Keys(s.removed))); err != nil {
		return Swept{}, err
	}
	for id := range d.retired {
		d.tunnelIDs.release(id)
	}
	clear(d.retired)
	s.out.Full = s.total >= int(d.cfg.Sizes.FDB)
	s.out.Networks = make(map[string]Addresses, len(s.found))
	errs := []error{sweep(d.kernel.Movers, s.mover)}
	if olderThan != 0 {
		errs = append(errs, d.ageRouters(now, olderThan))
	}
	for n, a := range s.found {
		slices.SortFunc(a.Frozen, ethernet.MAC.Compare)
		s.out.Networks[n.name] = *a
		errs = append(errs, d.forgot(n, ever[n.id]-uint32(a.Learned)))
	}
	return s.out, errors.Join(errs...)
}

// entry decides on one entry and counts what stays.
func (s *sweeping) entry(key kernelFdbKey, e kernelFdbEntry) error {
	_, retired := s.retired[e.Tunnel]
	n := s.byID[key.Network]
	if retired || n == nil {
		return s.remove(key)
	}
	old := s.olderThan != 0 && e.age(s.now) > s.olderThan
	if e.Fixed != kernelFixedFIXED_STATIC && old {
		s.out.Aged++
		return s.remove(key)
	}
	s.total++
	switch e.Fixed {
	case kernelFixedFIXED_STATIC:
		s.found[n].Static++
		return nil
	case kernelFixedFIXED_FROZEN:
		quiet, err := s.isQuiet(key, s.now)
		if err != nil {
			return err
		}
		if !quiet {
			s.found[n].Frozen = append(s.found[n].Frozen, key.Mac)
			break
		}
		s.out.Thawed++
		if err := s.release(key, e); err != nil {
			return err
		}
	}
	s.found[n].Learned++
	return nil
}

func (s *sweeping) remove(key kernelFdbKey) error {
	s.removed[key.Network] = struct{}{}
	return forget(s.kernel.Fdb, key)
}

// mover forgets the moves of a network that is gone: another one may have its id.
func (s *sweeping) mover(key kernelFdbKey, _ kernelMover) error {
	if s.byID[key.Network] != nil {
		return nil
	}
	return forget(s.kernel.Movers, key)
}

// isQuiet tells whether an address has not moved, nor tried to, for long enough.
func (d *Datapath) isQuiet(key kernelFdbKey, now uint32) (bool, error) {
	var m kernelMover
	err := d.kernel.Movers.Lookup(key, &m)
	if errors.Is(err, ebpf.ErrKeyNotExist) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("read the moves of %s: %w", ethernet.MAC(key.Mac), err)
	}
	return int32(now-m.Last) > movesWithin, nil
}

const movesWithin = 168 // MOVES_WITHIN in bpf/model.h

// release lets a frozen entry move again. No program moves it meanwhile.
func (d *Datapath) release(key kernelFdbKey, e kernelFdbEntry) error {
	if err := forget(d.kernel.Movers, key); err != nil {
		return fmt.Errorf("forget the moves of %s: %w", ethernet.MAC(key.Mac), err)
	}
	e.Fixed = 0
	err := d.kernel.Fdb.Update(key, e, ebpf.UpdateExist)
	if err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
		return fmt.Errorf("thaw %s: %w", ethernet.MAC(key.Mac), err)
	}
	return nil
}

// Thaw lets an address that is frozen move again, in all networks. It gives the
// names of those where it was frozen, sorted.
func (d *Datapath) Thaw(mac ethernet.MAC) ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []string
	for name, n := range d.networks {
		key := n.fdbKey(mac)
		var e kernelFdbEntry
		err := d.kernel.Fdb.Lookup(key, &e)
		if errors.Is(err, ebpf.ErrKeyNotExist) || err == nil && e.Fixed != kernelFixedFIXED_FROZEN {
			continue
		}
		if err == nil {
			err = d.release(key, e)
		}
		if err != nil {
			return out, fmt.Errorf("thaw %s in %s: %w", mac, name, err)
		}
		out = append(out, name)
	}
	slices.Sort(out)
	return out, nil
}

// evict removes learned entries, those longest not heard of first, so that there
// is room for so many static ones.
func (d *Datapath) evict(room int) error {
	now, err := ticks()
	if err != nil {
		return err
	}
	type candidate struct {
		key kernelFdbKey
		age time.Duration
	}
	var learned []candidate
	err = sweep(d.kernel.Fdb, func(key kernelFdbKey, e kernelFdbEntry) error {
		if e.Fixed != kernelFixedFIXED_STATIC {
			learned = append(learned, candidate{key, e.age(now)})
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(learned, func(a, b candidate) int { return cmp.Compare(b.age, a.age) })
	d.crammed = len(learned) < room
	evicted := map[uint32]struct{}{} // of networks, by id
	for _, c := range learned[:min(room, len(learned))] {
		if err := forget(d.kernel.Fdb, c.key); err != nil {
			return err
		}
		evicted[c.key.Network] = struct{}{}
	}
	if err := d.outdate(slices.Collect(maps.Keys(evicted))); err != nil {
		return err
	}
	d.cfg.Logger.Warn("the FDB is full: learned addresses make room for static ones", "count", min(room, len(learned)))
	return nil
}
