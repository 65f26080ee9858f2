package store

import (
	"context"
	"maps"
	"slices"

	"github.com/uptrace/bun"

	"landbridge/internal/l2gw"
)

// Limited is a limit that there is, with the project's use.
type Limited struct {
	Project string
	Kind    l2gw.Kind
	l2gw.Use
}

// Limited gives all limits that there are for projects that own something, or
// have limits of their own. Nothing is counted where nothing is limited.
func (s *Store) Limited(ctx context.Context) (all []Limited, err error) {
	err = s.view(ctx, "count what is limited", func(ctx context.Context, db bun.IDB) error {
		all = nil
		rows, err := selectRows[quotaRow](ctx, db, "project_id")
		if err != nil {
			return err
		}
		for _, kind := range l2gw.Kinds() {
			own := slices.DeleteFunc(slices.Clone(rows), func(r quotaRow) bool { return r.Kind != kind })
			some, err := s.limitedOf(ctx, db, kind, own)
			if err != nil {
				return err
			}
			all = append(all, some...)
		}
		return nil
	})
	return all, err
}

// limitedOf is Limited for one kind; own has its rows.
func (s *Store) limitedOf(ctx context.Context, db bun.IDB, kind l2gw.Kind, own []quotaRow) ([]Limited, error) {
	limits, byDefault := map[string]int{}, s.quota.Limit(kind)
	var used map[string]int
	var err error
	if byDefault != l2gw.Unlimited || len(limited(map[string]int{}, own)) > 0 {
		used, err = owned(ctx, db, tables[kind])
	}
	for project := range used {
		limits[project] = byDefault
	}
	limits = limited(limits, own)
	out := make([]Limited, 0, len(limits))
	for _, project := range slices.Sorted(maps.Keys(limits)) {
		out = append(out, Limited{project, kind, l2gw.Use{Limit: limits[project], Used: used[project]}})
	}
	return out, err
}
