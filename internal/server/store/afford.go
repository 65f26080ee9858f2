package store

import (
	"context"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/uptrace/bun"

	"landbridge/internal/l2gw"
)

// create runs what makes objects of the kind, and remembers where a quota has
// refused it.
func (c collection[T]) create(ctx context.Context, do work) error {
	err := c.write(ctx, "create "+string(c.kind), do)
	if l2gw.IsOverQuota(err) {
		c.refusals[c.kind].Add(1)
	}
	return err
}

// afford is over quota where a project would own more than it may after a
// create: of what is in the table already, and each of the list so many times –
// 1 where it is not there yet. Nothing is counted where nothing is limited.
func (c collection[T]) afford(ctx context.Context, db bun.IDB, list []T, times int) error {
	more := map[string]int{}
	for _, v := range list {
		more[c.owner(v)] += times
	}
	for projects := range slices.Chunk(slices.Sorted(maps.Keys(more)), batch) {
		limits, err := c.limits(ctx, db, c.kind, projects)
		if err != nil {
			return err
		}
		if len(limits) == 0 {
			continue
		}
		used, err := owned(ctx, db, c.table(), in("project_id", slices.Sorted(maps.Keys(limits))))
		if err != nil {
			return err
		}
		for project, limit := range limits {
			if (l2gw.Use{Limit: limit, Used: used[project] + more[project]}).Over() {
				return l2gw.ErrOverQuota(c.kind)
			}
		}
	}
	return nil
}

// limits gives the limits that there are of a kind for some projects.
func (s *Store) limits(ctx context.Context, db bun.IDB, kind l2gw.Kind, projects []string) (map[string]int, error) {
	rows, err := selectRows[quotaRow](ctx, db, "project_id", is("resource", kind), in("project_id", projects))
	if err != nil {
		return nil, err
	}
	out := map[string]int{}
	for _, project := range projects {
		out[project] = s.quota.Limit(kind)
	}
	return limited(out, rows), nil
}

// limited puts the rows in place of what the projects have by default, and
// leaves out who may own any number.
func limited(byDefault map[string]int, rows []quotaRow) map[string]int {
	for _, r := range rows {
		byDefault[r.ProjectID] = r.Limit
	}
	maps.DeleteFunc(byDefault, func(_ string, limit int) bool { return limit == l2gw.Unlimited })
	return byDefault
}

// owned counts the rows of a table by project.
func owned(ctx context.Context, db bun.IDB, table string, narrow ...where) (map[string]int, error) {
	var rows []struct {
		ProjectID string
		Number    int
	}
	q := db.NewSelect().Table(table).Column("project_id").ColumnExpr("COUNT(*) AS number").Group("project_id")
	if err := narrowed(q, narrow).Scan(ctx, &rows); err != nil {
		return nil, err
	}
	out := make(map[string]int, len(rows))
	for _, r := range rows {
		out[r.ProjectID] = r.Number
	}
	return out, nil
}

// Refusals gives how many creates a quota has refused, by kind.
func (s *Store) Refusals() map[l2gw.Kind]uint64 {
	out := map[l2gw.Kind]uint64{}
	for kind, n := range s.refusals {
		out[kind] = n.Load()
	}
	return out
}

func newRefusals() map[l2gw.Kind]*atomic.Uint64 {
	out := map[l2gw.Kind]*atomic.Uint64{}
	for _, kind := range l2gw.Kinds() {
		out[kind] = &atomic.Uint64{}
	}
	return out
}
