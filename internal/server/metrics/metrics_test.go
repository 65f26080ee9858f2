package metrics

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
)

// world is what metrics look at, as a test sets it.
type world struct {
	core    Core
	broken  error // what Counts gives
	pool    sql.DBStats
	retries uint64
}

func (w *world) Counts(context.Context) (map[string]int, map[string]map[string]int, error) {
	return map[string]int{"l2_gateway": 2, "l2_gateway_connection": 3},
		map[string]map[string]int{"l2_gateway_connection": {"ACTIVE": 2, "DOWN": 1, "PENDING": 0, "ERROR": 0}}, w.broken
}

func (w *world) Stats() sql.DBStats { return w.pool }

func (w *world) Retries() uint64 { return w.retries }

func newWorld(checks ...Check) (*world, *Metrics) {
	w := &world{core: Core{Databases: map[string]string{}}}
	return w, New(Config{Core: func() Core { return w.core }, Store: w, Checks: checks})
}

// get asks a handler.
func get(t *testing.T, h http.Handler, method, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	text, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, string(text)
}

// shows tells which of the wanted lines /metrics lacks.
func shows(t *testing.T, m *Metrics, wanted ...string) {
	t.Helper()
	status, text := get(t, m.Handler(), http.MethodGet, "/metrics")
	for _, line := range wanted {
		if !strings.Contains(text, "\n"+prefix+line+"\n") {
			t.Errorf("/metrics (%d) lacks %q", status, line)
		}
	}
	if t.Failed() {
		t.Log(regexp.MustCompile(`(?m)^(#|go_|process_).*\n`).ReplaceAllString(text, ""))
	}
}

func TestStateIsShown(t *testing.T) {
	w, m := newWorld()
	shows(t, m, `planned 0`, `networks 0`, `database_up 1`)
	w.core = Core{
		Planned: true, Revision: 77, Networks: 5, Failing: 1, Retries: 9,
		Databases: map[string]string{"tcp:192.0.2.1:6640": "", "unix:/x": "connection refused"},
	}
	w.retries = 4
	w.pool = sql.DBStats{MaxOpenConnections: 8, OpenConnections: 3, InUse: 2, WaitCount: 11, WaitDuration: 1500 * time.Millisecond}
	shows(t, m,
		`planned 1`, `plan_revision 77`, `networks 5`, `failing_tasks 1`, `retries_total 9`,
		`switch_database_in_use{database="tcp:192.0.2.1:6640"} 1`, `switch_database_in_use{database="unix:/x"} 0`,
		`objects{kind="l2_gateway"} 2`, `objects{kind="l2_gateway_connection"} 3`,
		`connections{kind="l2_gateway_connection",status="ACTIVE"} 2`, `connections{kind="l2_gateway_connection",status="ERROR"} 0`,
		`database_connections_max 8`, `database_connections_open 3`, `database_connections_in_use 2`,
		`database_connection_waits_total 11`, `database_connection_wait_seconds_total 1.5`, `database_retries_total 4`,
	)
}

func TestWithoutDatabaseTheRestIsShown(t *testing.T) {
	w, m := newWorld()
	w.broken = errors.New("disk on fire")
	shows(t, m, `database_up 0`, `planned 0`, `database_connections_open 0`)
	if _, text := get(t, m.Handler(), http.MethodGet, "/metrics"); strings.Contains(text, "connections{") || !strings.Contains(text, "go_goroutines") {
		t.Error("what is not known is shown, or the rest is not")
	}
}

func TestStatements(t *testing.T) {
	_, m := newWorld()
	m.Statement("SELECT", time.Millisecond, nil)
	m.Statement("select", time.Millisecond, sql.ErrNoRows)
	m.Statement("INSERT", time.Second, errors.New("constraint"))
	m.Statement("INSERT", time.Second, fmt.Errorf("gone: %w", context.Canceled))
	shows(t, m,
		`database_statement_duration_seconds_count{operation="SELECT"} 2`,
		`database_statement_duration_seconds_count{operation="INSERT"} 2`,
		`database_statement_duration_seconds_sum{operation="INSERT"} 2`,
		`database_errors_total{operation="INSERT"} 1`,
	)
}

