package server

import (
	"maps"
	"slices"
	"sync"

	"landbridge/internal/hwvtep"
)

// queue is what the loop has to look at. Whatever is put in twice is done once;
// what is put in while it is being done is done again.
type queue struct {
	mu   sync.Mutex
	wait work
	wake chan struct{} // has an element while something is waiting
}

// work is what is to be done, in the order of its urgency.
type work struct {
	all      bool               // list the networks and the inventory anew
	moved    hwvtep.Set[string] // switches that have changed so that plans may
	plan     hwvtep.Set[string] // networks to plan
	reported hwvtep.Set[string] // switches of which every status may have changed
	absent   bool               // the statuses of networks on unknown switches may have changed
	status   hwvtep.Set[string] // networks whose statuses may have changed
	later    hwvtep.Set[string] // networks to plan when there is nothing else
}

func newWork() work {
	return work{
		moved: hwvtep.Set[string]{}, plan: hwvtep.Set[string]{}, reported: hwvtep.Set[string]{},
		status: hwvtep.Set[string]{}, later: hwvtep.Set[string]{},
	}
}

func newQueue() *queue { return &queue{wait: newWork(), wake: make(chan struct{}, 1)} }

// put lets add put something in, and wakes the loop.
func (q *queue) put(add func(w *work)) {
	q.mu.Lock()
	add(&q.wait)
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// planNetworks has networks planned; nil stands for all.
func (q *queue) planNetworks(ids []string) {
	q.put(func(w *work) {
		if ids == nil {
			w.all = true
		}
		addTo(w.plan, ids)
	})
}

// planning tells whether a network waits to be planned.
func (q *queue) planning(id string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.wait.plan.Has(id)
}

// take gives all that waits, except that of the networks to plan later it gives
// a few, and only where nothing else waits. Not ok: there is nothing.
func (q *queue) take() (w work, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	w, q.wait = q.wait, newWork()
	w.later, q.wait.later = q.wait.later, w.later
	if w.urgent() {
		return w, true
	}
	for id := range q.wait.later {
		if len(w.later) == atOnce {
			break
		}
		delete(q.wait.later, id)
		w.later.Add(id)
	}
	return w, len(w.later) > 0
}

func (w work) urgent() bool {
	return w.all || w.absent || len(w.moved)+len(w.plan)+len(w.reported)+len(w.status) > 0
}

func addTo(s hwvtep.Set[string], ids []string) {
	for _, id := range ids {
		s.Add(id)
	}
}

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
