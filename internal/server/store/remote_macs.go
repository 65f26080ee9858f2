package store

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"landbridge/internal/ethernet"
	"landbridge/internal/l2gw"
)

// RemoteMACs gives the l2_remote_macs.
func (s *Store) RemoteMACs() l2gw.Collection[l2gw.RemoteMAC] { return s.remoteMACs() }

type remoteMACs struct{ collection[l2gw.RemoteMAC] }

func (s *Store) remoteMACs() remoteMACs {
	return remoteMACs{collection[l2gw.RemoteMAC]{s, "l2_remote_mac", loadRemoteMACs, l2gw.ErrRemoteMACNotFound}}
}

// Create keeps a remote MAC. An IPv4-mapped IPv6 address is kept as IPv4.
func (m remoteMACs) Create(ctx context.Context, v l2gw.RemoteMAC) (l2gw.RemoteMAC, error) {
	v.ID, v.Addr = uuid.NewString(), v.Addr.Unmap()
	err := m.write(ctx, "create l2_remote_mac", func(ctx context.Context, db bun.IDB) error {
		if _, err := m.remoteConnections().one(ctx, db, v.RemoteConnectionID); err != nil {
			return err
		}
		same, err := loadRemoteMACs(ctx, db, is("rgw_connection", v.RemoteConnectionID), is("mac", v.MAC.String()))
		if err != nil {
			return err
		}
		if err := l2gw.CheckRemoteMAC(v, same); err != nil {
			return err
		}
		stamp, err := nextStamp(ctx, db, "l2remotemacs")
		if err != nil {
			return err
		}
		err = m.insert(ctx, db, newRemoteMACRow(v, stamp), map[string]*l2gw.Error{
			oneRemoteMAC: l2gw.ErrRemoteMACExists(v),
		})
		if err != nil {
			return err
		}
		return outdate(ctx, db, "l2remotegatewayconnections", "id", v.RemoteConnectionID)
	})
	return kept(v, err)
}

// Delete removes a remote MAC.
func (m remoteMACs) Delete(ctx context.Context, id string) error {
	return m.write(ctx, "delete l2_remote_mac", func(ctx context.Context, db bun.IDB) error {
		if _, err := m.one(ctx, db, id); err != nil {
			return err
		}
		return deleteRow[remoteMACRow](ctx, db, id)
	})
}

type remoteMACRow struct {
	bun.BaseModel      `bun:"table:l2remotemacs"`
	ID                 string `bun:"id,pk"`
	ProjectID          string `bun:"project_id"`
	MAC                string `bun:"mac"`
	Addr               string `bun:"ipaddr"`
	RemoteConnectionID string `bun:"rgw_connection"`
	CreatedAt          int64  `bun:"created_at"`
}

func newRemoteMACRow(v l2gw.RemoteMAC, stamp int64) *remoteMACRow {
	return &remoteMACRow{
		ID: v.ID, ProjectID: v.ProjectID, MAC: v.MAC.String(), Addr: addrText(v.Addr),
		RemoteConnectionID: v.RemoteConnectionID, CreatedAt: stamp,
	}
}

func (r remoteMACRow) object() (l2gw.RemoteMAC, error) {
	mac, err := ethernet.ParseMAC(r.MAC)
	if err != nil {
		return l2gw.RemoteMAC{}, fmt.Errorf("l2remotemacs.mac of %s: %w", r.ID, err)
	}
	addr, err := parseAddr(r.Addr)
	if err != nil {
		return l2gw.RemoteMAC{}, fmt.Errorf("l2remotemacs.ipaddr of %s: %w", r.ID, err)
	}
	return l2gw.RemoteMAC{
		ID: r.ID, ProjectID: r.ProjectID, MAC: mac, Addr: addr, RemoteConnectionID: r.RemoteConnectionID,
	}, nil
}

func loadRemoteMACs(ctx context.Context, db bun.IDB, narrow ...where) ([]l2gw.RemoteMAC, error) {
	return load[l2gw.RemoteMAC, remoteMACRow](ctx, db, narrow...)
}

// addrText writes an optional address: "" for the zero Addr.
func addrText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// parseAddr reads what addrText wrote.
func parseAddr(s string) (netip.Addr, error) {
	if s == "" {
		return netip.Addr{}, nil
	}
	return netip.ParseAddr(s)
}
