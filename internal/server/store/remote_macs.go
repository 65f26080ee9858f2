package store

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"landbridge/internal/ethernet"
	"landbridge/internal/l2gw"
)

// RemoteMACs gives the l2_remote_macs.
func (s *Store) RemoteMACs() l2gw.Collection[l2gw.RemoteMAC] { return s.remoteMACs() }

type remoteMACs struct{ collection[l2gw.RemoteMAC] }

func (s *Store) remoteMACs() remoteMACs {
	return remoteMACs{collection[l2gw.RemoteMAC]{
		s, l2gw.KindRemoteMAC, func(v l2gw.RemoteMAC) string { return v.ProjectID }, columnsOf(
			column{"mac", text}, column{"ipaddr", text}, column{"rgw_connection", text}),
		loadRemoteMACs, l2gw.ErrRemoteMACNotFound, false,
	}}
}

// Create keeps a remote MAC.
func (m remoteMACs) Create(ctx context.Context, v l2gw.RemoteMAC) (l2gw.RemoteMAC, error) {
	return first(m.CreateAll(ctx, []l2gw.RemoteMAC{v}))
}

// CreateAll keeps remote MACs, which may be very many: it judges and writes
// them in batches. An IPv4-mapped IPv6 address is kept as IPv4.
func (m remoteMACs) CreateAll(ctx context.Context, list []l2gw.RemoteMAC) ([]l2gw.RemoteMAC, error) {
	made := slices.Clone(list)
	for i := range made {
		made[i].ID, made[i].Addr = uuid.NewString(), made[i].Addr.Unmap()
	}
	leads := references(made, remoteMACConnection)
	err := m.create(ctx, func(ctx context.Context, db bun.IDB) error {
		if err := m.judge(ctx, db, made, leads); err != nil {
			return err
		}
		if err := m.afford(ctx, db, made, 1); err != nil { // before the work
			return err
		}
		stamp, err := nextStamp(ctx, db, m.table())
		if err != nil {
			return err
		}
		for i := range made {
			made[i].Standard = born(made[i].Standard, stamp+int64(i))
		}
		for some := range slices.Chunk(made, batch) {
			if err := m.keep(ctx, db, some); err != nil {
				return err
			}
		}
		return outdate(ctx, db, "l2remotegatewayconnections", "id", leads...)
	})
	return kept(made, err)
}

func remoteMACConnection(v l2gw.RemoteMAC) string { return v.RemoteConnectionID }

// judge looks for the remote connections that MACs lead to, and for MACs that
// they have already.
func (m remoteMACs) judge(ctx context.Context, db bun.IDB, list []l2gw.RemoteMAC, leads []string) error {
	known := map[string]bool{}
	for some := range slices.Chunk(leads, batch) {
		found, err := loadRemoteConnections(ctx, db, only(in("id", some)))
		if err != nil {
			return err
		}
		for _, c := range found {
			known[c.ID] = true
		}
	}
	macs := map[string][]string{}
	for _, v := range list {
		if !known[v.RemoteConnectionID] {
			return l2gw.ErrRemoteConnectionNotFound(v.RemoteConnectionID)
		}
		macs[v.RemoteConnectionID] = append(macs[v.RemoteConnectionID], v.MAC.String())
	}
	var taken []l2gw.RemoteMAC
	for _, lead := range leads {
		for some := range slices.Chunk(macs[lead], batch) {
			found, err := loadRemoteMACs(ctx, db, only(is("rgw_connection", lead), in("mac", some)))
			if err != nil {
				return err
			}
			taken = append(taken, found...)
		}
	}
	return l2gw.CheckRemoteMACs(list, taken)
}

func (m remoteMACs) keep(ctx context.Context, db bun.IDB, list []l2gw.RemoteMAC) error {
	rows := make([]remoteMACRow, len(list))
	for i, v := range list {
		rows[i] = newRemoteMACRow(v)
	}
	taken := l2gw.ErrRemoteMACExists(list[0])
	if len(list) > 1 {
		taken.Message = fmt.Sprintf("one of the %d macs from %s on exists already on its rgw_connection", len(list), list[0].MAC)
	}
	return m.insert(ctx, db, &rows, map[string]*l2gw.Error{oneRemoteMAC: taken})
}

// Delete removes a remote MAC.
func (m remoteMACs) Delete(ctx context.Context, id string, at ...l2gw.Revision) error {
	return m.write(ctx, "delete l2_remote_mac", func(ctx context.Context, db bun.IDB) error {
		v, err := m.oneAt(ctx, db, id, at)
		if err != nil {
			return err
		}
		if err := deleteRow[remoteMACRow](ctx, db, id); err != nil {
			return err
		}
		return outdate(ctx, db, "l2remotegatewayconnections", "id", v.RemoteConnectionID)
	})
}

type remoteMACRow struct {
	bun.BaseModel      `bun:"table:l2remotemacs"`
	ID                 string `bun:"id,pk"`
	ProjectID          string `bun:"project_id"`
	MAC                string `bun:"mac"`
	Addr               string `bun:"ipaddr"`
	RemoteConnectionID string `bun:"rgw_connection"`
	standardRow
}

func newRemoteMACRow(v l2gw.RemoteMAC) remoteMACRow {
	return remoteMACRow{
		ID: v.ID, ProjectID: v.ProjectID, MAC: v.MAC.String(), Addr: addrText(v.Addr),
		RemoteConnectionID: v.RemoteConnectionID, standardRow: newStandardRow(v.Standard),
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
		Standard: r.standard(),
	}, nil
}

func loadRemoteMACs(ctx context.Context, db bun.IDB, s selection) ([]l2gw.RemoteMAC, error) {
	return load[l2gw.RemoteMAC, remoteMACRow](ctx, db, s)
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
