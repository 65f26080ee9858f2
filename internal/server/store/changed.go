package store

import (
	"context"
	"slices"

	"github.com/uptrace/bun"

	"landbridge/internal/l2gw"
)

// changedRow is a network that the leader has not taken note of yet.
type changedRow struct {
	bun.BaseModel `bun:"table:changed_networks"`
	NetworkID     string `bun:"network_id,pk"` // "": all of them
}

// NoteChanged notes for the leader that networks have changed; nil stands for
// all of them.
func (s *Store) NoteChanged(ctx context.Context, networks []string) error {
	if networks == nil {
		networks = []string{""}
	}
	return s.write(ctx, "note networks that have changed", func(ctx context.Context, db bun.IDB) error {
		for some := range slices.Chunk(networks, batch) {
			rows := make([]changedRow, len(some))
			for i, id := range some {
				rows[i].NetworkID = id
			}
			if _, err := db.NewInsert().Model(&rows).Ignore().Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// TakeChanged gives the networks that were noted, sorted, and forgets them: one
// that changes once more is noted once more. all: every network may have changed.
func (s *Store) TakeChanged(ctx context.Context, under l2gw.Lease) (networks []string, all bool, err error) {
	const what = "take note of networks that have changed"
	var rows []changedRow
	err = s.look(ctx, what, func(ctx context.Context, db bun.IDB) (err error) {
		rows, err = selectRows[changedRow](ctx, db, "network_id")
		return err
	})
	if err != nil || len(rows) == 0 {
		return nil, false, err
	}
	for _, r := range rows {
		if r.NetworkID == "" {
			all = true
		} else {
			networks = append(networks, r.NetworkID)
		}
	}
	err = s.writeUnder(ctx, []l2gw.Lease{under}, what, func(ctx context.Context, db bun.IDB) error {
		for some := range slices.Chunk(rows, batch) {
			if _, err := db.NewDelete().Model(&some).WherePK().Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	return networks, all, err
}
