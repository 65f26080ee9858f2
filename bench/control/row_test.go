package control

import (
	"context"
	"fmt"
	"testing"
	"time"

	"landbridge/bench/load"
	"landbridge/bench/measure"
	"landbridge/bench/report"
)

const (
	// inARow is how many connections are made one after the other, and mostInARow
	// how long all of them may take.
	inARow     = 50
	mostInARow = time.Second
)

// BenchmarkConnectionsInARow makes connections one after the other, each as soon
// as the one before is answered, and takes the time until the switch has all.
func BenchmarkConnectionsInARow(b *testing.B) {
	section := report.Section{Title: fmt.Sprintf("%d connections in a row", inARow)}
	stage := newStage(b)
	for mode := range modes {
		w := newWorld(b, stage, mode, true)
		w.follow()
		connections := w.prepared()[0]
		w.settled()
		var answered, inDatabase, inMaps []float64
		for round := range *rounds + 1 {
			a, d, m := w.row(connections)
			if round > 0 { // the first is to warm up
				answered, inDatabase, inMaps = append(answered, a.Seconds()), append(inDatabase, d.Seconds()), append(inMaps, m.Seconds())
			}
		}
		whole := measure.Median(inMaps)
		section.Figures = append(section.Figures,
			report.New(w.name+": all answered", measure.Median(answered), "s"),
			report.New(w.name+": all in OVSDB", measure.Median(inDatabase), "s"),
			report.New(w.name+": all in the maps", whole, "s").Aimed("≤ 1 s", whole <= mostInARow.Seconds()))
		say("%s: %v, %v, %v", w.name, answered, inDatabase, inMaps)
	}
	found = append(found, section)
}

// row gives the times from the first POST until all are answered, in the
// database and in the maps.
func (w *world) row(s *series) (answered, inDatabase, inMaps time.Duration) {
	w.b.Helper()
	ctx, stop := context.WithTimeout(w.b.Context(), patience)
	defer stop()
	c := load.NewClient(w.servers[0])
	defer c.Close()
	first, ids := s.next, []string{}
	s.next += inARow
	began := time.Now()
	for n := first; n < s.next; n++ {
		id, err := s.kind.Make(ctx, c, n)
		must(w.b, err)
		ids = append(ids, id)
	}
	answered = time.Since(began)
	for n := first; n < s.next; n++ {
		row, err := w.watch.Row(ctx, s.row(n), true)
		must(w.b, err)
		inDatabase, inMaps = max(inDatabase, row.There.Sub(began)), max(inMaps, row.InMaps.Sub(began))
	}
	w.delete(s.kind, ids)
	return answered, inDatabase, inMaps
}
