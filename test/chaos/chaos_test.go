package chaos

import (
	"testing"
	"time"

	"landbridge/internal/lab/rest"
)

const (
	// healed is how long after the last fault everything has to be as asked for.
	healed = 10 * time.Second
	// settledWithin is how long the WAN side may stay at another device than
	// otherwise: a device counts as lost until it has been well for 10 s, and
	// what it then gets is given up elsewhere first.
	settledWithin = 20 * time.Second
)

func TestChaos(t *testing.T) {
	s := write(*seed, *faults)
	w := newWorld(t, s)
	w.walk(s)
	w.lift(len(s.steps) + len(deck))
	j := w.newJudge()
	j.within(t, "everything is as asked for", healed)
	t.Logf("%d objects asked for; answers: %v", len(w.model.objects), w.model.answers)
	j.settled = true
	j.within(t, "the WAN side is where it belongs", settledWithin)
	for i, o := range w.Switches {
		j.rows(t, i)
		w.judgeJournal(o)
	}
	if w.takeovers == 0 {
		t.Error("no switch has ever come to another agent")
	}
	t.Logf("databases came to another epoch %d times", w.takeovers)
	w.switchesDown(j)
	w.allGone(j)
}

// switchesDown: what is at switches that cannot be reached is DOWN, the rest is
// as it was, and the WAN side goes to other devices.
func (w *world) switchesDown(j *judge) {
	j.settled, j.down = false, map[int]bool{}
	for i, c := range j.switches {
		if len(c.LogicalSwitchNames()) > 0 && len(j.down) < 3 {
			j.down[i] = true
			w.Switches[i].Kill(w.t)
		}
	}
	if len(j.down) == 0 {
		w.t.Error("no switch has anything")
	}
	j.within(w.t, "what is at switches that are down is DOWN", healed)
	for i := range j.down {
		w.Switches[i].Start(w.t)
	}
	j.down = nil
	j.within(w.t, "all of it is there again", healed)
}

// allGone: nothing of what is deleted is left.
func (w *world) allGone(j *judge) {
	for _, kind := range []rest.Kind{rest.RemoteConnections, rest.Connections, rest.RemoteGateways, rest.Gateways} {
		all, err := w.Servers[0].List(w.t.Context(), kind)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, o := range all {
			if err := w.Servers[1].Delete(w.t.Context(), kind, o.ID()); err != nil {
				w.t.Error(err)
			}
		}
	}
	for _, o := range w.model.objects {
		o.presence = gone
	}
	j.within(w.t, "nothing is left", healed)
	for i := range w.Switches {
		j.rows(w.t, i)
	}
}
