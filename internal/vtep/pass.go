package vtep

import (
	"errors"
	"maps"
	"slices"
	"time"

	"landbridge/internal/vtep/datapath"
	"landbridge/internal/vtep/forwarding"
	"landbridge/internal/vtep/underlay"
)

// databaseChanged takes in what the database says has changed. Until it has been
// read for the first time, what is desired is what was pinned.
func (l *loop) databaseChanged() {
	// Read first: the agent raises it after its rows, so that the rows read
	// below are at least as new.
	wanted, asked := l.db.Wanted()
	dirty := l.db.Take()
	if !l.synced && !dirty.Resync {
		return
	}
	names := dirty.LogicalSwitches
	if dirty.Resync {
		names = append(l.db.LogicalSwitchNames(), l.desired.names()...)
		slices.Sort(names)
	}
	for _, name := range slices.Compact(names) {
		for _, changed := range l.desired.set(name, l.db.LogicalSwitch(name)) {
			l.pending[changed] = struct{}{}
		}
	}
	l.wanted, l.asked, l.synced = wanted, asked, true
	l.apply()
	l.sayClaims()
	if dirty.Resync {
		l.spare()
	}
}

// everything compares all that the datapath holds with what it must.
func (l *loop) everything() {
	for _, name := range l.dp.Differing(l.desired.networks) {
		l.pending[name] = struct{}{}
	}
	l.measure(l.hops.States())
	l.apply()
	l.pushNextHops(l.hops.States())
	l.whole(l.dp.Ensure()) // last: it says that the next hops are up to date
	if l.large {
		l.spare() // what was still held when all had been read
		l.large = false
	}
}

// spare gives memory back that reading the whole database took: now, and with
// the next full pass.
func (l *loop) spare() {
	l.large = true
	l.trim()
}

// attach has the program where packets arrive. Next hops may not have been looked
// at since somebody else served them, so that their lease stays as it is.
func (l *loop) attach() { l.whole(l.dp.Attach()) }

// whole takes in what the datapath says of itself, and tells the log of news.
func (l *loop) whole(err error) {
	switch was := l.broken; {
	case err == nil && was != nil:
		l.log.Info("the datapath is whole again")
	case text(err) != text(was):
		l.log.Error("the datapath is not whole; trying again", "error", err)
	}
	l.broken = err
	l.armRetry()
}

// again tries what has failed.
func (l *loop) again() {
	l.retryAt = nil
	if l.broken != nil && !errors.Is(l.broken, datapath.ErrNoInterface) { // which is looked for each second
		l.whole(l.dp.Ensure())
	}
	l.apply()
}

// armRetry sees to it that what has failed is tried again.
func (l *loop) armRetry() {
	switch {
	case len(l.pending) == 0 && l.broken == nil:
		l.retryAt = nil
		l.retry.Reset()
	case l.retryAt == nil:
		l.retryAt = time.After(l.retry.NextBackOff())
	}
}

// apply hands over what is pending, tells the underlay where tunnels go and
// reports.
func (l *loop) apply() {
	if len(l.pending) > 0 {
		l.handOver()
	}
	l.want()
	l.tell()
}

// want asks the underlay for the pairs of tunnels, where they are others.
func (l *loop) want() {
	if l.desired.other {
		l.hops.Want(l.desired.pairs())
		l.desired.other = false
	}
}

func (l *loop) handOver() {
	changes := make(map[string]*forwarding.Network, len(l.pending))
	for name := range l.pending {
		changes[name] = nil
		if n, ok := l.desired.networks[name]; ok {
			changes[name] = &n
		}
	}
	failed := l.dp.Apply(changes)
	for name, n := range changes {
		l.handedOver(name, n, failed[name])
	}
	l.armRetry()
}

func (l *loop) handedOver(name string, n *forwarding.Network, err error) {
	if err != nil {
		if text(l.refused[name]) != err.Error() {
			l.log.Error("the datapath refuses a network; trying again", "network", name, "error", err)
		}
		l.refused[name] = err
		return
	}
	delete(l.pending, name)
	delete(l.refused, name)
	if n == nil {
		l.log.Info("network removed", "network", name)
		return
	}
	l.log.Info("network programmed", "network", name, "tunnels", len(n.Tunnels), "static MACs", len(n.FDB))
}

// nextHopsChanged follows the underlay. An interface may have come back with
// it, so that the program has to be attached again.
func (l *loop) nextHopsChanged() {
	l.pushNextHops(l.hops.Take())
	l.measure(l.hops.States())
	l.whole(l.dp.Ensure())
	l.tell()
}

// pushNextHops hands next hops to the datapath, and takes back those that
// nobody uses. One that is being asked for is no news: what the datapath has
// may still be right.
func (l *loop) pushNextHops(states map[underlay.Pair]underlay.State) {
	hops := map[datapath.Pair]datapath.NextHop{}
	for p, s := range states {
		if _, used := l.desired.users[p]; used && !s.Pending {
			hops[datapath.Pair(p)] = datapath.NextHop(s.NextHop)
			l.pushed[p] = struct{}{}
		}
	}
	maps.DeleteFunc(l.pushed, func(p underlay.Pair, _ struct{}) bool {
		_, used := l.desired.users[p]
		if !used {
			hops[datapath.Pair(p)] = datapath.NextHop{}
		}
		return !used
	})
	if err := l.dp.SetNextHops(hops); err != nil {
		l.log.Error("cannot write next hops; trying again", "error", err)
	}
}

// told is what the database is told of, sorted.
func (l *loop) told(states map[underlay.Pair]underlay.State) []string {
	out := l.desired.faults(l.refused, states, l.swept)
	for _, n := range l.narrow {
		out = append(out, n.String())
	}
	slices.Sort(out)
	return out
}

// tell gives the reporter what the database has to show. A change is confirmed
// when the ways of its tunnels have been found, or found missing.
func (l *loop) tell() {
	if !l.synced {
		return
	}
	states := l.hops.States()
	r := report{
		faults: l.told(states), done: l.wanted, confirmed: l.asked,
		portFaults: l.portFaults(states), local: l.ports.local, stats: l.ports.stats, round: l.ports.round,
	}
	if l.desired.beside.undecided() {
		r.confirmed = false
	}
	for p := range l.desired.users {
		if s, known := states[p]; !known || s.Pending {
			r.confirmed = false
		}
	}
	l.reporter.set(r)
}
