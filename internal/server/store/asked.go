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

// Asked gives all that is asked for some networks, by their IDs; nothing for one
// that nothing is asked for. Several cost little more than one.
func (s *Store) Asked(ctx context.Context, networkIDs ...string) (asked map[string]l2gw.Asked, err error) {
	err = s.view(ctx, "read what is asked for networks", func(ctx context.Context, db bun.IDB) (err error) {
		all, err := askedTogether(ctx, db, networkIDs)
		asked = byNetwork(all)
		return err
	})
	return asked, err
}

// askedTogether gives what is asked for some networks as if they were one.
func askedTogether(ctx context.Context, db bun.IDB, networkIDs []string) (a l2gw.Asked, err error) {
	if a.Connections, err = loadConnections(ctx, db, only(in("network_id", networkIDs))); err != nil {
		return a, err
	}
	if a.RemoteConnections, err = loadRemoteConnections(ctx, db, only(in("network_id", networkIDs))); err != nil {
		return a, err
	}
	// Each remote connection stands on a connection of its network and gateway.
	if a.Gateways, err = gatewaysByID(ctx, db, references(a.Connections, connectionGateway)); err != nil {
		return a, err
	}
	remotes := references(a.RemoteConnections, remoteConnectionRemote)
	if a.RemoteGateways, err = remoteGatewaysByID(ctx, db, remotes); err != nil {
		return a, err
	}
	leads := references(a.RemoteConnections, func(r l2gw.RemoteConnection) string { return r.ID })
	a.RemoteHosts, err = loadRemoteHosts(ctx, db, leads)
	return a, err
}

// byNetwork takes apart what is asked for several networks.
func byNetwork(all l2gw.Asked) map[string]l2gw.Asked {
	out := map[string]l2gw.Asked{}
	of := func(id string) l2gw.Asked {
		if a, ok := out[id]; ok {
			return a
		}
		return l2gw.Asked{
			Gateways: map[string]l2gw.Gateway{}, RemoteGateways: map[string]l2gw.RemoteGateway{},
			RemoteHosts: map[string][]l2gw.Host{},
		}
	}
	for _, c := range all.Connections {
		a := of(c.NetworkID)
		a.Connections = append(a.Connections, c)
		a.Gateways[c.GatewayID] = all.Gateways[c.GatewayID]
		out[c.NetworkID] = a
	}
	for _, c := range all.RemoteConnections {
		a := of(c.NetworkID)
		a.RemoteConnections = append(a.RemoteConnections, c)
		a.RemoteGateways[c.RemoteGatewayID] = all.RemoteGateways[c.RemoteGatewayID]
		if hosts := all.RemoteHosts[c.ID]; len(hosts) > 0 {
			a.RemoteHosts[c.ID] = hosts
		}
		out[c.NetworkID] = a
	}
	return out
}
