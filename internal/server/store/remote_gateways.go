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
		s, "l2_remote_gateway", loadRemoteGateways, l2gw.ErrRemoteGatewayNotFound,
	}}
}

// Create keeps a remote gateway. An IPv4-mapped IPv6 address is kept as IPv4,
// which it is on the wire.
func (g remoteGateways) Create(ctx context.Context, v l2gw.RemoteGateway) (l2gw.RemoteGateway, error) {
	v.ID, v.Addr = uuid.NewString(), v.Addr.Unmap()
	err := g.write(ctx, "create l2_remote_gateway", func(ctx context.Context, db bun.IDB) error {
		if err := judgeRemoteGateway(ctx, db, v); err != nil {
			return err
		}
		stamp, err := nextStamp(ctx, db, "l2remotegateways")
		if err != nil {
			return err
		}
		row := &remoteGatewayRow{ID: v.ID, ProjectID: v.ProjectID, Name: v.Name, Addr: v.Addr.String(), CreatedAt: stamp}
		return g.insert(ctx, db, row, addrTaken(v))
	})
	return kept(v, err)
}

func judgeRemoteGateway(ctx context.Context, db bun.IDB, v l2gw.RemoteGateway) error {
	others, err := loadRemoteGateways(ctx, db, is("ipaddr", v.Addr.String()))
	if err != nil {
		return err
	}
	return l2gw.CheckRemoteGateway(v, others)
}

func addrTaken(v l2gw.RemoteGateway) map[string]*l2gw.Error {
	return map[string]*l2gw.Error{oneRemoteAddr: l2gw.ErrRemoteGatewayExists(v)}
}

// Update renames a remote gateway or gives it another address.
func (g remoteGateways) Update(ctx context.Context, id string, u l2gw.RemoteGatewayUpdate) (v l2gw.RemoteGateway, err error) {
	err = g.write(ctx, "update l2_remote_gateway", func(ctx context.Context, db bun.IDB) (err error) {
		if v, err = g.one(ctx, db, id); err != nil {
			return err
		}
		before := v
		if u.Name != nil {
			v.Name = *u.Name
		}
		if u.Addr != nil {
			v.Addr = u.Addr.Unmap()
		}
		if err := judgeRemoteGateway(ctx, db, v); err != nil {
			return err
		}
		_, err = db.NewUpdate().Model((*remoteGatewayRow)(nil)).
			Set("name = ?", v.Name).Set("ipaddr = ?", v.Addr.String()).Where("id = ?", id).Exec(ctx)
		if err != nil || v.Addr == before.Addr {
			return g.refused(err, addrTaken(v))
		}
		return outdate(ctx, db, "l2remotegatewayconnections", "l2_remote_gateway_id", id)
	})
	return kept(v, err)
}

// Delete removes a remote gateway that no remote connection leads to.
func (g remoteGateways) Delete(ctx context.Context, id string) error {
	return g.write(ctx, "delete l2_remote_gateway", func(ctx context.Context, db bun.IDB) error {
		if _, err := g.one(ctx, db, id); err != nil {
			return err
		}
		users, err := loadRemoteConnections(ctx, db, is("l2_remote_gateway_id", id))
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
	CreatedAt     int64  `bun:"created_at"`
}

func (r remoteGatewayRow) object() (l2gw.RemoteGateway, error) {
	addr, err := netip.ParseAddr(r.Addr)
	if err != nil {
		return l2gw.RemoteGateway{}, fmt.Errorf("l2remotegateways.ipaddr of %s: %w", r.ID, err)
	}
	return l2gw.RemoteGateway{ID: r.ID, ProjectID: r.ProjectID, Name: r.Name, Addr: addr}, nil
}

func loadRemoteGateways(ctx context.Context, db bun.IDB, narrow ...where) ([]l2gw.RemoteGateway, error) {
	return load[l2gw.RemoteGateway, remoteGatewayRow](ctx, db, narrow...)
}

func remoteGatewaysByID(ctx context.Context, db bun.IDB, ids []string) (map[string]l2gw.RemoteGateway, error) {
	return byID(ctx, db, loadRemoteGateways, func(g l2gw.RemoteGateway) string { return g.ID }, ids)
}
