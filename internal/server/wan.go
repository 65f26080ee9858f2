package server

import (
	"maps"
	"time"

	"landbridge/internal/hwvtep"
	"landbridge/internal/server/planner"
)

// confirmWithin is how long a switch may take to confirm that it has given up
// tunnels; after that, whoever waits for them gets them.
const confirmWithin = 5 * time.Second

// silentFor is how long databases that are known from former times may take to be
// reported: agents have to start, and switches to dial in.
const silentFor = 30 * time.Second

// tunnels are the keyed locators of a network on a switch.
type tunnels struct {
	locators hwvtep.Set[hwvtep.Locator] // that it has, or may have
	shown    hwvtep.Set[hwvtep.Locator] // in its database
	given    hwvtep.Set[hwvtep.Locator] // planned, and not seen there yet
	since    time.Time                  // locators and shown differ
}

// watchWAN takes in what switches report of the WAN side of a network: which of
// them have it, and what is against their having it. It tells whether it is
// elsewhere than before. Where there is one device there is no choice.
func (l *loop) watchWAN(id string, n *network, seen planner.Seen, now time.Time) (moved bool) {
	if len(n.devices) < 2 {
		return false
	}
	wan := make(map[string]*tunnels, len(n.devices))
	for _, device := range n.devices {
		state := seen.Switches[device]
		wan[device] = n.wan[device].after(state, now)
		moved = moved || !maps.Equal(n.wan[device].held(), wan[device].held())
		fault := ""
		if len(state.Faults) > 0 {
			fault = n.whole().WANFault(device, state.Faults)
		}
		l.health.fault(place{device, id}, fault, now)
	}
	n.wan = wan
	return moved
}

func (t *tunnels) held() hwvtep.Set[hwvtep.Locator] {
	if t == nil {
		return nil
	}
	return t.locators
}

// after gives the tunnels as they are by what the switch reports now: besides
// those in its database, those that it has not confirmed to be gone, and those
// that it was given and may be getting at this moment.
func (t *tunnels) after(state planner.SwitchState, now time.Time) *tunnels {
	next := &tunnels{shown: keyed(state.Actual), given: hwvtep.Set[hwvtep.Locator]{}, since: now}
	next.locators = maps.Clone(next.shown)
	if t == nil {
		return next
	}
	maps.Copy(next.given, t.given)
	maps.DeleteFunc(next.given, func(l hwvtep.Locator, _ struct{}) bool { return next.shown.Has(l) })
	maps.Copy(next.locators, next.given)
	if !state.Confirmed && state.Actual != nil {
		maps.Copy(next.locators, t.locators)
	}
	if t.unsettled() {
		next.since = t.since
	}
	return next
}

// give takes in that a plan gives the switch tunnels.
func (t *tunnels) give(planned hwvtep.Set[hwvtep.Locator], now time.Time) {
	unsettled := t.unsettled()
	for l := range planned {
		if !t.shown.Has(l) {
			t.given.Add(l)
			t.locators.Add(l)
		}
	}
	if !unsettled {
		t.since = now
	}
}

func (t *tunnels) unsettled() bool { return !maps.Equal(t.locators, t.shown) }

func keyed(ls *hwvtep.LogicalSwitch) hwvtep.Set[hwvtep.Locator] {
	out := hwvtep.Set[hwvtep.Locator]{}
	if ls == nil {
		return out
	}
	for l := range ls.Locators() {
		if l.WAN() {
			out.Add(l)
		}
	}
	return out
}

// lookAfter has planned anew what time alone has changed.
func (l *loop) lookAfter(now time.Time) {
	var silent []string
	if now.Sub(l.begun) >= silentFor {
		silent = l.reports.expire()
	}
	turned := l.health.observe(l.reports.errors(), now)
	networks := append(l.health.turns(now), l.overdue(now)...)
	if len(silent)+len(turned)+len(networks) == 0 {
		return
	}
	if len(turned) > 0 {
		l.log.Info("switches are lost, or back", "databases", turned)
	}
	l.queue.put(func(w *work) {
		addTo(w.moved, l.reports.of(turned))
		addTo(w.plan, networks)
		addTo(w.reported, silent)
	})
}

// overdue gives the networks that wait for a confirmation no longer.
func (l *loop) overdue(now time.Time) (networks []string) {
	for id, n := range l.networks {
		if !n.out.Moving {
			continue
		}
		for _, t := range n.wan {
			if t.unsettled() && now.Sub(t.since) >= confirmWithin {
				t.locators, t.given = maps.Clone(t.shown), hwvtep.Set[hwvtep.Locator]{}
				networks = append(networks, id)
			}
		}
	}
	return networks
}
