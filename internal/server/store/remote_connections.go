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
		s, "l2_remote_gateway_connection", loadRemoteConnections, l2gw.ErrRemoteConnectionNotFound,
	}}
}

// Create connects a network through a gateway to a remote gateway. Without a
// tunnel key it uses the network's segmentation id, without an encapsulation
// VXLAN.
func (c remoteConnections) Create(
	ctx context.Context, v l2gw.RemoteConnection, network l2gw.Network,
) (l2gw.RemoteConnection, error) {
	v.ID, v.Status = uuid.NewString(), waiting()
	if v.Encapsulation == "" {
		v.Encapsulation = l2gw.VXLAN
	}
	err := c.write(ctx, "create l2_remote_gateway_connection", func(ctx context.Context, db bun.IDB) (err error) {
		if v, err = c.judge(ctx, db, v, network); err != nil {
			return err
		}
		stamp, err := nextStamp(ctx, db, "l2remotegatewayconnections")
		if err != nil {
			return err
		}
		return c.insert(ctx, db, newRemoteConnectionRow(v, stamp), map[string]*l2gw.Error{
			oneRemoteConnection: l2gw.ErrRemoteConnectionExists(v),
			oneTunnelKey:        l2gw.ErrTunnelKeyTaken(v),
		})
	})
	return kept(v, err)
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
	ground, err := loadConnections(ctx, db, is("l2_gateway_id", v.GatewayID), is("network_id", v.NetworkID))
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
	list, err := loadRemoteConnections(ctx, db, sameRemote, is("segmentation_id", v.TunnelKey))
	if err != nil {
		return nil, err
	}
	twins, err := loadRemoteConnections(ctx, db, sameRemote,
		is("l2_gateway_id", v.GatewayID), is("network_id", v.NetworkID))
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
func (c remoteConnections) Delete(ctx context.Context, id string) error {
	return c.write(ctx, "delete l2_remote_gateway_connection", func(ctx context.Context, db bun.IDB) error {
		if _, err := c.one(ctx, db, id); err != nil {
			return err
		}
		// The foreign key of l2remotemacs takes them along.
		return deleteRow[remoteConnectionRow](ctx, db, id)
	})
}
