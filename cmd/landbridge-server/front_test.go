package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // for execSQL

	"landbridge/internal/lab/testenv"
)

// get reads a page from the server, or from where its metrics are.
func get(t *testing.T, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}).Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// ready waits until the server says so.
func (p *program) ready() {
	p.t.Helper()
	testenv.Eventually(p.t, 20*time.Second, "readiness", func() error {
		if status, text := get(p.t, "http://"+p.metrics+"/readyz"); status != http.StatusOK {
			return fmt.Errorf("%d %s", status, text)
		}
		return nil
	})
}

func TestMetricsAndHealth(t *testing.T) {
	p := newProgram(t)
	p.db.VTEPCtl(t, "add-ps", "sw", "--", "set", "Physical_Switch", "sw", "tunnel_ips=10.0.0.2")
	p.start()
	p.ready()
	gw := p.create("l2_gateway", map[string]any{"name": "gw", "devices": []any{map[string]any{"device_name": "sw"}}})
	conn := p.create("l2_gateway_connection", map[string]any{"l2_gateway_id": gw, "network_id": network})
	p.shows("l2_gateway_connection", conn, "ACTIVE")
	if status, _ := get(t, "http://"+p.addr+"/nothing/here"); status != http.StatusNotFound {
		t.Errorf("an unknown path: %d", status)
	}
	testenv.Eventually(t, 5*time.Second, "metrics", func() error {
		_, text := get(t, "http://"+p.metrics+"/metrics")
		for _, line := range []string{
			`planned 1`, `networks 1`, `database_up 1`, `switch_database_in_use{database="` + p.db.Unix + `"} 1`,
			`objects{kind="l2_gateway"} 1`, `connections{kind="l2_gateway_connection",status="ACTIVE"} 1`,
			`http_requests_total{code="201",method="POST",route="/v2.0/l2-gateways"} 1`,
			`http_requests_total{code="404",method="GET",route="none"} 1`, `http_requests_in_flight 0`,
		} {
			if !strings.Contains(text, "\nlandbridge_server_"+line+"\n") {
				return fmt.Errorf("no %s in\n%s", line, text)
			}
		}
		for _, part := range []string{`database_statement_duration_seconds_count{operation="SELECT"} `, "go_goroutines ", "plan_revision "} {
			if !strings.Contains(text, part) {
				return fmt.Errorf("no %s in\n%s", part, text)
			}
		}
		return nil
	})
	if status, text := get(t, "http://"+p.metrics+"/healthz"); status != http.StatusOK {
		t.Errorf("%d %s", status, text)
	}
	for _, path := range []string{"/metrics", "/healthz", "/readyz"} {
		if status, _ := get(t, "http://"+p.addr+path); status != http.StatusNotFound {
			t.Errorf("the API has %s: %d", path, status)
		}
	}
}

func TestInFrontOfNeutron(t *testing.T) {
	neutron := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v2.0/extensions":
			_, _ = io.WriteString(w, `{"extensions":[{"alias":"router"},{"alias":"l2-gateway","name":"theirs"}]}`)
		case "/v2.0/":
			_, _ = io.WriteString(w, `{"resources":[{"collection":"networks","name":"network","links":[]}]}`)
		default:
			_, _ = io.WriteString(w, "Neutron "+r.Method+" "+r.RequestURI+" for "+r.Header.Get("X-Auth-Token"))
		}
	}))
	p := newProgram(t)
	p.more = []string{"--neutron-url", neutron.URL}
	p.start()
	p.create("l2_remote_gateway", map[string]any{"name": "r", "ipaddr": "203.0.113.2"})
	if _, text := get(t, "http://"+p.addr+"/v2.0/networks?name=a"); text != "Neutron GET /v2.0/networks?name=a for " {
		t.Errorf("%s", text)
	}
	var extensions struct {
		Extensions []struct{ Alias, Name string }
	}
	_, text := get(t, "http://"+p.addr+"/v2.0/extensions")
	if err := json.Unmarshal([]byte(text), &extensions); err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for _, e := range extensions.Extensions {
		names[e.Alias] = e.Name
	}
	if _, theirs := names["router"]; !theirs || names["l2-gateway"] != "L2 Gateway" || names["l2-remote-mac"] == "" {
		t.Errorf("extensions %v", names)
	}
	for path, parts := range map[string][]string{
		"/v2.0/":                       {`"networks"`, `"l2_remote_macs"`},
		"/":                            {`"http://` + p.addr + `/v2.0/"`},
		"/v2.0/extensions/l2-gateway":  {`"L2 Gateway"`},
		"/v2.0/extensions/router":      {"Neutron GET /v2.0/extensions/router"},
		"/v2.0/l2-remote-gateways":     {"203.0.113.2"},
		"/v2.0/l2-remote-gateways/no":  {"NeutronError"},
		"/v2.0/l2-remote-gateways/a/b": {"NeutronError"},
	} {
		_, text := get(t, "http://"+p.addr+path)
		for _, part := range parts {
			if !strings.Contains(text, part) {
				t.Errorf("%s lacks %s: %s", path, part, text)
			}
		}
	}
	neutron.Close()
	if status, text := get(t, "http://"+p.addr+"/v2.0/networks"); status != 503 || !strings.Contains(text, neutron.URL) {
		t.Errorf("%d %s", status, text)
	}
	if _, err := p.call(http.MethodGet, "l2-gateways", nil); err != nil {
		t.Error(err)
	}
	if _, text := get(t, "http://"+p.metrics+"/metrics"); !strings.Contains(text, `http_requests_total{code="503",method="GET",route="neutron"} 1`) {
		t.Error("what has failed is not counted")
	}
}

