package neutronapi

import (
	"cmp"
	"fmt"
	"slices"
)

// Pick answers a query from objects in memory, for resources that no database
// keeps. Without an order objects are in that of their ids.
func (r *Resource[T]) Pick(all []T, q Query) ([]T, error) {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b T) int { return r.order(q.Sort, a, b) })
	if q.Reverse {
		slices.Reverse(all)
	}
	at := 0
	if q.Marker != "" {
		at = slices.IndexFunc(all, func(v T) bool { return r.ID(v) == q.Marker }) + 1
		if at == 0 {
			return nil, r.Missing(q.Marker)
		}
	}
	out := slices.DeleteFunc(all[at:], func(v T) bool { return !r.passes(q.Filters, v) })
	if q.Limit > 0 && len(out) > q.Limit {
		out = out[:q.Limit]
	}
	if q.Reverse {
		slices.Reverse(out)
	}
	return out, nil
}

func (r *Resource[T]) order(keys []Sort, a, b T) int {
	last := false
	for _, s := range keys {
		attribute, _ := r.shown(s.Attribute)
		last = s.Descending
		if c := compareShown(attribute.Show(a), attribute.Show(b)); c != 0 {
			return turned(c, last)
		}
	}
	return turned(cmp.Compare(r.ID(a), r.ID(b)), last)
}

func turned(c int, descending bool) int {
	if descending {
		return -c
	}
	return c
}

// compareShown compares what is shown: numbers as numbers, all else as text;
// what is unset comes first.
func compareShown(a, b any) int {
	m, aIs := a.(int)
	n, bIs := b.(int)
	if aIs && bIs {
		return cmp.Compare(m, n)
	}
	return cmp.Compare(textOf(a), textOf(b))
}

func textOf(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

func (r *Resource[T]) passes(filters []Filter, v T) bool {
	for _, f := range filters {
		attribute, _ := r.shown(f.Attribute)
		has := textOf(attribute.Show(v))
		if !slices.ContainsFunc(f.Values, func(value any) bool { return textOf(value) == has }) {
			return false
		}
	}
	return true
}
