// Package server is one landbridge-server: it joins the store, the planner, the
// cloud driver and the API, and serves plans to agents.
package server

import (
	"context"
	"time"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
)

// Store is what the server needs of its database. Every method is one
// transaction.
type Store interface {
	Gateways() l2gw.Updatable[l2gw.Gateway, l2gw.GatewayUpdate]
	RemoteGateways() l2gw.Updatable[l2gw.RemoteGateway, l2gw.RemoteGatewayUpdate]
	RemoteMACs() l2gw.Collection[l2gw.RemoteMAC]
	Connections() l2gw.NetworkCollection[l2gw.Connection]
	RemoteConnections() l2gw.NetworkCollection[l2gw.RemoteConnection]
	Quotas() l2gw.Quotas
	Agents() l2gw.Agents

	// Networks gives the networks that have connections, sorted.
	Networks(ctx context.Context) ([]string, error)
	// Asked gives all that is asked for some networks, by their IDs; nothing for
	// one that nothing is asked for.
	Asked(ctx context.Context, networkIDs ...string) (map[string]l2gw.Asked, error)
	// NetworksOf gives the networks that depend on a gateway or a remote
	// gateway, sorted.
	NetworksOf(ctx context.Context, gatewayOrRemoteID string) ([]string, error)
	// SetStatus writes the status of connections and remote connections by ID;
	// IDs that are gone are passed over. Those of which something else is asked by
	// now, by Status.Asked, keep what they have, and are given. Under a lease it
	// writes nothing, and fails with l2gw.ErrLeaseLost, once another may hold it.
	SetStatus(ctx context.Context, statuses map[string]l2gw.Status, under ...l2gw.Lease) (late []string, err error)

	// SaveInventory replaces what is kept of one database, under a lease as above.
	SaveInventory(ctx context.Context, inv hwvtep.Inventory, under ...l2gw.Lease) error
	// Inventories gives what is kept of each database, by address.
	Inventories(ctx context.Context) ([]hwvtep.Inventory, error)
	Close() error

	// TakeLease takes a lease for a time from now, with the next epoch. One with
	// epoch 0: somebody else holds it, for as long as is left.
	TakeLease(ctx context.Context, name, holder string, lasts time.Duration) (lease l2gw.Lease, left time.Duration, err error)
	// KeepLease has it last for a time from now; l2gw.ErrLeaseLost where another
	// holds it.
	KeepLease(ctx context.Context, lease l2gw.Lease, lasts time.Duration) error
	// EndLease gives it back.
	EndLease(ctx context.Context, lease l2gw.Lease) error
}

// Peers are the other servers on the same database, and what is done for all of
// them by the one that leads.
type Peers interface {
	// Holder names this run of the server; no other has the same name.
	Holder() string
	// Tell tells the leader, whoever that is, that networks have changed; nil
	// stands for all. What is lost is found by its next full pass.
	Tell(ctx context.Context, networks []string) error
	// Lead runs while this server leads, until ctx ends.
	Lead(ctx context.Context, lease l2gw.Lease) error
}
