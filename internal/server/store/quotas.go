package store

import (
	"context"
	"maps"
	"slices"

	"github.com/uptrace/bun"

	"landbridge/internal/l2gw"
)

// WithQuota sets what projects without limits of their own may own.
func WithQuota(q l2gw.Quota) Option { return func(o *options) { o.quota = q } }

// Quotas gives what projects may own.
func (s *Store) Quotas() l2gw.Quotas { return quotas{s} }

type quotas struct{ *Store }

// quotaRow is one limit that a project has of its own.
type quotaRow struct {
	bun.BaseModel `bun:"table:quotas"`
	ProjectID     string    `bun:"project_id,pk"`
	Kind          l2gw.Kind `bun:"resource,pk"`
	Limit         int       `bun:"limit"`
}

// Default gives the limits of projects without limits of their own.
func (q quotas) Default() l2gw.Quota { return q.quota }

// Get gives the limits of a project.
func (q quotas) Get(ctx context.Context, project string) (limits l2gw.Quota, err error) {
	err = q.view(ctx, "show quota", func(ctx context.Context, db bun.IDB) (err error) {
		limits, err = q.of(ctx, db, project)
		return err
	})
	return limits, err
}

func (q quotas) of(ctx context.Context, db bun.IDB, project string) (l2gw.Quota, error) {
	rows, err := selectRows[quotaRow](ctx, db, "resource", is("project_id", project))
	if err != nil {
		return nil, err
	}
	own := l2gw.Quota{}
	for _, r := range rows {
		own[r.Kind] = r.Limit
	}
	return q.quota.With(own), nil
}

// Uses gives what a project may own, and owns.
func (q quotas) Uses(ctx context.Context, project string) (uses map[l2gw.Kind]l2gw.Use, err error) {
	err = q.view(ctx, "show the use of a quota", func(ctx context.Context, db bun.IDB) error {
		limits, err := q.of(ctx, db, project)
		if err != nil {
			return err
		}
		uses = map[l2gw.Kind]l2gw.Use{}
		for kind, table := range tables {
			used, err := owned(ctx, db, table, in("project_id", []string{project}))
			if err != nil {
				return err
			}
			uses[kind] = l2gw.Use{Limit: limits[kind], Used: used[project]}
		}
		return nil
	})
	return uses, err
}

// List gives the limits of the projects that have some of their own.
func (q quotas) List(ctx context.Context) (all map[string]l2gw.Quota, err error) {
	err = q.view(ctx, "list quotas", func(ctx context.Context, db bun.IDB) error {
		rows, err := selectRows[quotaRow](ctx, db, "project_id, resource")
		if err != nil {
			return err
		}
		all = map[string]l2gw.Quota{}
		for _, r := range rows {
			if all[r.ProjectID] == nil {
				all[r.ProjectID] = q.quota.With(nil)
			}
			all[r.ProjectID][r.Kind] = r.Limit
		}
		return nil
	})
	return all, err
}

// Set replaces some limits of a project.
func (q quotas) Set(ctx context.Context, project string, some l2gw.Quota) (limits l2gw.Quota, err error) {
	err = q.write(ctx, "update quota", func(ctx context.Context, db bun.IDB) (err error) {
		if err := q.replace(ctx, db, project, some); err != nil {
			return err
		}
		limits, err = q.of(ctx, db, project)
		return err
	})
	return kept(limits, err)
}

func (q quotas) replace(ctx context.Context, db bun.IDB, project string, some l2gw.Quota) error {
	if len(some) == 0 {
		return nil
	}
	var rows []quotaRow
	for _, kind := range slices.Sorted(maps.Keys(some)) {
		rows = append(rows, quotaRow{ProjectID: project, Kind: kind, Limit: some[kind]})
	}
	_, err := db.NewDelete().Model((*quotaRow)(nil)).Where("project_id = ?", project).
		Where("resource IN (?)", bun.List(slices.Collect(maps.Keys(some)))).Exec(ctx)
	if err != nil {
		return err
	}
	return q.insert(ctx, db, &rows, nil)
}

// Delete takes the limits of its own from a project.
func (q quotas) Delete(ctx context.Context, project string) error {
	return q.write(ctx, "delete quota", func(ctx context.Context, db bun.IDB) error {
		rows, err := selectRows[quotaRow](ctx, db, "resource", is("project_id", project))
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return l2gw.ErrQuotaNotFound(project)
		}
		_, err = db.NewDelete().Model((*quotaRow)(nil)).Where("project_id = ?", project).Exec(ctx)
		return err
	})
}
