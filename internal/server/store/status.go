package store

import (
	"context"
	"maps"
	"slices"

	"github.com/uptrace/bun"

	"landbridge/internal/l2gw"
)

// batch is how many rows one statement reads or writes.
const batch = 500

// SetStatus writes the status of connections and remote connections by ID. Rows
// that have it already cost a read only; IDs that are gone are passed over. What
// was worked out before the last change of what is asked is not written; the IDs
// of which that is seen early are given. Under a lease, nothing is written once another may hold it.
func (s *Store) SetStatus(ctx context.Context, statuses map[string]l2gw.Status, under ...l2gw.Lease) (late []string, err error) {
	const what = "set the status of connections"
	var changed []statusRow
	err = s.view(ctx, what, func(ctx context.Context, db bun.IDB) (err error) {
		changed, late, err = changedStatuses(ctx, db, statuses)
		return err
	})
	if err != nil || len(changed) == 0 {
		return late, err
	}
	return late, s.writeUnder(ctx, under, what, func(ctx context.Context, db bun.IDB) error {
		for to, ids := range alike(changed) {
			for some := range slices.Chunk(ids, batch) {
				if err := to.write(ctx, db, some); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// outdate takes back the statuses of connections that something has changed,
// in the transaction of the change: what the switches have confirmed was for
// what was asked before.
func outdate(ctx context.Context, db bun.IDB, table, column string, values ...string) error {
	status := waiting()
	_, err := db.NewUpdate().Table(table).Set("asked = asked + 1").
		Set("status = ?", string(status.State)).Set("status_reason = ?", status.Reason).
		Where("? IN (?)", bun.Ident(column), bun.List(values)).Exec(ctx)
	return err
}

// statusRow is the status of a row of one of the tables of connections.
type statusRow struct {
	Table  string     `bun:"-"`
	ID     string     `bun:"id"`
	State  l2gw.State `bun:"status"`
	Reason string     `bun:"status_reason"`
	Asked  uint64     `bun:"asked"`
}

// alike gives the IDs of the rows that get the same status. Where many change
// at once, it is mostly for one reason.
func alike(changed []statusRow) map[statusRow][]string {
	out := map[statusRow][]string{}
	for _, r := range changed {
		id := r.ID
		r.ID = ""
		out[r] = append(out[r], id)
	}
	return out
}

func (r statusRow) write(ctx context.Context, db bun.IDB, ids []string) error {
	_, err := db.NewUpdate().Table(r.Table).Set("status = ?", string(r.State)).Set("status_reason = ?", r.Reason).
		Where("id IN (?)", bun.List(ids)).Where("asked = ?", r.Asked).Exec(ctx)
	return err
}

// changedStatuses gives the rows whose status is another than wanted, as
// wanted, and the IDs of those of which something else is asked by now.
func changedStatuses(ctx context.Context, db bun.IDB, wanted map[string]l2gw.Status) (changed []statusRow, late []string, err error) {
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(wanted)), batch) {
		for _, table := range []string{"l2gatewayconnections", "l2remotegatewayconnections"} {
			var rows []statusRow
			err := db.NewSelect().Table(table).Column("id", "status", "status_reason", "asked").
				Where("id IN (?)", bun.List(ids)).Scan(ctx, &rows)
			if err != nil {
				return nil, nil, err
			}
			for _, r := range rows {
				switch want := wanted[r.ID]; {
				case r.Asked != want.Asked:
					late = append(late, r.ID)
				case r.State != want.State || r.Reason != want.Reason:
					changed = append(changed, statusRow{table, r.ID, want.State, want.Reason, want.Asked})
				}
			}
		}
	}
	return changed, late, nil
}
