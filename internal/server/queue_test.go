package server

import (
	"fmt"
	"slices"
	"testing"
)

func TestUrgentWorkGoesBeforeTheRest(t *testing.T) {
	q := newQueue()
	var all []string
	for i := range atOnce + 1 {
		all = append(all, fmt.Sprint(i))
	}
	q.put(func(w *work) { addTo(w.later, all) })
	first, ok := q.take()
	if !ok || len(first.later) != atOnce {
		t.Fatalf("took %+v, want all networks but one", first)
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
	if got := append(keys(first.later), keys(second.later)...); !ok || !sameWords(got, all) {
		t.Fatalf("took %v, want %v", got, all)
	}
	if w, ok := q.take(); ok {
		t.Errorf("took %+v from an empty queue", w)
	}
}

func sameWords(got, want []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want)))
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
