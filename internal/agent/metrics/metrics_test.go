package metrics

import (
	"errors"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"landbridge/internal/oslomsg"
	"landbridge/internal/rpc/bus"
)

func get(s bus.Stats, path string) (int, string) {
	w := httptest.NewRecorder()
	New(func() bus.Stats { return s }).ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w.Code, w.Body.String()
}

func TestTheAgentIsShown(t *testing.T) {
	s := bus.Stats{
		Term: 7, Serves: map[string]uint64{"tcp:a": 9}, Calls: oslomsg.Stats{Published: 3, Failed: 2}, Notices: oslomsg.Stats{Received: 4},
	}
	_, text := get(s, "/metrics")
	for _, line := range []string{
		"control_up 1", "leader_heard 1", "leader_epoch 7", `assignment_epoch{database="tcp:a"} 9`,
		"messages_sent_total 3", "notices_total 4", "calls_failed_total 2",
	} {
		if !strings.Contains(text, "\n"+prefix+line+"\n") {
			t.Errorf("no %s in\n%s", line, text)
		}
	}
	manual, err := os.ReadFile("../../../docs/agent.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^# TYPE `+prefix+`(\w+)`).FindAllStringSubmatch(text, -1) {
		if !strings.Contains(string(manual), "`"+m[1]+"`") {
			t.Errorf("docs/agent.md does not name %s", m[1])
		}
	}
}

func TestNamesAreAsPrometheusAdvises(t *testing.T) {
	problems, err := testutil.CollectAndLint(newCollector(func() bus.Stats { return bus.Stats{Serves: map[string]uint64{"tcp:a": 9}} }))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestReadiness(t *testing.T) {
	for name, c := range map[string]struct {
		s    bus.Stats
		says string // "": ready
	}{
		"ready":        {bus.Stats{Term: 1}, ""},
		"no RabbitMQ":  {bus.Stats{Term: 1, Bus: errors.New("no route")}, "no route"},
		"no leader":    {bus.Stats{Term: 1, Fault: "no reply"}, "no reply"},
		"just started": {bus.Stats{}, "has not been heard of yet"},
	} {
		status, text := get(c.s, "/readyz")
		if (status == 200) != (c.says == "") || !strings.Contains(text, c.says) {
			t.Errorf("%s: %d %s", name, status, text)
		}
		if status, _ := get(c.s, "/healthz"); status != 200 {
			t.Errorf("%s: alive %d", name, status)
		}
	}
}
