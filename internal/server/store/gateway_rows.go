package store

import (
	"context"
	"database/sql"
	"slices"

	"github.com/uptrace/bun"

	"landbridge/internal/l2gw"
)

type gatewayRow struct {
	bun.BaseModel `bun:"table:l2gateways"`
	ID            string `bun:"id,pk"`
	ProjectID     string `bun:"project_id"`
	Name          string `bun:"name"`
	standardRow
}

func (r gatewayRow) object() (l2gw.Gateway, error) {
	return l2gw.Gateway{ID: r.ID, ProjectID: r.ProjectID, Name: r.Name, Standard: r.standard()}, nil
}

type deviceRow struct {
	bun.BaseModel `bun:"table:l2gatewaydevices"`
	ID            string `bun:"id,pk"`
	GatewayID     string `bun:"l2_gateway_id"`
	Position      int    `bun:"position"` // in the gateway's list
	Name          string `bun:"device_name"`
}

// interfaceRow is one VLAN of an interface, or an interface without VLANs.
type interfaceRow struct {
	bun.BaseModel `bun:"table:l2gatewayinterfaces"`
	DeviceID      string        `bun:"device_id,pk"`
	Position      int           `bun:"position,pk"` // in the device's list, VLANs counted
	Name          string        `bun:"interface_name"`
	VLAN          sql.NullInt32 `bun:"segmentation_id"`
}

// interfaceRows spreads the interfaces of a device over rows.
func interfaceRows(d l2gw.Device) []interfaceRow {
	var rows []interfaceRow
	add := func(name string, vlan sql.NullInt32) {
		rows = append(rows, interfaceRow{DeviceID: d.ID, Position: len(rows), Name: name, VLAN: vlan})
	}
	for _, i := range d.Interfaces {
		if len(i.VLANs) == 0 {
			add(i.Name, sql.NullInt32{})
		}
		for _, v := range i.VLANs {
			add(i.Name, sql.NullInt32{Int32: int32(v), Valid: true})
		}
	}
	return rows
}

func sameInterfaces(a, b l2gw.Device) bool {
	return slices.Equal(interfaceRows(a), interfaceRows(b))
}

// addTo puts the row back into the list that it was spread from.
func (r interfaceRow) addTo(list []l2gw.Interface) []l2gw.Interface {
	if last := len(list) - 1; last < 0 || list[last].Name != r.Name {
		list = append(list, l2gw.Interface{Name: r.Name})
	}
	if r.VLAN.Valid {
		i := &list[len(list)-1]
		i.VLANs = append(i.VLANs, uint16(r.VLAN.Int32))
	}
	return list
}

// loadGateways reads gateways with their devices and interfaces.
func loadGateways(ctx context.Context, db bun.IDB, s selection) ([]l2gw.Gateway, error) {
	list, err := load[l2gw.Gateway, gatewayRow](ctx, db, s)
	if err != nil || len(list) == 0 {
		return list, err
	}
	devices, err := loadDevices(ctx, db, references(list, func(g l2gw.Gateway) string { return g.ID }))
	for i := range list {
		list[i].Devices = devices[list[i].ID]
	}
	return list, err
}

func gatewaysByID(ctx context.Context, db bun.IDB, ids []string) (map[string]l2gw.Gateway, error) {
	return byID(ctx, db, loadGateways, func(g l2gw.Gateway) string { return g.ID }, ids)
}

// loadDevices reads the devices of gateways, by gateway.
func loadDevices(ctx context.Context, db bun.IDB, gatewayIDs []string) (map[string][]l2gw.Device, error) {
	devices, err := selectRows[deviceRow](ctx, db, "position", in("l2_gateway_id", gatewayIDs))
	if err != nil {
		return nil, err
	}
	ids := references(devices, func(d deviceRow) string { return d.ID })
	rows, err := selectRows[interfaceRow](ctx, db, "device_id, position", in("device_id", ids))
	if err != nil {
		return nil, err
	}
	interfaces := map[string][]l2gw.Interface{}
	for _, r := range rows {
		interfaces[r.DeviceID] = r.addTo(interfaces[r.DeviceID])
	}
	out := map[string][]l2gw.Device{}
	for _, d := range devices {
		out[d.GatewayID] = append(out[d.GatewayID], l2gw.Device{ID: d.ID, Name: d.Name, Interfaces: interfaces[d.ID]})
	}
	return out, nil
}
