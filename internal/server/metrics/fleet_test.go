package metrics

import (
	"errors"
	"os"
	"strings"
	"testing"
)

func TestTheFleetIsShown(t *testing.T) {
	w, _ := newWorld()
	shown := func(f func() Fleet) string {
		_, text := get(t, New(Config{Core: func() Core { return w.core }, Store: w, Fleet: f}).Handler(), "GET", "/metrics")
		return text
	}
	f := Fleet{
		Alive: map[string]bool{"h1": true, "h2": false}, Away: map[string]int{"h1": 6}, Serves: map[string]string{"tcp:a": "h1"}, Epochs: map[string]uint64{"tcp:a": 7},
		Moves: 1, Beats: 2, Plans: 3, Reports: 4, Casts: 5,
	}
	text := shown(func() Fleet { return f })
	for _, line := range []string{
		`control_up 1`, `agent_alive{host="h1"} 1`, `agent_alive{host="h2"} 0`, `agent_unreachable_databases{host="h1"} 6`, `assignment_epoch{database="tcp:a",host="h1"} 7`,
		`assignments_total 1`, `agent_calls_total{method="report_state"} 2`, `agent_calls_total{method="plan"} 3`,
		`agent_calls_total{method="report"} 4`, `agent_casts_total 5`,
	} {
		if !strings.Contains(text, "\n"+prefix+line+"\n") {
			t.Errorf("no %s", line)
		}
	}
	if text := shown(func() Fleet { return Fleet{Fault: errors.New("down")} }); !strings.Contains(text, "\n"+prefix+"control_up 0\n") {
		t.Error("without RabbitMQ it is up")
	}
	if text := shown(nil); strings.Contains(text, "agent_") || strings.Contains(text, "control_up") {
		t.Error("an agent inside is shown")
	}
	manualText, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"control_up", "agent_alive", "agent_unreachable_databases", "assignment_epoch", "assignments_total", "agent_calls_total", "agent_casts_total"} {
		if !strings.Contains(string(manualText), "`"+name+"`") {
			t.Errorf("%s does not name %s", manual, name)
		}
	}
}
