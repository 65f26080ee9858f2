package store

import (
	"fmt"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"

	"landbridge/internal/l2gw"
)

// columns has the attributes that a kind of objects can be listed by. They
// have the names of their columns.
type columns map[string]column

// column is one attribute.
type column struct {
	name  string
	holds holding
}

// holding is what a column holds, and so how it compares.
type holding int

const (
	text     holding = iota // the empty value is ''
	number                  // never empty
	optional                // a number; the empty value is NULL
	flag                    // never empty
	instant                 // never empty; a filter means a whole second
	words                   // separated by commas, none within another; a filter takes one
	devices                 // the names of devices, in a table of their own
)

// columnsOf gives the columns that all kinds of objects have, and those of one.
func columnsOf(own ...column) columns {
	all := append(own,
		column{"id", text}, column{"project_id", text}, column{"description", text},
		column{createdAt, instant}, column{"updated_at", instant}, column{"revision_number", number})
	out := make(columns, len(all))
	for _, c := range all {
		out[c.name] = c
	}
	return out
}

// createdAt is the column of the order of creation; no two rows of a table have
// the same.
const createdAt = "created_at"

// filters makes conditions of filters.
func (k columns) filters(all []l2gw.Filter) ([]where, error) {
	out := make([]where, 0, len(all))
	for _, f := range all {
		c, ok := k[f.Attribute]
		if !ok {
			return nil, fmt.Errorf("filter by %q: there is no such column", f.Attribute)
		}
		one, err := c.filter(f.Values)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// filter lets rows pass that have one of the values.
func (c column) filter(values []any) (where, error) {
	args := make([]any, 0, len(values))
	empty := false
	for _, v := range values {
		switch {
		case v != nil:
			arg, ok := c.holds.arg(v)
			if !ok {
				return nil, fmt.Errorf("filter by %s: %v (%T) is no value of it", c.name, v, v)
			}
			args = append(args, arg)
		case c.holds == text, c.holds == words:
			args = append(args, "")
		default:
			empty = c.holds == optional
		}
	}
	return c.passes(args, empty), nil
}

func (c column) passes(args []any, empty bool) where {
	name := bun.Ident(c.name)
	switch {
	case len(args) == 0 && empty:
		return func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("? IS NULL", name) }
	case len(args) == 0:
		return func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("1 = 0") }
	case empty:
		return func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("(? IN (?) OR ? IS NULL)", name, bun.List(args), name)
		}
	case c.holds == instant:
		return func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("? - ? % 1000000 IN (?)", name, name, bun.List(args))
		}
	case c.holds == words:
		return c.haveWord(args)
	case c.holds == devices:
		return func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("id IN (SELECT l2_gateway_id FROM l2gatewaydevices WHERE device_name IN (?))", bun.List(args))
		}
	}
	return in(c.name, args)
}

// haveWord lets rows pass that have one of the words; "" is for those that have
// none.
func (c column) haveWord(args []any) where {
	return func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
			for _, word := range args {
				if word == "" {
					q = q.WhereOr("? = ''", bun.Ident(c.name))
				} else {
					q = q.WhereOr("? LIKE ?", bun.Ident(c.name), fmt.Sprint("%", word, "%"))
				}
			}
			return q
		})
	}
}

// arg makes the value that the database compares with.
func (h holding) arg(v any) (any, bool) {
	switch v := v.(type) {
	case string:
		return v, h == text || h == words || h == devices
	case fmt.Stringer:
		return v.String(), h == text
	case bool:
		return v, h == flag
	case l2gw.Instant:
		return int64(v.Second()), h == instant
	case uint16:
		return int64(v), h == number || h == optional
	case uint32:
		return int64(v), h == number || h == optional
	}
	return nil, false
}

// order is one expression by which rows are sorted.
type order struct {
	column
	descending bool
}

// orders makes the order of a list: by what is asked, and what is alike by its
// creation, in the direction of the last that is asked, which is that of one
// index. reverse turns all of it round.
func (k columns) orders(sort []l2gw.Sort, reverse bool) ([]order, error) {
	var out []order
	for _, s := range sort {
		c, ok := k[s.Attribute]
		if !ok || c.holds == devices || c.holds == words {
			return nil, fmt.Errorf("sort by %q: there is no such column", s.Attribute)
		}
		out = append(out, order{c, s.Descending != reverse})
		if c.name == "id" || c.name == createdAt {
			return out, nil // nothing is alike
		}
	}
	descending := reverse
	if len(out) > 0 {
		descending = out[len(out)-1].descending
	}
	return append(out, order{k[createdAt], descending}), nil
}

// expr is what sorts. Databases do not agree on where NULL comes; here it is
// before all numbers.
func (o order) expr() schema.QueryAppender {
	if o.holds == optional {
		return bun.SafeQuery("COALESCE(?, -1)", bun.Ident(o.name))
	}
	return bun.SafeQuery("?", bun.Ident(o.name))
}

func (o order) apply(q *bun.SelectQuery) *bun.SelectQuery {
	if o.descending {
		return q.OrderExpr("? DESC", o.expr())
	}
	return q.OrderExpr("?", o.expr())
}

// same lets rows pass that are like a value.
func (o order) same(value any) where {
	return func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("? = ?", o.expr(), value) }
}

// beyond lets rows pass that come after a value.
func (o order) beyond(value any) where {
	sign := bun.Safe(">")
	if o.descending {
		sign = "<"
	}
	return func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("? ? ?", o.expr(), sign, value) }
}
