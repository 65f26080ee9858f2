package api

import (
	"context"

	"landbridge/internal/l2gw"
	"landbridge/internal/server/neutronapi"
)

// serve has a resource served from a collection.
func serve[T any](c l2gw.Collection[T], r neutronapi.Resource[T]) *neutronapi.Resource[T] {
	r.Get, r.Create = c.Get, c.CreateAll
	r.List = func(ctx context.Context, q neutronapi.Query) ([]T, error) { return c.List(ctx, query(q)) }
	r.Delete = func(ctx context.Context, id string, revisions []int64) error {
		return c.Delete(ctx, id, at(revisions)...)
	}
	return &r
}

// serveUpdates is serve, and has PUT change objects; read makes the update.
func serveUpdates[T, U any](
	c l2gw.Updatable[T, U], r neutronapi.Resource[T], read func(neutronapi.Values) U,
) *neutronapi.Resource[T] {
	r.Update = func(ctx context.Context, id string, v neutronapi.Values, revisions []int64) (T, error) {
		return c.Update(ctx, id, read(v), at(revisions)...)
	}
	return serve(c, r)
}

func at(revisions []int64) []l2gw.Revision {
	var out []l2gw.Revision
	for _, r := range revisions {
		out = append(out, l2gw.Revision(r))
	}
	return out
}

// query is what a list is asked for, in the words of the domain.
func query(q neutronapi.Query) l2gw.Query {
	out := l2gw.Query{Limit: q.Limit, Marker: q.Marker, Reverse: q.Reverse}
	for _, f := range q.Filters {
		out.Filters = append(out.Filters, l2gw.Filter(f))
	}
	for _, s := range q.Sort {
		out.Sort = append(out.Sort, l2gw.Sort(s))
	}
	return out
}
