package store

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"landbridge/internal/l2gw"
)

// RemoteGateways gives the l2_remote_gateways.
func (s *Store) RemoteGateways() l2gw.Updatable[l2gw.RemoteGateway, l2gw.RemoteGatewayUpdate] {
	return s.remoteGateways()
}

type remoteGateways struct {
	collection[l2gw.RemoteGateway]
}

func (s *Store) remoteGateways() remoteGateways {
	return remoteGateways{collection[l2gw.RemoteGateway]{
		s, l2gw.KindRemoteGateway, func(v l2gw.RemoteGateway) string { return v.ProjectID }, columnsOf(column{"name", text}, column{"ipaddr", text}),
		loadRemoteGateways, l2gw.ErrRemoteGatewayNotFound, false,
	}}
}

// Create keeps a remote gateway.
func (g remoteGateways) Create(ctx context.Context, v l2gw.RemoteGateway) (l2gw.RemoteGateway, error) {
	return first(g.CreateAll(ctx, []l2gw.RemoteGateway{v}))
}

// CreateAll keeps remote gateways. An IPv4-mapped IPv6 address is kept as IPv4,
// which it is on the wire.
func (g remoteGateways) CreateAll(ctx context.Context, list []l2gw.RemoteGateway) ([]l2gw.RemoteGateway, error) {
	return g.createAll(ctx, list, func(ctx context.Context, db bun.IDB, v l2gw.RemoteGateway) (l2gw.RemoteGateway, error) {
		v.ID, v.Addr = uuid.NewString(), v.Addr.Unmap()
		if err := judgeRemoteGateway(ctx, db, v); err != nil {
			return v, err
		}
		stamp, err := nextStamp(ctx, db, g.table())
		if err != nil {
			return v, err
		}
		v.Standard = born(v.Standard, stamp)
		return v, g.insert(ctx, db, &remoteGatewayRow{
			ID: v.ID, ProjectID: v.ProjectID, Name: v.Name, Addr: v.Addr.String(), standardRow: newStandardRow(v.Standard),
		}, addrTaken(v))
	})
}

func judgeRemoteGateway(ctx context.Context, db bun.IDB, v l2gw.RemoteGateway) error {
	others, err := loadRemoteGateways(ctx, db, only(is("ipaddr", v.Addr.String())))
	if err != nil {
		return err
	}
	return l2gw.CheckRemoteGateway(v, others)
}

func addrTaken(v l2gw.RemoteGateway) map[string]*l2gw.Error {
	return map[string]*l2gw.Error{oneRemoteAddr: l2gw.ErrRemoteGatewayExists(v)}
}

// Update renames a remote gateway or gives it another address.
func (g remoteGateways) Update(
	ctx context.Context, id string, u l2gw.RemoteGatewayUpdate, at ...l2gw.Revision,
) (after l2gw.RemoteGateway, err error) {
	err = g.write(ctx, "update l2_remote_gateway", func(ctx context.Context, db bun.IDB) error {
		before, err := g.oneAt(ctx, db, id, at)
		if err != nil {
			return err
		}
		if after = before.With(u); after == before {
			return nil
		}
		after.Standard = changed(after.Standard)
		if err := judgeRemoteGateway(ctx, db, after); err != nil {
			return err
		}
		return g.change(ctx, db, before, after)
	})
	return kept(after, err)
}

func (g remoteGateways) change(ctx context.Context, db bun.IDB, before, after l2gw.RemoteGateway) error {
	q := db.NewUpdate().Model((*remoteGatewayRow)(nil)).Set("name = ?", after.Name).Set("ipaddr = ?", after.Addr.String())
	_, err := setStandard(q, after.Standard).Where("id = ?", after.ID).Exec(ctx)
	if err != nil || after.Addr == before.Addr {
		return g.refused(err, addrTaken(after))
	}
	return outdate(ctx, db, "l2remotegatewayconnections", "l2_remote_gateway_id", after.ID)
}

// Delete removes a remote gateway that no remote connection leads to.
func (g remoteGateways) Delete(ctx context.Context, id string, at ...l2gw.Revision) error {
	return g.write(ctx, "delete l2_remote_gateway", func(ctx context.Context, db bun.IDB) error {
		if _, err := g.oneAt(ctx, db, id, at); err != nil {
			return err
		}
		users, err := loadRemoteConnections(ctx, db, only(is("l2_remote_gateway_id", id)))
		if err != nil {
			return err
		}
		if len(users) > 0 {
			return l2gw.ErrRemoteGatewayInUse(id, users[0].ID)
		}
		return deleteRow[remoteGatewayRow](ctx, db, id)
	})
}

type remoteGatewayRow struct {
	bun.BaseModel `bun:"table:l2remotegateways"`
	ID            string `bun:"id,pk"`
	ProjectID     string `bun:"project_id"`
	Name          string `bun:"name"`
	Addr          string `bun:"ipaddr"`
	standardRow
}

func (r remoteGatewayRow) object() (l2gw.RemoteGateway, error) {
	addr, err := netip.ParseAddr(r.Addr)
	if err != nil {
		return l2gw.RemoteGateway{}, fmt.Errorf("l2remotegateways.ipaddr of %s: %w", r.ID, err)
	}
	return l2gw.RemoteGateway{ID: r.ID, ProjectID: r.ProjectID, Name: r.Name, Addr: addr, Standard: r.standard()}, nil
}

func loadRemoteGateways(ctx context.Context, db bun.IDB, s selection) ([]l2gw.RemoteGateway, error) {
	return load[l2gw.RemoteGateway, remoteGatewayRow](ctx, db, s)
}

func remoteGatewaysByID(ctx context.Context, db bun.IDB, ids []string) (map[string]l2gw.RemoteGateway, error) {
	return byID(ctx, db, loadRemoteGateways, func(g l2gw.RemoteGateway) string { return g.ID }, ids)
}
