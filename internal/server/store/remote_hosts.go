package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"landbridge/internal/ethernet"
	"landbridge/internal/l2gw"
)

// loadRemoteHosts reads what switches need of the remote MACs of some remote
// connections, in the order of the MACs. There may be very many: so they are
// read row by row, only those columns, and sorted here: no index has them in that
// order, and the database would take much longer.
func loadRemoteHosts(ctx context.Context, db bun.IDB, connectionIDs []string) (map[string][]l2gw.Host, error) {
	out := map[string][]l2gw.Host{}
	for _, id := range connectionIDs {
		hosts, err := remoteHostsOf(ctx, db, id)
		if err != nil {
			return nil, err
		}
		if len(hosts) > 0 {
			out[id] = hosts
		}
	}
	return out, nil
}

func remoteHostsOf(ctx context.Context, db bun.IDB, connectionID string) (hosts []l2gw.Host, err error) {
	rows, err := db.NewSelect().Table("l2remotemacs").Column("mac", "ipaddr").
		Where("rgw_connection = ?", connectionID).Rows(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var mac, addr sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&mac, &addr); err != nil {
			return nil, err
		}
		h, err := remoteHost(string(mac), string(addr))
		if err != nil {
			return nil, fmt.Errorf("l2remotemacs of %s: %w", connectionID, err)
		}
		hosts = append(hosts, h)
	}
	slices.SortFunc(hosts, l2gw.Host.Compare)
	return hosts, rows.Err()
}

func remoteHost(mac, addr string) (h l2gw.Host, err error) {
	if h.MAC, err = ethernet.ParseMAC(mac); err == nil {
		h.Addr, err = parseAddr(addr)
	}
	return h, err
}
