package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"time"

	"landbridge/internal/agent"
	"landbridge/internal/l2gw"
	"landbridge/internal/rpc/bus"
	"landbridge/internal/server"
	"landbridge/internal/server/config"
	"landbridge/internal/server/fleet"
	"landbridge/internal/server/metrics"
	"landbridge/internal/server/store"
)

// control is this server among others on its database, with agents of their own.
type control struct {
	holder string
	bus    *bus.Server
	fleet  *fleet.Fleet
	core   *server.Server // set before it runs
}

var _ server.Peers = (*control)(nil)

// tellWithin is how long the leader may be hard to reach: it finds out by itself.
const tellWithin = time.Second

// openControl gives nil for a server that is alone.
func openControl(cfg *config.Control, db *store.Store, log *slog.Logger) (c *control, err error) {
	if cfg == nil {
		return nil, nil
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	c = &control{holder: fmt.Sprintf("%s %d %s", host, os.Getpid(), rand.Text())}
	c.bus, err = bus.NewServer(bus.ServerConfig{
		Bus: cfg.Bus, Logger: log, Changed: func(networks []string) { c.core.NetworksChanged(networks) },
	})
	if err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	c.fleet = fleet.New(fleet.Config{Store: db, Bus: c.bus, Logger: log, Down: cfg.Down})
	return c, nil
}

// Holder implements server.Peers.
func (c *control) Holder() string { return c.holder }

// Tell implements server.Peers.
func (c *control) Tell(ctx context.Context, networks []string) error {
	ctx, stop := context.WithTimeout(ctx, tellWithin)
	defer stop()
	return c.bus.Tell(ctx, networks)
}

// Lead implements server.Peers.
func (c *control) Lead(ctx context.Context, lease l2gw.Lease) error {
	return c.fleet.Lead(ctx, lease, c.core)
}

// newHands gives what serves the switches beside the core: an agent inside, or,
// with agents of their own, what reaches them.
func newHands(cfg config.Config, core *server.Server, others *control, log *slog.Logger) (part, error) {
	if others != nil {
		return others.bus.Run, nil
	}
	inside, err := agent.New(agent.Config{Owner: cfg.Owner, Databases: databases(cfg, log), Listen: listeners(cfg), Server: core, Logger: log})
	if err != nil {
		return nil, err
	}
	return inside.Run, nil
}

// newCore makes the server itself; others is nil for one that is alone.
func newCore(cfg server.Config, others *control) *server.Server {
	if others == nil {
		return server.New(cfg)
	}
	cfg.Peers = others
	others.core = server.New(cfg)
	return others.core
}

// fleetMetrics tells metrics of the agents.
func (c *control) fleetMetrics() metrics.Fleet {
	s := c.fleet.Stats()
	m := metrics.Fleet{
		Fault: c.bus.Err(), Alive: s.Alive, Epochs: map[string]uint64{}, Serves: map[string]string{},
		Moves: s.Moves, Beats: s.Beats, Plans: s.Plans, Reports: s.Reports, Casts: s.Casts,
	}
	for db, a := range s.Serves {
		m.Epochs[db], m.Serves[db] = a.Epoch, a.Host
	}
	return m
}
