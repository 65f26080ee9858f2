package server

import (
	"slices"
	"strings"
	"testing"
)

func TestUrgentWorkGoesBeforeTheRest(t *testing.T) {
	q := newQueue()
	q.put(func(w *work) { addTo(w.later, []string{"a", "b"}) })
	first, ok := q.take()
	if !ok || len(first.later) != 1 {
		t.Fatalf("took %+v, want one network of two", first)
	}
	q.planNetworks([]string{"c", "c"})
	w, ok := q.take()
	if !ok || len(w.later) != 0 || len(w.plan) != 1 || !w.plan.Has("c") {
		t.Fatalf("took %+v, want c alone", w)
	}
	q.planNetworks(nil)
	if w, ok = q.take(); !ok || !w.all {
		t.Fatalf("took %+v, want all", w)
	}
	second, ok := q.take()
	if got := append(keys(first.later), keys(second.later)...); !ok || !sameWords(got, "a b") {
		t.Fatalf("took %v, want a and b", got)
	}
	if w, ok := q.take(); ok {
		t.Errorf("took %+v from an empty queue", w)
	}
}

func sameWords(got []string, want string) bool {
	slices.Sort(got)
	return strings.Join(got, " ") == want
}

func TestPuttingWakesOnce(t *testing.T) {
	q := newQueue()
	for range 3 {
		q.planNetworks([]string{"a"})
	}
	<-q.wake
	select {
	case <-q.wake:
		t.Error("woken twice for one batch")
	default:
	}
}

// A network waits to be planned until it is taken, and again when it is put in
// meanwhile.
func TestPlanning(t *testing.T) {
	q := newQueue()
	for range 2 {
		if q.planning("n") {
			t.Error("it waits before it was put in")
		}
		q.planNetworks([]string{"n"})
		if !q.planning("n") || q.planning("other") {
			t.Error("it does not wait, or another does")
		}
		if w, ok := q.take(); !ok || !w.plan.Has("n") {
			t.Errorf("took %+v", w)
		}
	}
}
