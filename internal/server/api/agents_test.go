package api_test

import (
	"strings"
	"testing"

	"landbridge/internal/l2gw"
	"landbridge/internal/server/api"
	"landbridge/internal/server/neutronapi"
)

func TestAgentsAreShownAsNeutronShowsIts(t *testing.T) {
	c := newClient(t)
	const second = 1_000_000
	c.cloud.SetAgents(
		l2gw.Agent{ID: netA, Host: "h1", Alive: true, Heartbeat: 1_700_000_000 * second, Started: second, Created: 2 * second, Version: "v", Databases: []string{"tcp:a", "tcp:b"}, Serves: []string{"tcp:a"}, Switches: []string{"sw"}},
		l2gw.Agent{ID: netB, Host: "h2"},
	)
	for path, want := range map[string]string{
		"agents?fields=host&fields=alive": `{"agents":[{"host":"h1","alive":true},{"host":"h2","alive":false}]}`,
		"agents?alive=false&fields=host":  `{"agents":[{"host":"h2"}]}`,
		"agents?host=h1&binary=landbridge-agent&agent_type=L2%20Gateway%20agent&fields=id": `{"agents":[{"id":"` + netA + `"}]}`,
		"agents?host=nobody": `{"agents":[]}`,
		"agents/" + netA: `{"agent":{"id":"` + netA + `","agent_type":"L2 Gateway agent","binary":"landbridge-agent","host":"h1","topic":"landbridge-agent.h1",` +
			`"alive":true,"admin_state_up":true,"heartbeat_timestamp":"2023-11-14 22:13:20","started_at":"1970-01-01 00:00:01","created_at":"1970-01-01 00:00:02",` +
			`"configurations":{"databases":["tcp:a","tcp:b"],"load":1,"serves":["tcp:a"],"switches":["sw"],"version":"v"}}}`,
		"agents/" + netB: `"configurations":{"databases":[],"load":0,"serves":[],"switches":[],"version":""}`,
	} {
		if status, text := c.ask("GET", path, ""); status != 200 || !strings.Contains(text, want) {
			t.Errorf("%s: %d %s, want %s", path, status, text, want)
		}
	}
	for _, a := range []struct {
		method, path string
		status       int
		says         string
	}{
		{"GET", "agents/" + nobody, 404, "AgentNotFound"},
		{"POST", "agents", 405, ""},
		{"PUT", "agents/" + netA, 405, ""},
		{"DELETE", "agents/" + netA, 409, "AgentInUse"},
		{"DELETE", "agents/" + netB, 204, ""},
		{"DELETE", "agents/" + netB, 404, "AgentNotFound"},
	} {
		if status, text := c.ask(a.method, a.path, ""); status != a.status || !strings.Contains(text, a.says) {
			t.Errorf("%s %s: %d %s", a.method, a.path, status, text)
		}
	}
	c.h = api.New(c.cloud, api.Options{Guard: neutronapi.Open{Project: "demo"}})
	if status, _ := c.ask("GET", "agents", ""); status != 404 {
		t.Errorf("agents where there are none of their own: %d", status)
	}
}
