// Package server is one landbridge-server: it joins the store, the planner, the
// cloud driver and the API, and serves plans to agents.
package server

import (
	"context"

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

	// Networks gives the networks that have connections, sorted.
	Networks(ctx context.Context) ([]string, error)
	// Asked gives all that is asked for some networks, by their IDs; nothing for
	// one that nothing is asked for.
	Asked(ctx context.Context, networkIDs ...string) (map[string]l2gw.Asked, error)
	// NetworksOf gives the networks that depend on a gateway or a remote
	// gateway, sorted.
	NetworksOf(ctx context.Context, gatewayOrRemoteID string) ([]string, error)
	// SetStatus writes the status of connections and remote connections by ID;
	// IDs that are gone are passed over. Under a lease it writes nothing, and fails
	// with l2gw.ErrLeaseLost, once another may hold it.
	SetStatus(ctx context.Context, statuses map[string]l2gw.Status, under ...l2gw.Lease) error

	// SaveInventory replaces what is kept of one database, under a lease as above.
	SaveInventory(ctx context.Context, inv hwvtep.Inventory, under ...l2gw.Lease) error
	// Inventories gives what is kept of each database, by address.
	Inventories(ctx context.Context) ([]hwvtep.Inventory, error)
	Close() error
}
