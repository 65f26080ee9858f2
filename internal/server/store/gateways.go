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
	return gateways{collection[l2gw.Gateway]{s, "l2_gateway", loadGateways, l2gw.ErrGatewayNotFound}}
}

// Create keeps a gateway; it and its devices get their IDs here.
func (g gateways) Create(ctx context.Context, v l2gw.Gateway) (l2gw.Gateway, error) {
	v.ID = uuid.NewString()
	v.Devices = append([]l2gw.Device(nil), v.Devices...)
	for i := range v.Devices {
		v.Devices[i].ID = uuid.NewString()
	}
	err := g.write(ctx, "create l2_gateway", func(ctx context.Context, db bun.IDB) error {
		if _, err := v.InterfaceKind(); err != nil {
			return err
		}
		return g.keep(ctx, db, v)
	})
	return kept(v, err)
}

func (g gateways) keep(ctx context.Context, db bun.IDB, v l2gw.Gateway) error {
	stamp, err := nextStamp(ctx, db, "l2gateways")
	if err != nil {
		return err
	}
	if err := g.insert(ctx, db, &gatewayRow{ID: v.ID, ProjectID: v.ProjectID, Name: v.Name, CreatedAt: stamp}, nil); err != nil {
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
func (g gateways) Update(ctx context.Context, id string, u l2gw.GatewayUpdate) (after l2gw.Gateway, err error) {
	err = g.write(ctx, "update l2_gateway", func(ctx context.Context, db bun.IDB) error {
		before, err := g.one(ctx, db, id)
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
		return g.change(ctx, db, before, after)
	})
	return kept(after, err)
}

func (g gateways) judge(ctx context.Context, db bun.IDB, before, after l2gw.Gateway) error {
	mine, err := loadConnections(ctx, db, is("l2_gateway_id", before.ID))
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

// change writes what the update has changed. Devices keep their IDs and order.
func (g gateways) change(ctx context.Context, db bun.IDB, before, after l2gw.Gateway) error {
	if after.Name != before.Name {
		_, err := db.NewUpdate().Model((*gatewayRow)(nil)).Set("name = ?", after.Name).Where("id = ?", after.ID).Exec(ctx)
		if err != nil {
			return err
		}
	}
	for i, d := range after.Devices {
		if sameInterfaces(before.Devices[i], d) {
			continue
		}
		if _, err := db.NewDelete().Model((*interfaceRow)(nil)).Where("device_id = ?", d.ID).Exec(ctx); err != nil {
			return err
		}
		if err := g.keepInterfaces(ctx, db, d); err != nil {
			return err
		}
		if err := outdate(ctx, db, "l2gatewayconnections", "l2_gateway_id", after.ID); err != nil {
			return err
		}
	}
	return nil
}

// Delete removes a gateway that has no connections.
func (g gateways) Delete(ctx context.Context, id string) error {
	return g.write(ctx, "delete l2_gateway", func(ctx context.Context, db bun.IDB) error {
		if _, err := g.one(ctx, db, id); err != nil {
			return err
		}
		users, err := loadConnections(ctx, db, is("l2_gateway_id", id))
		if err != nil {
			return err
		}
		if len(users) > 0 {
			return l2gw.ErrGatewayInUse(id, users[0].ID)
		}
		return deleteRow[gatewayRow](ctx, db, id)
	})
}
