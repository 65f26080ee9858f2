package store

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"landbridge/internal/ethernet"
	"landbridge/internal/l2gw"
)

// toldRow is one host that compute nodes were told of.
type toldRow struct {
	bun.BaseModel `bun:"table:told_hosts"`
	NetworkID     string           `bun:"network_id,pk"`
	Gateway       string           `bun:"gateway,pk"`
	Host          string           `bun:"host,pk"`
	Type          l2gw.NetworkType `bun:"network_type"`
	VNI           uint32           `bun:"segmentation_id"`
}

// Told gives what compute nodes were told, by network and gateway, the hosts
// sorted.
func (s *Store) Told(ctx context.Context) (all []l2gw.Told, err error) {
	err = s.view(ctx, "list the hosts that compute nodes were told of", func(ctx context.Context, db bun.IDB) error {
		rows, err := selectRows[toldRow](ctx, db, "network_id, gateway, host")
		if err != nil {
			return err
		}
		all, err = gatherTold(rows)
		return err
	})
	return all, err
}

// gatherTold joins the rows of a network and gateway.
func gatherTold(rows []toldRow) (all []l2gw.Told, err error) {
	for i, r := range rows {
		host, err := parseHost(r.Host)
		if err != nil {
			return nil, fmt.Errorf("told_hosts.host of network %s: %w", r.NetworkID, err)
		}
		if i == 0 || r.NetworkID != rows[i-1].NetworkID || r.Gateway != rows[i-1].Gateway {
			gateway, err := netip.ParseAddr(r.Gateway)
			if err != nil {
				return nil, fmt.Errorf("told_hosts.gateway of network %s: %w", r.NetworkID, err)
			}
			all = append(all, l2gw.Told{NetworkID: r.NetworkID, Segment: l2gw.Segment{Type: r.Type, ID: r.VNI}, Gateway: gateway})
		}
		last := &all[len(all)-1]
		last.Hosts = append(last.Hosts, host)
	}
	for _, t := range all {
		slices.SortFunc(t.Hosts, l2gw.Host.Compare)
	}
	return all, nil
}

// Remember adds hosts to what compute nodes were told. Those that it has stay.
// Under a lease nothing is written once another may hold it.
func (s *Store) Remember(ctx context.Context, t l2gw.Told, under ...l2gw.Lease) error {
	return s.writeUnder(ctx, under, "remember what compute nodes are told", func(ctx context.Context, db bun.IDB) error {
		for some := range slices.Chunk(t.Hosts, batch) {
			rows := make([]toldRow, len(some))
			for i, h := range some {
				rows[i] = toldRow{NetworkID: t.NetworkID, Gateway: t.Gateway.String(), Host: hostText(h), Type: t.Segment.Type, VNI: t.Segment.ID}
			}
			if _, err := db.NewInsert().Model(&rows).Ignore().Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// Forget takes hosts out of what compute nodes were told, under a lease as above.
func (s *Store) Forget(ctx context.Context, t l2gw.Told, under ...l2gw.Lease) error {
	return s.writeUnder(ctx, under, "forget what compute nodes were told", func(ctx context.Context, db bun.IDB) error {
		for some := range slices.Chunk(t.Hosts, batch) {
			texts := make([]string, len(some))
			for i, h := range some {
				texts[i] = hostText(h)
			}
			_, err := db.NewDelete().Model((*toldRow)(nil)).Where("network_id = ?", t.NetworkID).
				Where("gateway = ?", t.Gateway.String()).Where("host IN (?)", bun.List(texts)).Exec(ctx)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// hostText is "MAC", or "MAC;IP" where the address is known.
func hostText(h l2gw.Host) string {
	if !h.Addr.IsValid() {
		return h.MAC.String()
	}
	return h.MAC.String() + ";" + h.Addr.String()
}

// parseHost reads what hostText wrote.
func parseHost(s string) (h l2gw.Host, err error) {
	mac, addr, _ := strings.Cut(s, ";")
	if h.MAC, err = ethernet.ParseMAC(mac); err != nil {
		return h, err
	}
	h.Addr, err = parseAddr(addr)
	return h, err
}
