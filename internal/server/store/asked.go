package store

import (
	"context"
	"slices"

	"github.com/uptrace/bun"

	"landbridge/internal/l2gw"
)

// Networks gives the networks that have connections, sorted.
func (s *Store) Networks(ctx context.Context) (ids []string, err error) {
	err = s.view(ctx, "list networks", func(ctx context.Context, db bun.IDB) error {
		return networksOf[connectionRow](ctx, db, &ids)
	})
	return sorted(ids), err
}

// NetworksOf gives the networks that depend on a gateway or a remote gateway,
// sorted.
func (s *Store) NetworksOf(ctx context.Context, gatewayOrRemoteID string) (ids []string, err error) {
	err = s.view(ctx, "list networks of a gateway", func(ctx context.Context, db bun.IDB) error {
		var remote []string
		if err := networksOf[connectionRow](ctx, db, &ids, is("l2_gateway_id", gatewayOrRemoteID)); err != nil {
			return err
		}
		err := networksOf[remoteConnectionRow](ctx, db, &remote, is("l2_remote_gateway_id", gatewayOrRemoteID))
		ids = append(ids, remote...)
		return err
	})
	return sorted(ids), err
}

// networksOf reads the networks of connections of one kind.
func networksOf[R any](ctx context.Context, db bun.IDB, ids *[]string, narrow ...where) error {
	q := db.NewSelect().Model((*R)(nil)).Distinct().Column("network_id")
	return narrowed(q, narrow).Scan(ctx, ids)
}

func sorted(ids []string) []string {
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Asked gives all that is asked for one network; empty where there is nothing.
func (s *Store) Asked(ctx context.Context, networkID string) (a l2gw.Asked, err error) {
	err = s.view(ctx, "read what is asked for network "+networkID, func(ctx context.Context, db bun.IDB) (err error) {
		a, err = asked(ctx, db, networkID)
		return err
	})
	return a, err
}

func asked(ctx context.Context, db bun.IDB, networkID string) (a l2gw.Asked, err error) {
	if a.Connections, err = loadConnections(ctx, db, only(is("network_id", networkID))); err != nil {
		return a, err
	}
	if a.RemoteConnections, err = loadRemoteConnections(ctx, db, only(is("network_id", networkID))); err != nil {
		return a, err
	}
	// Each remote connection stands on a connection of its network and gateway.
	if a.Gateways, err = gatewaysByID(ctx, db, references(a.Connections, connectionGateway)); err != nil {
		return a, err
	}
	remotes := references(a.RemoteConnections, func(r l2gw.RemoteConnection) string { return r.RemoteGatewayID })
	if a.RemoteGateways, err = remoteGatewaysByID(ctx, db, remotes); err != nil {
		return a, err
	}
	leads := references(a.RemoteConnections, func(r l2gw.RemoteConnection) string { return r.ID })
	a.RemoteHosts, err = loadRemoteHosts(ctx, db, leads)
	return a, err
}
