package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

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
	holder holder
	bus    *bus.Server
	fleet  *fleet.Fleet
	db     *store.Store
	log    *slog.Logger
	core   *server.Server // set before it runs
}

var _ server.Peers = (*control)(nil)

// tellWithin is how long the leader may be hard to reach: it finds out by itself.
const tellWithin = time.Second

// holder is one run of this program.
type holder struct{ host, run string }

func newHolder() (h holder, err error) {
	h.run = rand.Text()
	h.host, err = os.Hostname()
	return h, err
}

func (h holder) String() string { return fmt.Sprintf("%s %d %s", h.host, os.Getpid(), h.run) }

// openControl gives nil for a server with its agent inside.
func openControl(cfg *config.Control, db *store.Store, log *slog.Logger) (c *control, err error) {
	if cfg == nil {
		return nil, nil
	}
	c = &control{db: db, log: log}
	if c.holder, err = newHolder(); err != nil {
		return nil, err
	}
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
func (c *control) Holder() string { return c.holder.String() }

// Tell implements server.Peers. The word by RabbitMQ hurries the leader; should it
// be lost, the note in the database is found.
func (c *control) Tell(ctx context.Context, networks []string) error {
	if c.bus.Err() == nil {
		soon, stop := context.WithTimeout(ctx, tellWithin)
		defer stop()
		if err := c.bus.Tell(soon, networks); err != nil {
			c.log.Debug("the leader could not be told of a change by RabbitMQ; it finds the note of it", "error", err)
		}
	}
	return c.db.NoteChanged(ctx, networks)
}

// Lead implements server.Peers.
func (c *control) Lead(ctx context.Context, lease l2gw.Lease) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return c.fleet.Lead(ctx, lease, c.core) })
	g.Go(func() error { return hear(ctx, c.db, lease, c.core.NetworksChanged, c.log) })
	return g.Wait()
}

// newCore makes the server itself, and gives what runs beside it: what reaches
// agents of their own, where it has others.
func newCore(with server.Config, cfg config.Config, others *control, db *store.Store) (*server.Server, part, error) {
	if others != nil {
		with.Peers, with.Notices = others, true
		others.core = server.New(with)
		return others.core, others.bus.Run, nil
	}
	h, err := newHolder()
	if err != nil {
		return nil, nil, err
	}
	in := &inside{cfg: cfg, holder: h, db: db, log: with.Logger}
	with.Peers = in
	in.core = server.New(with)
	_, err = in.agent(l2gw.Lease{}) // what is wrong with its configuration is told now
	return in.core, nothing, err
}

// nothing is no part.
func nothing(context.Context) error { return nil }

// fleetMetrics tells metrics of the agents.
func (c *control) fleetMetrics() metrics.Fleet {
	s := c.fleet.Stats()
	m := metrics.Fleet{
		Fault: c.bus.Err(), Alive: s.Alive, Away: s.Away, Epochs: map[string]uint64{}, Serves: map[string]string{},
		Moves: s.Moves, Beats: s.Beats, Plans: s.Plans, Reports: s.Reports, Casts: s.Casts,
	}
	for db, a := range s.Serves {
		m.Epochs[db], m.Serves[db] = a.Epoch, a.Host
	}
	return m
}
