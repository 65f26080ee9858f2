package store

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"landbridge/internal/l2gw"
)

// Gateways gives the l2_gateways.
func (s *Store) Gateways() l2gw.Updatable[l2gw.Gateway, l2gw.GatewayUpdate] { return s.gateways() }

type gateways struct{ collection[l2gw.Gateway] }

func (s *Store) gateways() gateways {
	return gateways{collection[l2gw.Gateway]{
		s, l2gw.KindGateway, func(v l2gw.Gateway) string { return v.ProjectID }, columnsOf(column{"name", text}, column{"devices", devices}),
		loadGateways, l2gw.ErrGatewayNotFound, true,
	}}
}

// Create keeps a gateway; it and its devices get their IDs here.
func (g gateways) Create(ctx context.Context, v l2gw.Gateway) (l2gw.Gateway, error) {
	return first(g.CreateAll(ctx, []l2gw.Gateway{v}))
}

// CreateAll keeps gateways.
func (g gateways) CreateAll(ctx context.Context, list []l2gw.Gateway) ([]l2gw.Gateway, error) {
	return g.createAll(ctx, list, func(ctx context.Context, db bun.IDB, v l2gw.Gateway) (l2gw.Gateway, error) {
		if _, err := v.InterfaceKind(); err != nil {
			return v, err
		}
		v.ID = uuid.NewString()
		v.Devices = slices.Clone(v.Devices)
		for i := range v.Devices {
			v.Devices[i].ID = uuid.NewString()
		}
		stamp, err := nextStamp(ctx, db, g.table())
		if err != nil {
			return v, err
		}
		v.Standard = born(v.Standard, stamp)
		return v, g.keep(ctx, db, v)
	})
}

func (g gateways) keep(ctx context.Context, db bun.IDB, v l2gw.Gateway) error {
	row := &gatewayRow{ID: v.ID, ProjectID: v.ProjectID, Name: v.Name, standardRow: newStandardRow(v.Standard)}
	if err := g.insert(ctx, db, row, nil); err != nil {
		return err
	}
	for i, d := range v.Devices {
		row := &deviceRow{ID: d.ID, GatewayID: v.ID, Position: i, Name: d.Name}
		if err := g.insert(ctx, db, row, nil); err != nil {
			return err
		}
		if err := g.keepInterfaces(ctx, db, d); err != nil {
			return err
		}
	}
	return nil
}

func (g gateways) keepInterfaces(ctx context.Context, db bun.IDB, d l2gw.Device) error {
	rows := interfaceRows(d)
	if len(rows) == 0 {
		return nil
	}
	return g.insert(ctx, db, &rows, nil)
}

// Update renames the gateway and replaces the interfaces of the devices named.
func (g gateways) Update(
	ctx context.Context, id string, u l2gw.GatewayUpdate, at ...l2gw.Revision,
) (after l2gw.Gateway, err error) {
	err = g.write(ctx, "update l2_gateway", func(ctx context.Context, db bun.IDB) error {
		before, err := g.oneAt(ctx, db, id, at)
		if err != nil {
			return err
		}
		if after, err = before.With(u); err != nil {
			return err
		}
		if len(u.Devices) > 0 {
			err = g.judge(ctx, db, before, after)
		}
		if err != nil {
			return err
		}
		after.Standard, err = g.change(ctx, db, before, after)
		return err
	})
	return kept(after, err)
}

func (g gateways) judge(ctx context.Context, db bun.IDB, before, after l2gw.Gateway) error {
	mine, err := loadConnections(ctx, db, only(is("l2_gateway_id", before.ID)))
	if err != nil {
		return err
	}
	others, err := servedBeside(ctx, db, after)
	if err != nil {
		return err
	}
	others = slices.DeleteFunc(others, func(o l2gw.Served) bool { return o.Gateway.ID == after.ID })
	return l2gw.CheckGatewayUpdate(before, after, mine, others)
}

// change writes what the update has changed, and gives the standard attributes
// as they are then. Devices keep their IDs and order.
func (g gateways) change(ctx context.Context, db bun.IDB, before, after l2gw.Gateway) (l2gw.Standard, error) {
	moved, err := g.changeDevices(ctx, db, before, after)
	if err != nil || !moved && after.Name == before.Name && after.Standard == before.Standard {
		return after.Standard, err
	}
	if moved {
		if err := outdate(ctx, db, "l2gatewayconnections", "l2_gateway_id", after.ID); err != nil {
			return after.Standard, err
		}
	}
	now := changed(after.Standard)
	_, err = setStandard(db.NewUpdate().Model((*gatewayRow)(nil)).Set("name = ?", after.Name), now).
		Where("id = ?", after.ID).Exec(ctx)
	return now, err
}

// changeDevices replaces the interfaces that are other ones; it tells whether
// there are any.
func (g gateways) changeDevices(ctx context.Context, db bun.IDB, before, after l2gw.Gateway) (moved bool, err error) {
	for i, d := range after.Devices {
		if sameInterfaces(before.Devices[i], d) {
			continue
		}
		if _, err := db.NewDelete().Model((*interfaceRow)(nil)).Where("device_id = ?", d.ID).Exec(ctx); err != nil {
			return moved, err
		}
		if err := g.keepInterfaces(ctx, db, d); err != nil {
			return moved, err
		}
		moved = true
	}
	return moved, nil
}

// Delete removes a gateway that has no connections.
func (g gateways) Delete(ctx context.Context, id string, at ...l2gw.Revision) error {
	return g.write(ctx, "delete l2_gateway", func(ctx context.Context, db bun.IDB) error {
		if _, err := g.oneAt(ctx, db, id, at); err != nil {
			return err
		}
		users, err := loadConnections(ctx, db, only(is("l2_gateway_id", id)))
		if err != nil {
			return err
		}
		if len(users) > 0 {
			return l2gw.ErrGatewayInUse(id, users[0].ID)
		}
		return deleteRow[gatewayRow](ctx, db, id)
	})
}
