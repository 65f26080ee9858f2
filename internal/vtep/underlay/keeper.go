package underlay

import (
	"context"
	"time"

	"github.com/vishvananda/netlink"
)

// keeper is the one goroutine that asks the kernel and decides.
type keeper struct {
	u *Underlay
	k kernel
	tables
	entries map[Pair]entry
	byHop   map[neighbourKey]map[Pair]struct{}
}

// entry is a pair's last look-up and what came of it.
type entry struct {
	route  route
	lookup error
	hop    neighbourKey // the zero key where there is none
}

func newKeeper(u *Underlay, k kernel) *keeper {
	return &keeper{
		u: u, k: k,
		tables:  tables{neighbours: map[neighbourKey]*neighbour{}},
		entries: map[Pair]entry{}, byHop: map[neighbourKey]map[Pair]struct{}{},
	}
}

func (k *keeper) run(ctx context.Context, events <-chan event) error {
	if err := k.everything(); err != nil {
		return err
	}
	full, probes := time.NewTicker(k.u.cfg.FullPass), time.NewTicker(probeEvery)
	defer full.Stop()
	defer probes.Stop()
	var settled <-chan time.Time
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case e := <-events:
			if e.neighbour != nil {
				k.neighbourChanged(e.neighbour)
			} else if settled == nil {
				settled = time.After(settle)
			}
		case <-settled:
			settled = nil
			err = k.everything()
		case <-full.C:
			err = k.everything()
		case <-k.u.wake:
			k.wantChanged()
		case <-probes.C:
			k.probe()
		}
		if err != nil {
			return err
		}
	}
}

// everything looks at all tables and all pairs anew.
func (k *keeper) everything() (err error) {
	if k.links, k.addrs, err = k.k.tables(); err != nil {
		return err
	}
	neighbours, err := k.k.neighbours()
	if err != nil {
		return err
	}
	gone := make(map[neighbourKey]bool, len(k.neighbours))
	for key := range k.neighbours {
		gone[key] = true
	}
	for i := range neighbours {
		key := k.observe(&neighbours[i])
		delete(gone, key)
	}
	for key := range gone {
		k.neighbourGone(key)
	}
	for p := range k.u.forget() {
		k.look(p)
	}
	k.dropUnwanted()
	k.probe()
	return nil
}

// wantChanged looks at the pairs that are new.
func (k *keeper) wantChanged() {
	for p := range k.u.forget() {
		if _, known := k.entries[p]; !known {
			k.look(p)
		}
	}
	k.dropUnwanted()
	k.probe()
}

func (k *keeper) dropUnwanted() {
	for p := range k.entries {
		if _, ok := k.u.State(p); !ok {
			k.place(p, entry{})
			delete(k.entries, p)
		}
	}
}

// look asks for the way of one pair.
func (k *keeper) look(p Pair) {
	var e entry
	e.route, e.lookup = k.k.route(p)
	s := k.resolve(p, e.route, e.lookup)
	if s.Problem == "" || s.Gateway.IsValid() && k.links[e.route.ifIndex].unusable() == "" {
		e.hop = s.neighbour()
	}
	k.place(p, e)
	k.u.publish(p, s)
}

// place keeps entries and byHop in step.
func (k *keeper) place(p Pair, e entry) {
	if old := k.entries[p].hop; old != e.hop {
		delete(k.byHop[old], p)
		if len(k.byHop[old]) == 0 {
			delete(k.byHop, old)
		}
	}
	if (e.hop != neighbourKey{}) {
		if k.byHop[e.hop] == nil {
			k.byHop[e.hop] = map[Pair]struct{}{}
		}
		k.byHop[e.hop][p] = struct{}{}
	}
	k.entries[p] = e
}

// observe takes in one entry of the kernel's neighbour tables.
func (k *keeper) observe(n *netlink.Neigh) neighbourKey {
	key := keyOf(n)
	if k.neighbours[key] == nil {
		k.neighbours[key] = &neighbour{}
	}
	k.neighbours[key].observe(n.State, macOf(n.HardwareAddr))
	return key
}

// neighbourChanged is for a change of one neighbour: its pairs alone are
// looked at, without asking for their routes again.
func (k *keeper) neighbourChanged(n *netlink.Neigh) {
	key := keyOf(n)
	if n.State == netlink.NUD_NONE {
		k.neighbourGone(key)
	} else {
		k.observe(n)
	}
	k.conclude(key)
	k.ask(key, time.Now())
}

// conclude publishes what the state of a neighbour means for its pairs.
func (k *keeper) conclude(key neighbourKey) {
	for p := range k.byHop[key] {
		e := k.entries[p]
		k.u.publish(p, k.resolve(p, e.route, e.lookup))
	}
}

// neighbourGone keeps what was known where a pair needs it.
func (k *keeper) neighbourGone(key neighbourKey) {
	if _, needed := k.byHop[key]; !needed {
		delete(k.neighbours, key)
	} else if n := k.neighbours[key]; n != nil {
		n.observe(netlink.NUD_NONE, n.mac)
	}
}

// probe has the kernel ask for all neighbours that pairs need and it is not
// sure of.
func (k *keeper) probe() {
	now := time.Now()
	for key := range k.byHop {
		k.ask(key, now)
	}
}

func (k *keeper) ask(key neighbourKey, now time.Time) {
	if _, needed := k.byHop[key]; !needed {
		return
	}
	if k.neighbours[key] == nil {
		k.neighbours[key] = &neighbour{}
	}
	n := k.neighbours[key]
	if !n.due(now) {
		return
	}
	if err := k.k.probe(key); err != nil {
		k.u.cfg.Logger.Debug("cannot ask for a neighbour", "neighbour", key.addr, "interface", k.links[key.ifIndex].name, "error", err)
		n.failed = !n.good // nobody else will say so
		k.conclude(key)
	}
}
