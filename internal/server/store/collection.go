package store

import (
	"context"
	"slices"

	"github.com/uptrace/bun"

	"landbridge/internal/l2gw"
)

// collection is what the five kinds of objects have in common.
type collection[T any] struct {
	*Store
	noun    string // "l2_gateway", for the messages of faults
	load    loader[T]
	missing func(id string) *l2gw.Error
}

// Get gives one object.
func (c collection[T]) Get(ctx context.Context, id string) (v T, err error) {
	err = c.view(ctx, "show "+c.noun, func(ctx context.Context, db bun.IDB) (err error) {
		v, err = c.one(ctx, db, id)
		return err
	})
	return v, err
}

// List gives all objects in the order of their creation.
func (c collection[T]) List(ctx context.Context) (all []T, err error) {
	err = c.view(ctx, "list "+c.noun, func(ctx context.Context, db bun.IDB) (err error) {
		all, err = c.load(ctx, db)
		return err
	})
	return all, err
}

// one loads one object; an unknown ID is the error that the kind has for it.
func (c collection[T]) one(ctx context.Context, db bun.IDB, id string) (v T, err error) {
	found, err := c.load(ctx, db, where{"id", []string{id}})
	switch {
	case err != nil:
		return v, err
	case len(found) == 0:
		return v, c.missing(id)
	}
	return found[0], nil
}

// kept gives v where it has been written, and nothing where it has not.
func kept[T any](v T, err error) (T, error) {
	if err != nil {
		var nothing T
		return nothing, err
	}
	return v, nil
}

// where narrows a query to rows whose column has one of the values.
type where struct {
	column string
	values any // a slice
}

func is[V any](column string, value V) where { return where{column, []V{value}} }

// row is a row of a table that holds objects of type T.
type row[T any] interface{ object() (T, error) }

// load reads the objects of one table in the order of their creation.
func load[T any, R row[T]](ctx context.Context, db bun.IDB, narrow ...where) ([]T, error) {
	rows, err := selectRows[R](ctx, db, "created_at", narrow...)
	if err != nil {
		return nil, err
	}
	out := make([]T, len(rows))
	for i, r := range rows {
		if out[i], err = r.object(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// selectRows reads the rows of R's table.
func selectRows[R any](ctx context.Context, db bun.IDB, order string, narrow ...where) ([]R, error) {
	var rows []R
	err := narrowed(db.NewSelect().Model(&rows).OrderExpr(order), narrow).Scan(ctx)
	return rows, err
}

func narrowed(q *bun.SelectQuery, narrow []where) *bun.SelectQuery {
	for _, w := range narrow {
		q = q.Where("? IN (?)", bun.Ident(w.column), bun.List(w.values))
	}
	return q
}

// loader is the load function of a kind of objects.
type loader[T any] = func(ctx context.Context, db bun.IDB, narrow ...where) ([]T, error)

// byID loads the objects that have these IDs; ID tells an object's.
func byID[T any](
	ctx context.Context, db bun.IDB, load loader[T], id func(T) string, ids []string,
) (map[string]T, error) {
	list, err := load(ctx, db, where{"id", ids})
	out := make(map[string]T, len(list))
	for _, v := range list {
		out[id(v)] = v
	}
	return out, err
}

// references gives the IDs that objects refer to, each once.
func references[T any](list []T, reference func(T) string) []string {
	ids := make([]string, len(list))
	for i, v := range list {
		ids[i] = reference(v)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// deleteRow deletes the row of R's table with this ID.
func deleteRow[R any](ctx context.Context, db bun.IDB, id string) error {
	_, err := db.NewDelete().Model((*R)(nil)).Where("id = ?", id).Exec(ctx)
	return err
}
