package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"runtime/debug"

	"golang.org/x/sync/errgroup"

	"landbridge/internal/agent"
	"landbridge/internal/agent/config"
	"landbridge/internal/agent/metrics"
	"landbridge/internal/heap"
	"landbridge/internal/ovsdb"
	"landbridge/internal/rpc/bus"
	"landbridge/internal/server/httpd"
)

// run runs the agent until ctx ends, which is no error.
func run(ctx context.Context, cfg config.Config) error {
	heap.Spare()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: cfg.LogLevel}))
	door, err := listen(ctx, cfg.MetricsListen)
	if err != nil {
		return err
	}
	if door != nil {
		defer func() { _ = door.Close() }()
	}
	// The two need each other; neither is asked before both are there.
	var hands *agent.Agent
	link, err := bus.NewAgent(bus.AgentConfig{
		Bus: cfg.Bus, Host: cfg.Host, Version: version(), Databases: func() (all, away []string) { return known(hands) }, Lapse: cfg.Down, Logger: log,
		Assign: func(database string, epoch uint64) { hands.Assign(database, epoch) },
	})
	if err != nil {
		return err
	}
	hands, err = agent.New(agent.Config{
		Owner: cfg.Owner, Databases: databases(cfg, log), Listen: listeners(cfg), Server: link, Logger: log, Name: cfg.Host, Assigned: true,
	})
	if err != nil {
		return err
	}
	log.Info("landbridge-agent has started", "host", cfg.Host, "version", version(), "switches", cfg.Switches, "dial in", cfg.DialIn, "metrics", cfg.MetricsListen)
	g, all := errgroup.WithContext(ctx)
	g.Go(func() error { return hands.Run(all) })
	g.Go(func() error { return link.Run(all) })
	if door != nil {
		g.Go(func() error { return httpd.Serve(all, door, metrics.New(link.Stats), limits(), log) })
	}
	err = g.Wait()
	if ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
		log.Info("landbridge-agent has ended")
		return nil
	}
	return err
}

// listen opens the address of metrics; "" is none.
func listen(ctx context.Context, address string) (net.Listener, error) {
	if address == "" {
		return nil, nil
	}
	return httpd.Listen(ctx, address)
}

// mostWatchers bounds the connections of those who read metrics.
const mostWatchers = 64

func limits() httpd.Limits {
	l := httpd.DefaultLimits()
	l.Connections = mostWatchers
	return l
}

// known gives the databases that can be served: those that are dialled, and those
// that have dialled in and are there, though another agent may have them; and
// which of them cannot be reached.
func known(hands *agent.Agent) (all, away []string) {
	all = []string{}
	for _, db := range hands.Databases() {
		if db.Away && ovsdb.IsDialled(db.Address) {
			continue
		}
		all = append(all, db.Address)
		if db.Away {
			away = append(away, db.Address)
		}
	}
	return all, away
}

func listeners(cfg config.Config) []ovsdb.ListenConfig {
	var out []ovsdb.ListenConfig
	for _, address := range cfg.DialIn {
		out = append(out, ovsdb.ListenConfig{Address: address, TLS: cfg.TLS, Names: cfg.SwitchNames})
	}
	return out
}

func databases(cfg config.Config, log *slog.Logger) []ovsdb.Config {
	var out []ovsdb.Config
	for _, address := range cfg.Switches {
		out = append(out, ovsdb.Config{Address: address, TLS: cfg.TLS, Logger: log})
	}
	return out
}

// version is that of the build, as far as it is known.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return info.Main.Version + " " + s.Value
		}
	}
	return info.Main.Version
}
