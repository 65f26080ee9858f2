package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/uptrace/bun"

	"landbridge/internal/l2gw"
)

// List gives the objects that q asks for. A page costs its own length where an
// index has its order.
func (c collection[T]) List(ctx context.Context, q l2gw.Query) (all []T, err error) {
	err = c.read(c.parts || q.Marker != "")(ctx, "list "+string(c.kind), func(ctx context.Context, db bun.IDB) (err error) {
		all, err = c.list(ctx, db, q)
		return err
	})
	return all, err
}

func (c collection[T]) list(ctx context.Context, db bun.IDB, q l2gw.Query) ([]T, error) {
	selections, err := c.selections(ctx, db, q)
	if err != nil {
		return nil, err
	}
	var all []T
	for _, s := range selections {
		if s.limit = int64(max(q.Limit-len(all), 0)); q.Limit > 0 && s.limit == 0 {
			break
		}
		found, err := c.load(ctx, db, s)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	if q.Reverse {
		slices.Reverse(all)
	}
	return all, nil
}

// selections gives what makes a list, one after the other.
//
// What comes after an object in the order (a, b, c) is: what is like it in a
// and b and after it in c; then what is like it in a and after it in b; then
// what is after it in a. Each of these is one range of an index; the databases
// do not find that out of one condition for all.
func (c collection[T]) selections(ctx context.Context, db bun.IDB, q l2gw.Query) ([]selection, error) {
	filters, err := c.columns.filters(q.Filters)
	if err != nil {
		return nil, err
	}
	orders, err := c.columns.orders(q.Sort, q.Reverse)
	if err != nil || q.Marker == "" {
		return []selection{{where: filters, order: orders}}, err
	}
	at, err := c.place(ctx, db, orders, q.Marker)
	if err != nil {
		return nil, err
	}
	var out []selection
	for last := len(orders) - 1; last >= 0; last-- {
		narrow := slices.Clone(filters)
		for i, o := range orders[:last] {
			narrow = append(narrow, o.same(at[i]))
		}
		narrow = append(narrow, orders[last].beyond(at[last]))
		out = append(out, selection{where: narrow, order: orders[last:]})
	}
	return out, nil
}

// place gives what an object has in each of the orders.
func (c collection[T]) place(ctx context.Context, db bun.IDB, orders []order, id string) ([]any, error) {
	q := db.NewSelect().Table(c.table()).Where("id = ?", id)
	into := make([]any, len(orders))
	for i, o := range orders {
		q = q.ColumnExpr("?", o.expr())
		into[i] = o.holds.room()
	}
	if err := q.Scan(ctx, into...); errors.Is(err, sql.ErrNoRows) {
		return nil, c.missing(id)
	} else if err != nil {
		return nil, err
	}
	for i, p := range into {
		into[i] = content(p)
	}
	return into, nil
}

// room is where a value of the column can be scanned into.
func (h holding) room() any {
	switch h {
	case text:
		return new(string)
	case flag:
		return new(bool)
	}
	return new(int64)
}

func content(room any) any {
	switch p := room.(type) {
	case *string:
		return *p
	case *bool:
		return *p
	case *int64:
		return *p
	}
	return nil
}
