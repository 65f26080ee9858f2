package agent

import (
	"context"
	"strconv"

	"landbridge/internal/hwvtep"
)

// lookAtWanted takes in the number in the database.
//
// An agent that starts believes the number that it finds: an agent before it
// may have died between a change and raising the number, so that for this one
// change the switch's word can come too early.
func (k *keeper) lookAtWanted() {
	wanted, _ := k.client.Wanted()
	if !k.started {
		k.started, k.baseline = true, wanted
		return
	}
	for _, l := range k.logical {
		if l.written > wanted { // somebody has set it back
			l.unraised = true
		}
	}
}

// raise tells the switches by a new number that changes have been made.
func (k *keeper) raise(ctx context.Context) {
	if k.client.Err() != nil || !k.may() {
		return
	}
	var names []string
	for name, l := range k.logical {
		if l.unraised {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return
	}
	n := k.nextWanted()
	if k.client.Schema().OtherConfig {
		if err := k.client.SetWanted(ctx, n); err != nil {
			k.log.Warn("could not ask the switches to confirm the changes; trying again", "error", err)
			return
		}
	}
	for _, name := range names {
		k.logical[name].written, k.logical[name].unraised = n, false
	}
}

// nextWanted gives a number above every one that is in use, so that no switch
// has confirmed it already.
func (k *keeper) nextWanted() uint64 {
	n, _ := k.client.Wanted()
	for _, l := range k.logical {
		n = max(n, l.written)
	}
	for _, sw := range k.switches {
		if done, ok := doneOf(sw); ok {
			n = max(n, done)
		}
	}
	return n + 1
}

// confirmed tells whether every switch that needs a logical switch, or all of
// them where none does, has carried out its last change. A switch that never
// says such things is believed.
func (k *keeper) confirmed(name string, l *logical) bool {
	nobody := !k.planned(name)
	for _, sw := range k.switches {
		if !nobody && !k.plan.needs(sw.Name, name) {
			continue
		}
		if done, ok := doneOf(sw); ok && (l.unraised || done < l.written) {
			return false
		}
	}
	return true
}

func doneOf(sw hwvtep.PhysicalSwitch) (uint64, bool) {
	n, err := strconv.ParseUint(sw.OtherConfig[hwvtep.Done], 10, 64)
	return n, err == nil
}
