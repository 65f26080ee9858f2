package control

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"landbridge/bench/load"
	"landbridge/bench/measure"
	"landbridge/bench/report"
	"landbridge/internal/lab/testenv"
)

// mostTakeover is how long a change may take that is made when the agent has just
// died.
const mostTakeover = 3 * time.Second

// BenchmarkTakeover kills the agent that serves the switch, and takes the time
// until another has it and has written what was asked for meanwhile.
func BenchmarkTakeover(b *testing.B) {
	w := emptyWorld(b, newStage(b), "2 servers, 2 agents")
	w.addSwitch()
	w.runMany(2)
	w.follow()
	connections := w.prepared()[0]
	w.settled()
	var claimed, written measure.Sample
	for round := range *rounds {
		c, d := w.takeover(connections)
		say("round %d of %d: the switch is taken over after %v, a change is there after %v", round+1, *rounds, c, d)
		claimed, written = append(claimed, c), append(written, d)
	}
	longest := written.Quantile(1)
	found = append(found, report.Section{Title: "Takeover of a dead agent's switch", Figures: []report.Figure{
		report.New("killed → taken over, p50", claimed.Median().Seconds(), "s"),
		report.New("killed → a change that is made then is in OVSDB, p50", written.Median().Seconds(), "s"),
		report.New("killed → a change that is made then is in OVSDB, longest", longest.Seconds(), "s").Aimed("≤ 3 s", longest <= mostTakeover),
	}})
}

// takeover gives the times from the end of an agent until another has claimed
// the database, and until it has written.
func (w *world) takeover(s *series) (claimed, written time.Duration) {
	w.b.Helper()
	ctx, stop := context.WithTimeout(w.b.Context(), patience)
	defer stop()
	c := load.NewClient(w.servers[0])
	defer c.Close()
	serves, before := w.serving(), w.watch.Claims()
	began := time.Now()
	serves.Kill(w.b)
	id, err := s.kind.Make(ctx, c, s.next)
	must(w.b, err)
	at, err := w.watch.Claimed(ctx, before)
	must(w.b, err)
	row, err := w.watch.Row(ctx, s.row(s.next), false)
	must(w.b, err)
	s.next++
	serves.Start(w.b)
	w.delete(s.kind, []string{id})
	return at.Sub(began), row.There.Sub(began)
}

// serving waits until one agent serves the switch, and gives it.
func (w *world) serving() (serves *testenv.Program) {
	w.b.Helper()
	testenv.Eventually(w.b, patience, "an agent serves the switch", func() error {
		for _, row := range w.db.Rows(w.b, "Global") {
			for _, a := range w.agents {
				if has(row["other_config"], a.Name) {
					serves = a
					return nil
				}
			}
		}
		return errors.New("none has claimed it")
	})
	return serves
}

// has tells whether a map of OVSDB has a value.
func has(column any, value string) bool {
	pair, _ := column.([]any)
	if len(pair) != 2 {
		return false
	}
	list, _ := pair[1].([]any)
	for _, kv := range list {
		if kv, ok := kv.([]any); ok && len(kv) == 2 && fmt.Sprint(kv[1]) == value {
			return true
		}
	}
	return false
}
