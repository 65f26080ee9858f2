package store

import (
	"context"
	"database/sql"

	"github.com/uptrace/bun"

	"landbridge/internal/l2gw"
)

type connectionRow struct {
	bun.BaseModel `bun:"table:l2gatewayconnections"`
	ID            string        `bun:"id,pk"`
	ProjectID     string        `bun:"project_id"`
	GatewayID     string        `bun:"l2_gateway_id"`
	NetworkID     string        `bun:"network_id"`
	VLAN          sql.NullInt32 `bun:"segmentation_id"`
	Status        l2gw.State    `bun:"status"`
	StatusReason  string        `bun:"status_reason"`
	Asked         uint64        `bun:"asked"`
	standardRow
}

func newConnectionRow(v l2gw.Connection) *connectionRow {
	r := &connectionRow{
		ID: v.ID, ProjectID: v.ProjectID, GatewayID: v.GatewayID, NetworkID: v.NetworkID,
		Status: v.Status.State, StatusReason: v.Status.Reason, standardRow: newStandardRow(v.Standard),
	}
	if v.VLAN != nil {
		r.VLAN = sql.NullInt32{Int32: int32(*v.VLAN), Valid: true}
	}
	return r
}

func (r connectionRow) object() (l2gw.Connection, error) {
	v := l2gw.Connection{
		ID: r.ID, ProjectID: r.ProjectID, GatewayID: r.GatewayID, NetworkID: r.NetworkID,
		Status: l2gw.Status{State: r.Status, Reason: r.StatusReason, Asked: r.Asked}, Standard: r.standard(),
	}
	if r.VLAN.Valid {
		vlan := uint16(r.VLAN.Int32)
		v.VLAN = &vlan
	}
	return v, nil
}

func connectionGateway(c l2gw.Connection) string { return c.GatewayID }

func loadConnections(ctx context.Context, db bun.IDB, s selection) ([]l2gw.Connection, error) {
	return load[l2gw.Connection, connectionRow](ctx, db, s)
}

type remoteConnectionRow struct {
	bun.BaseModel   `bun:"table:l2remotegatewayconnections"`
	ID              string             `bun:"id,pk"`
	ProjectID       string             `bun:"project_id"`
	GatewayID       string             `bun:"l2_gateway_id"`
	NetworkID       string             `bun:"network_id"`
	RemoteGatewayID string             `bun:"l2_remote_gateway_id"`
	TunnelKey       uint32             `bun:"segmentation_id"`
	Flood           bool               `bun:"flood"`
	Encapsulation   l2gw.Encapsulation `bun:"encapsulation"`
	Filter          l2gw.WANFilter     `bun:"filter"`
	Status          l2gw.State         `bun:"status"`
	StatusReason    string             `bun:"status_reason"`
	Asked           uint64             `bun:"asked"`
	standardRow
}

func newRemoteConnectionRow(v l2gw.RemoteConnection) *remoteConnectionRow {
	return &remoteConnectionRow{
		ID: v.ID, ProjectID: v.ProjectID, GatewayID: v.GatewayID, NetworkID: v.NetworkID,
		RemoteGatewayID: v.RemoteGatewayID, TunnelKey: v.TunnelKey, Flood: v.Flood, Encapsulation: v.Encapsulation,
		Filter: v.Filter, Status: v.Status.State, StatusReason: v.Status.Reason, standardRow: newStandardRow(v.Standard),
	}
}

func (r remoteConnectionRow) object() (l2gw.RemoteConnection, error) {
	return l2gw.RemoteConnection{
		ID: r.ID, ProjectID: r.ProjectID, GatewayID: r.GatewayID, NetworkID: r.NetworkID,
		RemoteGatewayID: r.RemoteGatewayID, TunnelKey: r.TunnelKey, Flood: r.Flood, Encapsulation: r.Encapsulation,
		Filter: r.Filter, Status: l2gw.Status{State: r.Status, Reason: r.StatusReason, Asked: r.Asked}, Standard: r.standard(),
	}, nil
}

func remoteConnectionGateway(r l2gw.RemoteConnection) string { return r.GatewayID }

func remoteConnectionRemote(r l2gw.RemoteConnection) string { return r.RemoteGatewayID }

func loadRemoteConnections(ctx context.Context, db bun.IDB, s selection) ([]l2gw.RemoteConnection, error) {
	return load[l2gw.RemoteConnection, remoteConnectionRow](ctx, db, s)
}