func TestWithoutMetrics(t *testing.T) {
	p := newProgram(t)
	p.more = []string{"--metrics-listen", "none"}
	p.start()
	if status, _ := get(t, "http://"+p.metrics+"/healthz"); status != 0 {
		t.Errorf("somebody answers: %d", status)
	}
}

// execSQL does what the server does not expect to its database.
func (p *program) execSQL(text string) {
	p.t.Helper()
	db, err := sql.Open("sqlite", p.file("server.db"))
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(context.Background(), text); err != nil {
		p.t.Fatal(err)
	}
}

func TestReadinessNamesWhatIsMissing(t *testing.T) {
	p := newProgram(t)
	p.start()
	p.ready()
	m := "http://" + p.metrics
	p.execSQL("ALTER TABLE l2gateways RENAME TO elsewhere")
	defer p.execSQL("ALTER TABLE elsewhere RENAME TO l2gateways")
	status, text := get(t, m+"/readyz")
	if status != http.StatusServiceUnavailable || !strings.Contains(text, `"name":"database"`) || strings.Contains(text, `"name":"plan"`) {
		t.Errorf("%d %s", status, text)
	}
	if status, _ := get(t, m+"/healthz"); status != http.StatusOK {
		t.Errorf("healthz %d", status)
	}
	if _, text := get(t, m+"/metrics"); !strings.Contains(text, "landbridge_server_database_up 0") || !strings.Contains(text, "database_errors_total") {
		t.Error("the metrics do not show it")
	}
}

// do does a request with a body, and gives status and text.
func (p *program) do(method, path, body string) (int, string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, "http://"+p.addr+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}).Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// TestQuotasInFrontOfNeutron: a project has one object of limits, and our part
// of it counts.
func TestQuotasInFrontOfNeutron(t *testing.T) {
	network := 100
	neutron := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct {
			Quota map[string]int `json:"quota"`
		}
		body, _ := io.ReadAll(r.Body)
		if r.Method == http.MethodPut && (json.Unmarshal(body, &asked) != nil || len(asked.Quota) != 1 || asked.Quota["network"] == 0) {
			t.Errorf("Neutron was told %s", body)
		}
		network = max(network, asked.Quota["network"])
		_, _ = fmt.Fprintf(w, `{"quota":{"network":%d}}`, network)
	}))
	defer neutron.Close()
	p := newProgram(t)
	p.more = []string{"--neutron-url", neutron.URL}
	p.write("server.yaml", "quotas: {l2_remote_gateway: 1}\n")
	p.more = append(p.more, "--config", p.file("server.yaml"))
	p.start()
	expect := func(method, path, body string, status int, parts ...string) {
		t.Helper()
		got, text := p.do(method, path, body)
		for _, part := range parts {
			if got != status || !strings.Contains(text, part) {
				t.Errorf("%s %s %s gave %d %s, wanted %d with %s", method, path, body, got, text, status, part)
			}
		}
	}
	remote := func(n int) string { return fmt.Sprintf(`{"l2_remote_gateway":{"ipaddr":"203.0.113.%d"}}`, n) }
	expect("GET", "/v2.0/quotas/default", "", 200, `"network":100`, `"l2_remote_gateway":1`, `"l2_gateway":-1`)
	expect("POST", "/v2.0/l2-remote-gateways", remote(1), 201, "203.0.113.1")
	expect("POST", "/v2.0/l2-remote-gateways", remote(2), 409, `"OverQuota"`)
	expect("PUT", "/v2.0/quotas/default", `{"quota":{"network":200,"l2_remote_gateway":0,"l2_gateway":-2}}`, 400, "-2 is not a limit")
	expect("PUT", "/v2.0/quotas/default", `{"quota":{"network":200,"l2_remote_gateway":2}}`, 200, `"network":200`, `"l2_remote_gateway":2`)
	expect("POST", "/v2.0/l2-remote-gateways", remote(2), 201, "203.0.113.2")
	expect("GET", "/v2.0/quotas/default", "", 200, `"network":200`, `"l2_remote_gateway":2`)
	_, text := get(t, "http://"+p.metrics+"/metrics")
	for _, line := range []string{
		`quota_limit{kind="l2_remote_gateway",project="default"} 2`, `quota_used{kind="l2_remote_gateway",project="default"} 2`,
		`quota_refusals_total{kind="l2_remote_gateway"} 1`, `quota_limits{kind="l2_gateway"} 0`,
	} {
		if !strings.Contains(text, "\nlandbridge_server_"+line+"\n") {
			t.Errorf("the metrics lack %s", line)
		}
	}
	if _, text := p.do("GET", "/v2.0/extensions/quota_details", ""); !strings.Contains(text, "quota_details") {
		t.Errorf("the extension: %s", text)
	}
}
