// Package metrics shows a landbridge-server to those who watch it: to
// Prometheus, and to whoever asks whether it lives and is ready.
package metrics

import (
	"context"
	"database/sql"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const prefix = "landbridge_server_"

// Core is the state of the planning server.
type Core struct {
	// Leads says that this server plans, Follows that another does. Term is the
	// epoch of its lease while it leads; Terms is how many it has had.
	Leads    bool
	Follows  bool
	Term     uint64
	Terms    uint64
	Planned  bool   // every network has been planned once
	Revision uint64 // of the plan
	Networks int    // that have connections
	Failing  int    // pieces of work that have failed and are tried again
	Retries  uint64 // times that failed work was tried again
	// Databases has the reported databases of switches by address: "" while in
	// use, otherwise why not.
	Databases map[string]string
}

// Store is the database of the server.
type Store interface {
	// Counts gives how many objects there are by kind ("l2_gateway"), and the
	// connections among them by kind and status ("ACTIVE").
	Counts(ctx context.Context) (objects map[string]int, connections map[string]map[string]int, err error)
	Stats() sql.DBStats
	Retries() uint64 // transactions begun anew
}

// Quota is how many objects of a kind a project may own, and does.
type Quota struct {
	Project, Kind string
	Limit, Used   int
}

// Quotas are the limits of projects.
type Quotas interface {
	// Limited gives all that there are.
	Limited(ctx context.Context) ([]Quota, error)
	// Refusals gives how many creates were refused because of one, by kind.
	Refusals() map[string]uint64
}

// Config says what is shown.
type Config struct {
	Core   func() Core
	Tokens func() Tokens // nil: nobody is asked for one
	Cloud  func() Cloud  // nil: the cloud has no Neutron
	Fleet  func() Fleet  // nil: the agent is inside
	Quotas Quotas        // nil: there are none
	Store  Store
	Checks []Check      // of readiness
	Logger *slog.Logger // nil: nothing is logged
}

// Metrics counts what goes through it, and reads the rest when it is asked.
type Metrics struct {
	cfg        Config
	requests   *requests
	statements *statements
	registry   *prometheus.Registry
}

// New makes metrics with a registry of their own.
func New(cfg Config) *Metrics {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	m := &Metrics{cfg: cfg, requests: newRequests(), statements: newStatements(), registry: prometheus.NewRegistry()}
	m.registry.MustRegister(
		m.requests.total, m.requests.duration, m.requests.inFlight,
		m.statements.duration, m.statements.errors,
		newState(cfg), newOpenStack(cfg), newQuotas(cfg.Quotas), newFleet(cfg.Fleet),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

// scrapeWithin bounds what one look at the metrics may take.
const scrapeWithin = 10 * time.Second

// Handler serves /metrics, /healthz and /readyz.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog:      slog.NewLogLogger(m.cfg.Logger.Handler(), slog.LevelWarn),
		ErrorHandling: promhttp.ContinueOnError,
		Timeout:       scrapeWithin, MaxRequestsInFlight: 8,
	}))
	mux.HandleFunc("GET /healthz", m.serveHealth)
	mux.HandleFunc("GET /readyz", m.serveReady)
	return mux
}
