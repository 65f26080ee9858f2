package main

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"golang.org/x/sync/errgroup"

	"landbridge/internal/heap"
	"landbridge/internal/ovsdb"
	"landbridge/internal/server"
	"landbridge/internal/server/auth"
	"landbridge/internal/server/config"
	"landbridge/internal/server/httpd"
	"landbridge/internal/server/neutronapi"
)

// run runs the server until ctx ends, which is no error.
func run(ctx context.Context, cfg config.Config) (err error) {
	heap.Spare()
	log := newLog(cfg)
	session, err := newSession(cfg.Keystone)
	if err != nil {
		return err
	}
	guard, err := newGuard(cfg, session, log)
	if err != nil {
		return err
	}
	doors, err := open(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer doors.close()
	db, err := openDatabase(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	term := &term{Store: db}
	cloud, err := openCloud(cfg, session, term, log)
	if err != nil {
		return err
	}
	others, err := openControl(cfg.Control, db, log)
	if err != nil {
		return err
	}
	core, beside, err := newCore(server.Config{Store: db, Cloud: cloud, Owner: cfg.Owner, Logger: log, Resync: cfg.Resync}, cfg, others, db)
	if err != nil {
		return err
	}
	term.core = core
	shown := watch(core, db, cloud, others, doors.api, guard.keystone, log)
	db.Observe(shown.Statement)
	served, err := newFront(cfg, core, guard, log)
	if err != nil {
		return err
	}
	defer served.close()
	log.Info("landbridge-server has started", "listen", doors.api.Addr(), "metrics", doors.metricsAddr(), "auth", guard.String(), "neutron", cfg.Neutron.URL, "database", db.String(), "cloud", cfg.Cloud.String(), "switches", cfg.Switches, "dial in", cfg.DialIn)
	return serve(ctx, log, core.Run, beside,
		doors.serveAPI(shown.Observe(served, served.Route), log), doors.serveMetrics(shown.Handler(), log))
}

// part is one of what runs at the same time, until its context ends.
type part func(context.Context) error

// serve runs the parts until ctx ends, or one of them fails.
func serve(ctx context.Context, log *slog.Logger, parts ...part) error {
	g, all := errgroup.WithContext(ctx)
	for _, p := range parts {
		g.Go(func() error { return p(all) })
	}
	err := g.Wait()
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		log.Info("landbridge-server has ended")
		return nil
	}
	return err
}

// newLog writes to standard error, and names the request that a line is about,
// and who has sent it.
func newLog(cfg config.Config) *slog.Logger {
	text := slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: cfg.LogLevel})
	return slog.New(httpd.WithContextAttrs(text, func(ctx context.Context) []slog.Attr {
		attrs := auth.LogAttrs(ctx)
		if id := neutronapi.RequestID(ctx); id != "" {
			attrs = append(attrs, slog.String("request_id", id))
		}
		return attrs
	}))
}

func databases(cfg config.Config, log *slog.Logger) []ovsdb.Config {
	var out []ovsdb.Config
	for _, address := range cfg.Switches {
		out = append(out, ovsdb.Config{Address: address, TLS: ovsdb.TLS(cfg.TLS), Logger: log})
	}
	return out
}

func listeners(cfg config.Config) []ovsdb.ListenConfig {
	var out []ovsdb.ListenConfig
	for _, address := range cfg.DialIn {
		out = append(out, ovsdb.ListenConfig{Address: address, TLS: ovsdb.TLS(cfg.TLS), Names: cfg.SwitchNames})
	}
	return out
}