func TestRequests(t *testing.T) {
	_, m := newWorld()
	h := m.Observe(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shows(t, m, `http_requests_in_flight 1`)
		switch r.URL.Path {
		case "/boats/1":
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusCreated)
		case "/cut":
			panic(http.ErrAbortHandler)
		case "/none":
			w.WriteHeader(http.StatusNotFound)
		default:
			_, _ = io.WriteString(w, "x")
		}
	}), func(r *http.Request) string {
		return map[string]string{"/boats/1": "/boats/{id}", "/boats/2": "/boats/{id}", "/cut": "/cut"}[r.URL.Path]
	})
	for _, c := range [][2]string{{"GET", "/boats/1"}, {"GET", "/boats/2"}, {"GET", "/boats/2"}, {"FROB", "/none"}, {"BREW", "/none"}} {
		get(t, h, c[0], c[1])
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is gone")
			}
		}()
		get(t, h, http.MethodPut, "/cut")
	}()
	shows(t, m,
		`http_requests_in_flight 0`,
		`http_requests_total{code="201",method="GET",route="/boats/{id}"} 1`,
		`http_requests_total{code="200",method="GET",route="/boats/{id}"} 2`,
		`http_requests_total{code="404",method="other",route="none"} 2`,
		`http_requests_total{code="none",method="PUT",route="/cut"} 1`,
		`http_request_duration_seconds_count{method="GET",route="/boats/{id}"} 3`,
	)
}

// TestNamesAreAsPrometheusAdvises checks every metric that there is.
func TestNamesAreAsPrometheusAdvises(t *testing.T) {
	w := &world{core: Core{Databases: map[string]string{"unix:/x": ""}}}
	m := New(Config{Core: func() Core { return w.core }, Store: w, Quotas: &someQuotas{all: []Quota{{"p", "l2_gateway", 1, 1}}}})
	m.Statement("SELECT", 1, errors.New("x"))
	get(t, m.Observe(http.NotFoundHandler(), func(*http.Request) string { return "" }), http.MethodGet, "/")
	problems, err := testutil.GatherAndLint(m.registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	ours := regexp.MustCompile(`^(landbridge_server_[a-z_]+|go_.*|process_.*)$`)
	for _, f := range families {
		if !ours.MatchString(f.GetName()) || f.GetHelp() == "" {
			t.Errorf("%s: %q", f.GetName(), f.GetHelp())
		}
	}
	for _, name := range []string{"go_goroutines", "process_resident_memory_bytes", prefix + "http_requests_total", prefix + "switch_database_in_use", prefix + "quota_used"} {
		if !slices.ContainsFunc(families, func(f *dto.MetricFamily) bool { return f.GetName() == name }) {
			t.Errorf("there is no %s", name)
		}
	}
}

func TestHealth(t *testing.T) {
	var fault error
	slow := Check{"slow", func(ctx context.Context) error {
		if _, ok := ctx.Deadline(); !ok {
			return errors.New("no limit")
		}
		return fault
	}}
	_, m := newWorld(Check{"listener", func(context.Context) error { return nil }}, slow)
	h := m.Handler()
	for _, c := range []struct {
		fault  error
		path   string
		status int
		want   string
	}{
		{nil, "/healthz", 200, `{"status":"alive"}`},
		{nil, "/readyz", 200, `{"status":"ready","missing":[]}`},
		{errors.New("no answer"), "/readyz", 503, `{"status":"not ready","missing":[{"name":"slow","reason":"no answer"}]}`},
		{errors.New("no answer"), "/healthz", 200, `{"status":"alive"}`},
		{nil, "/readyz", 200, `{"status":"ready","missing":[]}`},
	} {
		fault = c.fault
		if status, text := get(t, h, http.MethodGet, c.path); status != c.status || strings.TrimSpace(text) != c.want {
			t.Errorf("%s with %v: %d %s, want %d %s", c.path, c.fault, status, text, c.status, c.want)
		}
	}
	for path, want := range map[string]int{"/": 404, "/v2.0/networks": 404, "/metrics/x": 404} {
		if status, _ := get(t, h, http.MethodGet, path); status != want {
			t.Errorf("%s: %d", path, status)
		}
	}
	if status, _ := get(t, h, http.MethodPost, "/readyz"); status != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", status)
	}
}
