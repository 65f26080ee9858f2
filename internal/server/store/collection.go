package store

import (
	"context"
	"slices"

	"github.com/uptrace/bun"

	"landbridge/internal/l2gw"
)

// collection is what the five kinds of objects have in common.
type collection[T revised] struct {
	*Store
	kind    l2gw.Kind
	owner   func(T) string // the project
	columns columns        // by which it can be listed
	load    loader[T]
	missing func(id string) *l2gw.Error
	parts   bool // an object is more than its row: load takes several statements
}

// tables has the tables of the kinds of objects.
var tables = map[l2gw.Kind]string{
	l2gw.KindGateway:          "l2gateways",
	l2gw.KindConnection:       "l2gatewayconnections",
	l2gw.KindRemoteGateway:    "l2remotegateways",
	l2gw.KindRemoteConnection: "l2remotegatewayconnections",
	l2gw.KindRemoteMAC:        "l2remotemacs",
}

func (c collection[T]) table() string { return tables[c.kind] }

// revised is an object with its revision: it embeds l2gw.Standard.
type revised interface {
	At(revisions ...l2gw.Revision) error
}

// Get gives one object.
func (c collection[T]) Get(ctx context.Context, id string) (v T, err error) {
	err = c.read(c.parts)(ctx, "show "+string(c.kind), func(ctx context.Context, db bun.IDB) (err error) {
		v, err = c.one(ctx, db, id)
		return err
	})
	return v, err
}

// read gives the way to read with one statement, or with several.
func (c collection[T]) read(several bool) func(context.Context, string, work) error {
	if several {
		return c.view
	}
	return c.look
}

// one loads one object; an unknown ID is the error that the kind has for it.
func (c collection[T]) one(ctx context.Context, db bun.IDB, id string) (v T, err error) {
	found, err := c.load(ctx, db, only(is("id", id)))
	switch {
	case err != nil:
		return v, err
	case len(found) == 0:
		return v, c.missing(id)
	}
	return found[0], nil
}

// oneAt is one, and wants the object at one of these revisions; none: at any.
func (c collection[T]) oneAt(ctx context.Context, db bun.IDB, id string, at []l2gw.Revision) (T, error) {
	v, err := c.one(ctx, db, id)
	if err == nil {
		err = v.At(at...)
	}
	return v, err
}

// createAll makes all of list in one transaction: one judges an object, writes
// it, and gives it as written. Each finds those before it in the database.
func (c collection[T]) createAll(
	ctx context.Context, list []T, one func(ctx context.Context, db bun.IDB, v T) (T, error),
) ([]T, error) {
	made := make([]T, len(list))
	err := c.create(ctx, func(ctx context.Context, db bun.IDB) (err error) {
		for i, v := range list {
			if made[i], err = one(ctx, db, v); err != nil {
				return err
			}
		}
		return c.afford(ctx, db, list, 0)
	})
	return kept(made, err)
}

// first is the one object of a list of one.
func first[T any](list []T, err error) (v T, _ error) {
	if err != nil {
		return v, err
	}
	return list[0], nil
}

// kept gives v where it has been written, and nothing where it has not.
func kept[T any](v T, err error) (T, error) {
	if err != nil {
		var nothing T
		return nothing, err
	}
	return v, nil
}

// where narrows a query to some rows.
type where func(*bun.SelectQuery) *bun.SelectQuery

// in lets rows pass whose column has one of the values, a slice.
func in[V any](column string, values []V) where {
	if len(values) == 1 {
		return is(column, values[0])
	}
	return func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("? IN (?)", bun.Ident(column), bun.List(values))
	}
}

func is[V any](column string, value V) where {
	return func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("? = ?", bun.Ident(column), value) }
}

// selection is which rows are read of a table, and in which order.
type selection struct {
	where []where
	order []order
	limit int64 // 0: none
}

// only selects rows in the order of their creation.
func only(narrow ...where) selection {
	return selection{where: narrow, order: []order{{column: column{name: createdAt, holds: instant}}}}
}

func (s selection) apply(q *bun.SelectQuery) *bun.SelectQuery {
	q = narrowed(q, s.where)
	for _, o := range s.order {
		q = o.apply(q)
	}
	if s.limit > 0 {
		q = q.Limit(s.limit)
	}
	return q
}

// row is a row of a table that holds objects of type T.
type row[T any] interface{ object() (T, error) }

// load reads the objects of one table.
func load[T any, R row[T]](ctx context.Context, db bun.IDB, s selection) ([]T, error) {
	var rows []R
	if err := s.apply(db.NewSelect().Model(&rows)).Scan(ctx); err != nil {
		return nil, err
	}
	out := make([]T, len(rows))
	for i, r := range rows {
		var err error
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
		q = w(q)
	}
	return q
}

// loader is the load function of a kind of objects.
type loader[T any] = func(ctx context.Context, db bun.IDB, s selection) ([]T, error)

// byID loads the objects that have these IDs; ID tells an object's.
func byID[T any](
	ctx context.Context, db bun.IDB, load loader[T], id func(T) string, ids []string,
) (map[string]T, error) {
	if len(ids) == 0 {
		return map[string]T{}, nil
	}
	list, err := load(ctx, db, only(in("id", ids)))
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
