package store

import (
	"context"
	"slices"

	"github.com/uptrace/bun"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
)

// SaveInventory replaces what is kept of one database. Only rows that differ are
// written; under a lease, only while it is held.
func (s *Store) SaveInventory(ctx context.Context, inv hwvtep.Inventory, under ...l2gw.Lease) error {
	what := "keep the inventory of " + inv.Database
	wanted, err := spread(inv)
	if err != nil {
		return err
	}
	var same bool
	err = s.view(ctx, what, func(ctx context.Context, db bun.IDB) error {
		have, err := loadInventories(ctx, db, is("ovsdb_identifier", inv.Database))
		same = have.equal(wanted)
		return err
	})
	if err != nil || same {
		return err
	}
	return s.writeUnder(ctx, under, what, func(ctx context.Context, db bun.IDB) error {
		have, err := loadInventories(ctx, db, is("ovsdb_identifier", inv.Database))
		if err != nil {
			return err
		}
		return wanted.replace(ctx, db, have)
	})
}

// Inventories gives what is kept of each database, by address.
func (s *Store) Inventories(ctx context.Context) (all []hwvtep.Inventory, err error) {
	err = s.view(ctx, "read inventories", func(ctx context.Context, db bun.IDB) error {
		rows, err := loadInventories(ctx, db)
		if err != nil {
			return err
		}
		all, err = rows.gather()
		return err
	})
	return all, err
}

// inventoryRows is inventories as rows, in the order of the primary keys.
type inventoryRows struct {
	databases []databaseRow
	switches  []switchRow
	ports     []portRow
	logical   []logicalRow
	locators  []locatorRow
}

func (r inventoryRows) equal(o inventoryRows) bool {
	return slices.Equal(r.databases, o.databases) && slices.Equal(r.switches, o.switches) &&
		slices.Equal(r.ports, o.ports) && slices.Equal(r.logical, o.logical) && slices.Equal(r.locators, o.locators)
}

func loadInventories(ctx context.Context, db bun.IDB, narrow ...where) (r inventoryRows, err error) {
	if r.databases, err = selectRows[databaseRow](ctx, db, "ovsdb_identifier", narrow...); err != nil {
		return r, err
	}
	const order = "ovsdb_identifier, position"
	if r.switches, err = selectRows[switchRow](ctx, db, order, narrow...); err != nil {
		return r, err
	}
	if r.ports, err = selectRows[portRow](ctx, db, order, narrow...); err != nil {
		return r, err
	}
	if r.logical, err = selectRows[logicalRow](ctx, db, order, narrow...); err != nil {
		return r, err
	}
	r.locators, err = selectRows[locatorRow](ctx, db, order, narrow...)
	return r, err
}

// replace writes the difference between what a database's rows are and what
// they were.
func (r inventoryRows) replace(ctx context.Context, db bun.IDB, was inventoryRows) error {
	if err := r.replaceDatabase(ctx, db, was); err != nil {
		return err
	}
	id := r.databases[0].Database
	if err := replaceRows(ctx, db, id, was.switches, r.switches); err != nil {
		return err
	}
	if err := replaceRows(ctx, db, id, was.ports, r.ports); err != nil {
		return err
	}
	if err := replaceRows(ctx, db, id, was.logical, r.logical); err != nil {
		return err
	}
	return replaceRows(ctx, db, id, was.locators, r.locators)
}

// replaceDatabase writes the row that the others refer to.
func (r inventoryRows) replaceDatabase(ctx context.Context, db bun.IDB, was inventoryRows) error {
	row := r.databases[0]
	var err error
	switch {
	case len(was.databases) == 0:
		_, err = db.NewInsert().Model(&row).Exec(ctx)
	case was.databases[0] != row:
		_, err = db.NewUpdate().Model(&row).WherePK().Exec(ctx)
	}
	return err
}

// replaceRows writes the rows of one table that are not what they were. A row
// is known by its position, which is its index.
func replaceRows[R comparable](ctx context.Context, db bun.IDB, database string, was, now []R) error {
	var gone []int
	var fresh []R
	for i := range max(len(was), len(now)) {
		if i < len(was) && i < len(now) && was[i] == now[i] {
			continue
		}
		if i < len(was) {
			gone = append(gone, i)
		}
		if i < len(now) {
			fresh = append(fresh, now[i])
		}
	}
	for positions := range slices.Chunk(gone, batch) {
		_, err := db.NewDelete().Model((*R)(nil)).
			Where("ovsdb_identifier = ?", database).Where("position IN (?)", bun.List(positions)).Exec(ctx)
		if err != nil {
			return err
		}
	}
	for rows := range slices.Chunk(fresh, batch) {
		if _, err := db.NewInsert().Model(&rows).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}
