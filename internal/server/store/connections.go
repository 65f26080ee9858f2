package store

import (
	"context"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"landbridge/internal/l2gw"
)

// Connections gives the l2_gateway_connections.
func (s *Store) Connections() l2gw.NetworkCollection[l2gw.Connection] { return s.connections() }

type connections struct{ collection[l2gw.Connection] }

func (s *Store) connections() connections {
	return connections{collection[l2gw.Connection]{
		s, l2gw.KindConnection, func(v l2gw.Connection) string { return v.ProjectID }, columnsOf(
			column{"l2_gateway_id", text}, column{"network_id", text}, column{"segmentation_id", optional},
			column{"status", text}, column{"status_reason", text}),
		loadConnections, l2gw.ErrConnectionNotFound, false,
	}}
}

// waiting is the status of a connection that is new, or is asked to be another.
func waiting() l2gw.Status {
	return l2gw.Status{State: l2gw.Pending, Reason: "It has just been asked for and is not yet at the switches."}
}

// Create connects a network to a gateway.
func (c connections) Create(ctx context.Context, v l2gw.Connection, network l2gw.Network) (l2gw.Connection, error) {
	return first(c.CreateAll(ctx, []l2gw.Connection{v}, map[string]l2gw.Network{v.NetworkID: network}))
}

// CreateAll connects networks to gateways.
func (c connections) CreateAll(
	ctx context.Context, list []l2gw.Connection, networks map[string]l2gw.Network,
) ([]l2gw.Connection, error) {
	return c.createAll(ctx, list, func(ctx context.Context, db bun.IDB, v l2gw.Connection) (l2gw.Connection, error) {
		gw, err := c.gateways().one(ctx, db, v.GatewayID)
		if err != nil {
			return v, err
		}
		others, err := rivals(ctx, db, v, gw)
		if err != nil {
			return v, err
		}
		if err := l2gw.CheckConnection(v, gw, networks[v.NetworkID], others); err != nil {
			return v, err
		}
		return c.keep(ctx, db, v)
	})
}

func (c connections) keep(ctx context.Context, db bun.IDB, v l2gw.Connection) (l2gw.Connection, error) {
	stamp, err := nextStamp(ctx, db, c.table())
	if err != nil {
		return v, err
	}
	v.ID, v.Status, v.Standard = uuid.NewString(), waiting(), born(v.Standard, stamp)
	return v, c.insert(ctx, db, newConnectionRow(v), map[string]*l2gw.Error{oneConnection: l2gw.ErrConnectionExists(v)})
}

// Delete removes a connection on which no remote connection stands.
func (c connections) Delete(ctx context.Context, id string, at ...l2gw.Revision) error {
	return c.write(ctx, "delete l2_gateway_connection", func(ctx context.Context, db bun.IDB) error {
		v, err := c.oneAt(ctx, db, id, at)
		if err != nil {
			return err
		}
		users, err := loadRemoteConnections(ctx, db, only(is("l2_gateway_id", v.GatewayID), is("network_id", v.NetworkID)))
		if err != nil {
			return err
		}
		if len(users) > 0 {
			return l2gw.ErrConnectionInUse(id, users[0].ID)
		}
		return deleteRow[connectionRow](ctx, db, id)
	})
}

// rivals gives the connections that a new one may conflict with.
func rivals(ctx context.Context, db bun.IDB, v l2gw.Connection, gw l2gw.Gateway) ([]l2gw.Served, error) {
	kind, err := gw.InterfaceKind()
	if err != nil {
		return nil, err
	}
	if kind != l2gw.NoInterfaces {
		return servedBeside(ctx, db, gw)
	}
	twins, err := loadConnections(ctx, db, only(is("l2_gateway_id", v.GatewayID), is("network_id", v.NetworkID)))
	return served(twins, map[string]l2gw.Gateway{gw.ID: gw}), err
}

// servedBeside gives the connections of all gateways that name a switch that gw
// names, its own among them.
func servedBeside(ctx context.Context, db bun.IDB, gw l2gw.Gateway) ([]l2gw.Served, error) {
	var names, ids []string
	for _, d := range gw.Devices {
		names = append(names, d.Name)
	}
	err := db.NewSelect().Model((*deviceRow)(nil)).Distinct().Column("l2_gateway_id").
		Where("device_name IN (?)", bun.List(names)).Scan(ctx, &ids)
	if err != nil {
		return nil, err
	}
	list, err := loadConnections(ctx, db, only(in("l2_gateway_id", ids)))
	if err != nil {
		return nil, err
	}
	gateways, err := gatewaysByID(ctx, db, references(list, connectionGateway))
	return served(list, gateways), err
}

func served(list []l2gw.Connection, gateways map[string]l2gw.Gateway) []l2gw.Served {
	out := make([]l2gw.Served, len(list))
	for i, c := range list {
		out[i] = l2gw.Served{Connection: c, Gateway: gateways[c.GatewayID]}
	}
	return out
}
