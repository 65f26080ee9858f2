package store

import (
	"context"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"landbridge/internal/l2gw"
)

// RemoteConnections gives the l2_remote_gateway_connections.
func (s *Store) RemoteConnections() l2gw.NetworkCollection[l2gw.RemoteConnection] {
	return s.remoteConnections()
}

type remoteConnections struct {
	collection[l2gw.RemoteConnection]
}

func (s *Store) remoteConnections() remoteConnections {
	return remoteConnections{collection[l2gw.RemoteConnection]{
		s, l2gw.KindRemoteConnection, func(v l2gw.RemoteConnection) string { return v.ProjectID }, columnsOf(
			column{"l2_gateway_id", text}, column{"network_id", text}, column{"l2_remote_gateway_id", text},
			column{"segmentation_id", number}, column{"flood", flag}, column{"encapsulation", text},
			column{"filter", words}, column{"status", text}, column{"status_reason", text}),
		loadRemoteConnections, l2gw.ErrRemoteConnectionNotFound, false,
	}}
}

// Create connects a network through a gateway to a remote gateway.
func (c remoteConnections) Create(
	ctx context.Context, v l2gw.RemoteConnection, network l2gw.Network,
) (l2gw.RemoteConnection, error) {
	return first(c.CreateAll(ctx, []l2gw.RemoteConnection{v}, map[string]l2gw.Network{v.NetworkID: network}))
}

// CreateAll connects networks through gateways to remote gateways. Without a
// tunnel key they use the network's segmentation id, without an encapsulation
// VXLAN.
func (c remoteConnections) CreateAll(
	ctx context.Context, list []l2gw.RemoteConnection, networks map[string]l2gw.Network,
) ([]l2gw.RemoteConnection, error) {
	return c.createAll(ctx, list, func(ctx context.Context, db bun.IDB, v l2gw.RemoteConnection) (l2gw.RemoteConnection, error) {
		if v.Encapsulation == "" {
			v.Encapsulation = l2gw.VXLAN
		}
		v, err := c.judge(ctx, db, v, networks[v.NetworkID])
		if err != nil {
			return v, err
		}
		stamp, err := nextStamp(ctx, db, c.table())
		if err != nil {
			return v, err
		}
		v.ID, v.Status, v.Standard = uuid.NewString(), waiting(), born(v.Standard, stamp)
		return v, c.insert(ctx, db, newRemoteConnectionRow(v), map[string]*l2gw.Error{
			oneRemoteConnection: l2gw.ErrRemoteConnectionExists(v),
			oneTunnelKey:        l2gw.ErrTunnelKeyTaken(v),
		})
	})
}

// judge finds what v refers to and gives v with its tunnel key if it may be.
func (c remoteConnections) judge(
	ctx context.Context, db bun.IDB, v l2gw.RemoteConnection, network l2gw.Network,
) (l2gw.RemoteConnection, error) {
	gw, err := c.gateways().one(ctx, db, v.GatewayID)
	if err != nil {
		return v, err
	}
	if _, err := c.remoteGateways().one(ctx, db, v.RemoteGatewayID); err != nil {
		return v, err
	}
	ground, err := loadConnections(ctx, db, only(is("l2_gateway_id", v.GatewayID), is("network_id", v.NetworkID)))
	if err != nil {
		return v, err
	}
	if len(ground) == 0 {
		return v, l2gw.ErrNotConnected(v)
	}
	if v, err = v.WithTunnelKey(network); err != nil {
		return v, err
	}
	rivals, err := remoteRivals(ctx, db, v)
	if err != nil {
		return v, err
	}
	return v, l2gw.CheckRemoteConnection(v, gw, rivals)
}

// remoteRivals gives the remote connections that v may conflict with: those to
// its remote gateway that have its tunnel key, or its network and gateway.
func remoteRivals(ctx context.Context, db bun.IDB, v l2gw.RemoteConnection) ([]l2gw.RemoteServed, error) {
	sameRemote := is("l2_remote_gateway_id", v.RemoteGatewayID)
	list, err := loadRemoteConnections(ctx, db, only(sameRemote, is("segmentation_id", v.TunnelKey)))
	if err != nil {
		return nil, err
	}
	twins, err := loadRemoteConnections(ctx, db, only(sameRemote,
		is("l2_gateway_id", v.GatewayID), is("network_id", v.NetworkID)))
	if err != nil {
		return nil, err
	}
	list = append(list, twins...)
	gateways, err := gatewaysByID(ctx, db, references(list, remoteConnectionGateway))
	if err != nil {
		return nil, err
	}
	out := make([]l2gw.RemoteServed, len(list))
	for i, r := range list {
		out[i] = l2gw.RemoteServed{Connection: r, Gateway: gateways[r.GatewayID]}
	}
	return out, nil
}

// Delete removes a remote connection with its remote MACs.
func (c remoteConnections) Delete(ctx context.Context, id string, at ...l2gw.Revision) error {
	return c.write(ctx, "delete l2_remote_gateway_connection", func(ctx context.Context, db bun.IDB) error {
		if _, err := c.oneAt(ctx, db, id, at); err != nil {
			return err
		}
		// The foreign key of l2remotemacs takes them along.
		return deleteRow[remoteConnectionRow](ctx, db, id)
	})
}
