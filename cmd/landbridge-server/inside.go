package main

import (
	"context"
	"log/slog"

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
	g.Go(func() error { return hear(ctx, i.db, lease, i.core.NetworksChanged, i.log) })
	return g.Wait()
}

// agent makes the agent of a term, which connects when it runs.
func (i *inside) agent(lease l2gw.Lease) (*agent.Agent, error) {
	return agent.New(agent.Config{
		Owner: i.cfg.Owner, Databases: databases(i.cfg, i.log), Listen: listeners(i.cfg), Server: i.core, Logger: i.log,
		Epoch: lease.Epoch, Name: i.holder.host, May: i.core.Leads,
	})
}
