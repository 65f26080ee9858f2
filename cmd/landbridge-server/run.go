package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"

	"golang.org/x/sync/errgroup"

	"landbridge/internal/agent"
	"landbridge/internal/ovsdb"
	"landbridge/internal/server"
	"landbridge/internal/server/api"
	"landbridge/internal/server/cloud/static"
	"landbridge/internal/server/config"
	"landbridge/internal/server/httpd"
	"landbridge/internal/server/store"
)

// run runs the server until ctx ends, which is no error.
func run(ctx context.Context, cfg config.Config) (err error) {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: cfg.LogLevel}))
	cloud, err := static.Open(static.Config{File: cfg.CloudFile, Announce: cfg.AnnounceFile, Logger: log})
	if err != nil {
		return err
	}
	listener, err := httpd.ListenLoopback(ctx, cfg.Listen)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }() // closed already where it has served
	db, err := store.Open(ctx, cfg.Database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	core := server.New(server.Config{Store: db, Cloud: cloud, Owner: cfg.Owner, Logger: log, Resync: cfg.Resync})
	hands, err := agent.New(agent.Config{Owner: cfg.Owner, Databases: databases(cfg, log), Server: core, Logger: log})
	if err != nil {
		return err
	}
	log.Info("landbridge-server has started", "listen", listener.Addr(), "database", cfg.Database, "cloud", cfg.CloudFile, "switches", cfg.Switches)
	return serve(ctx, core, hands, listener, log)
}

// serve runs the parts until ctx ends, or one of them fails.
func serve(ctx context.Context, core *server.Server, hands *agent.Agent, listener net.Listener, log *slog.Logger) error {
	g, parts := errgroup.WithContext(ctx)
	g.Go(func() error { return core.Run(parts) })
	g.Go(func() error { return hands.Run(parts) })
	g.Go(func() error {
		return httpd.Serve(parts, listener, api.New(core, api.Options{Logger: log}), httpd.DefaultLimits(), log)
	})
	err := g.Wait()
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		log.Info("landbridge-server has ended")
		return nil
	}
	return err
}

func databases(cfg config.Config, log *slog.Logger) []ovsdb.Config {
	var out []ovsdb.Config
	for _, address := range cfg.Switches {
		out = append(out, ovsdb.Config{Address: address, TLS: ovsdb.TLS(cfg.TLS), Logger: log})
	}
	return out
}
