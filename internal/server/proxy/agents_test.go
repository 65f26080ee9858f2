package proxy

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// withAgents is a toy that has agents, which only some may see.
func withAgents() toy {
	t := newToy()
	t.HandleFunc("/v2.0/agents", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Auth-Token") == "nobody's" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_, _ = io.WriteString(w, `{"agents":[{"id":"1","host":"ours","asked":"`+r.URL.RawQuery+`"}]}`)
	})
	t.HandleFunc("/v2.0/agents/{id}", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("id") != "1" {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = io.WriteString(w, "ours "+r.Method)
	})
	return t
}

func TestAgentsOfBoth(t *testing.T) {
	neutron := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Auth-Token") == "unknown" {
			w.WriteHeader(http.StatusUnauthorized)
		}
		if r.URL.Path == agentsPath && r.Method == http.MethodGet {
			_, _ = io.WriteString(w, `{"agents":[{"id":"9","host":"theirs"}]}`)
			return
		}
		_, _ = io.WriteString(w, "theirs "+r.Method+" "+r.URL.Path)
	})
	f := serve(t, neutron.URL, func(c *Config) { c.Ours = withAgents() })
	for _, c := range []struct {
		method, path, token string
		status              int
		want                string
	}{
		{"GET", "/v2.0/agents?host=x", "", 200, `{"agents":[{"id":"9","host":"theirs"},{"id":"1","host":"ours","asked":"host=x"}]}`},
		{"GET", "/v2.0/agents", "nobody's", 200, `{"agents":[{"id":"9","host":"theirs"}]}`},
		{"GET", "/v2.0/agents", "unknown", 401, `{"agents":[{"id":"9","host":"theirs"}]}`},
		{"GET", "/v2.0/agents/1", "", 200, "ours GET"},
		{"DELETE", "/v2.0/agents/1", "", 200, "ours DELETE"},
		{"GET", "/v2.0/agents/9", "", 200, "theirs GET /v2.0/agents/9"},
		{"PUT", "/v2.0/agents/9", "", 200, "theirs PUT /v2.0/agents/9"},
		{"GET", "/v2.0/agents/9/l3-routers", "", 200, "theirs GET /v2.0/agents/9/l3-routers"},
		{"POST", "/v2.0/agents", "", 200, "theirs POST /v2.0/agents"},
	} {
		res, text := ask(t, c.method, f.url+c.path, "", "X-Auth-Token", c.token)
		if res.StatusCode != c.status || strings.TrimSpace(text) != c.want {
			t.Errorf("%s %s: %d %s, want %d %s", c.method, c.path, res.StatusCode, text, c.status, c.want)
		}
	}
	f = serve(t, neutron.URL)
	if _, text := ask(t, http.MethodGet, f.url+agentsPath, ""); text != `{"agents":[{"id":"9","host":"theirs"}]}` {
		t.Errorf("without agents of ours: %s", text)
	}
}
