package main

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"landbridge/internal/agent"
	"landbridge/internal/l2gw"
	"landbridge/internal/server"
	"landbridge/internal/server/config"
	"landbridge/internal/server/store"
)

// inside is this server with the agent inside. Others on its database are told
// by it what has changed, and take over when this one is gone.
type inside struct {
	cfg    config.Config
	holder holder
	db     *store.Store
	log    *slog.Logger
	core   *server.Server // set before it runs
}

var _ server.Peers = (*inside)(nil)

// hearEvery is the time between two looks at what other servers have changed.
const hearEvery = 100 * time.Millisecond

// Holder implements server.Peers.
func (i *inside) Holder() string { return i.holder.String() }

// Tell implements server.Peers.
func (i *inside) Tell(ctx context.Context, networks []string) error {
	return i.db.NoteChanged(ctx, networks)
}

// Lead implements server.Peers: the switches are the leader's agent's, by the
// epoch of the lease.
func (i *inside) Lead(ctx context.Context, lease l2gw.Lease) error {
	a, err := i.agent(lease)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.Run(ctx) })
	g.Go(func() error { return i.hear(ctx, lease) })
	return g.Wait()
}

// agent makes the agent of a term, which connects when it runs.
func (i *inside) agent(lease l2gw.Lease) (*agent.Agent, error) {
	return agent.New(agent.Config{
		Owner: i.cfg.Owner, Databases: databases(i.cfg, i.log), Listen: listeners(i.cfg), Server: i.core, Logger: i.log,
		Epoch: lease.Epoch, Name: i.holder.host, May: i.core.Leads,
	})
}

// hear has planned what other servers have changed. What cannot be read now is
// read the next time.
func (i *inside) hear(ctx context.Context, lease l2gw.Lease) error {
	tick := time.NewTicker(hearEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		networks, all, err := i.db.TakeChanged(ctx, lease)
		switch {
		case err != nil && ctx.Err() == nil:
			i.log.Debug("what other servers have changed cannot be read; trying again", "error", err)
		case all:
			i.core.NetworksChanged(nil)
		case len(networks) > 0:
			i.core.NetworksChanged(networks)
		}
	}
}
