package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"landbridge/internal/server"
	"landbridge/internal/server/api"
	"landbridge/internal/server/cloud"
	"landbridge/internal/server/cloud/neutron"
	"landbridge/internal/server/config"
	"landbridge/internal/server/httpd"
	"landbridge/internal/server/keystone"
	"landbridge/internal/server/metrics"
	"landbridge/internal/server/neutronapi"
	"landbridge/internal/server/proxy"
	"landbridge/internal/server/store"
)

// front is what clients reach: our API, and Neutron behind it where there is
// one.
type front struct {
	proxy.API
	close func()
}

func newFront(cfg config.Config, core *server.Server, guard neutronapi.Guard, log *slog.Logger) (*front, error) {
	ours := api.New(core, api.Options{Logger: log, Guard: guard, MaxBulk: cfg.MaxBulk, Networks: cfg.Neutron.URL == nil, Agents: cfg.Control != nil})
	// All bodies in memory at once are at most two of the largest.
	budget := httpd.NewBudget(2*cfg.MaxBulk, neutronapi.Errorf(http.StatusServiceUnavailable,
		"The server has too much to read at once; try again."))
	limited := bounded{ours, budget.Wrap(ours)}
	if cfg.Neutron.URL == nil {
		return &front{limited, func() {}}, nil
	}
	both, err := proxy.New(proxy.Config{
		Ours: limited, Documents: api.New(core, api.Options{Agents: cfg.Control != nil}), Rehearse: neutronapi.Rehearse,
		URL: cfg.Neutron.URL, CA: cfg.Neutron.CA, Timeout: cfg.Neutron.Timeout, Logger: log,
	})
	if err != nil {
		return nil, err
	}
	return &front{both, both.Close}, nil
}

// bounded is an API within limits.
type bounded struct {
	*neutronapi.API
	within http.Handler
}

// ServeHTTP implements http.Handler.
func (b bounded) ServeHTTP(w http.ResponseWriter, r *http.Request) { b.within.ServeHTTP(w, r) }

// watch shows the server to those who look after it.
func watch(core *server.Server, db *store.Store, site *cloud.Renewed, others *control, api *httpd.Listener, tokens *keystone.Keystone, log *slog.Logger) *metrics.Metrics {
	cfg := metrics.Config{
		Core: func() metrics.Core { return metrics.Core(core.State()) }, Store: db, Quotas: limited{db}, Logger: log,
		Checks: []metrics.Check{
			{Name: "database", Missing: db.Ping},
			{Name: "plan", Missing: func(context.Context) error {
				// Any of several takes requests, whoever plans.
				if s := core.State(); others == nil && !s.Planned && !s.Follows {
					return errors.New("not every network has been planned yet")
				}
				return nil
			}},
			{Name: "listener", Missing: func(context.Context) error { return api.Accepting() }},
		},
	}
	if _, ok := site.Now().(*neutron.Cloud); ok {
		cfg.Cloud = func() metrics.Cloud { return metrics.Cloud(site.Now().(*neutron.Cloud).Stats()) }
	}
	if others != nil {
		cfg.Fleet = others.fleetMetrics
	}
	if tokens != nil {
		cfg.Tokens = func() metrics.Tokens { return metrics.Tokens(tokens.Stats()) }
	}
	return metrics.New(cfg)
}

// limited tells metrics of quotas.
type limited struct{ *store.Store }

// Limited implements metrics.Quotas.
func (l limited) Limited(ctx context.Context) ([]metrics.Quota, error) {
	all, err := l.Store.Limited(ctx)
	out := make([]metrics.Quota, 0, len(all))
	for _, q := range all {
		out = append(out, metrics.Quota{Project: q.Project, Kind: string(q.Kind), Limit: q.Limit, Used: q.Used})
	}
	return out, err
}

// Refusals implements metrics.Quotas.
func (l limited) Refusals() map[string]uint64 {
	out := map[string]uint64{}
	for kind, n := range l.Store.Refusals() {
		out[string(kind)] = n
	}
	return out
}
