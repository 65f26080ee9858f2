package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"landbridge/internal/server"
	"landbridge/internal/server/api"
	"landbridge/internal/server/config"
	"landbridge/internal/server/httpd"
	"landbridge/internal/server/metrics"
	"landbridge/internal/server/neutronapi"
	"landbridge/internal/server/proxy"
	"landbridge/internal/server/store"
)

// noauthProject owns what is made without a project where nobody is asked who
// they are.
const noauthProject = "default"

// front is what clients reach: our API, and Neutron behind it where there is
// one.
type front struct {
	proxy.API
	close func()
}

func newFront(cfg config.Config, core *server.Server, log *slog.Logger) (*front, error) {
	ours := api.New(core, api.Options{Logger: log, Guard: neutronapi.Open{Project: noauthProject}, MaxBulk: cfg.MaxBulk})
	// All bodies in memory at once are at most two of the largest.
	budget := httpd.NewBudget(2*cfg.MaxBulk, neutronapi.Errorf(http.StatusServiceUnavailable,
		"The server has too much to read at once; try again."))
	guarded := guard{ours, budget.Wrap(ours)}
	if cfg.Neutron.URL == nil {
		return &front{guarded, func() {}}, nil
	}
	both, err := proxy.New(proxy.Config{
		Ours: guarded, Documents: api.New(core, api.Options{}),
		URL: cfg.Neutron.URL, CA: cfg.Neutron.CA, Timeout: cfg.Neutron.Timeout, Logger: log,
	})
	if err != nil {
		return nil, err
	}
	return &front{both, both.Close}, nil
}

// guard is an API within limits.
type guard struct {
	*neutronapi.API
	within http.Handler
}

// ServeHTTP implements http.Handler.
func (g guard) ServeHTTP(w http.ResponseWriter, r *http.Request) { g.within.ServeHTTP(w, r) }

// watch shows the server to those who look after it.
func watch(core *server.Server, db *store.Store, api *httpd.Listener, log *slog.Logger) *metrics.Metrics {
	return metrics.New(metrics.Config{
		Core: func() metrics.Core { return metrics.Core(core.State()) }, Store: db, Logger: log,
		Checks: []metrics.Check{
			{Name: "database", Missing: db.Ping},
			{Name: "plan", Missing: func(context.Context) error {
				if !core.State().Planned {
					return errors.New("not every network has been planned yet")
				}
				return nil
			}},
			{Name: "listener", Missing: func(context.Context) error { return api.Accepting() }},
		},
	})
}
