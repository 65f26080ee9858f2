package api

import (
	"context"

	"landbridge/internal/l2gw"
	"landbridge/internal/server/neutronapi"
)

// quotas has the limits of projects served. Nothing is reserved: use is counted
// where objects are made.
func quotas(q l2gw.Quotas) *neutronapi.Quotas {
	out := &neutronapi.Quotas{
		Default: func() neutronapi.Limits { return limits(q.Default()) },
		Get: func(ctx context.Context, project string) (neutronapi.Limits, error) {
			quota, err := q.Get(ctx, project)
			return limits(quota), err
		},
		Usage: func(ctx context.Context, project string) (map[string]neutronapi.Usage, error) {
			uses, err := q.Uses(ctx, project)
			usage := map[string]neutronapi.Usage{}
			for kind, u := range uses {
				usage[string(kind)] = neutronapi.Usage{Limit: u.Limit, Used: u.Used}
			}
			return usage, err
		},
		List: func(ctx context.Context) (map[string]neutronapi.Limits, error) {
			all, err := q.List(ctx)
			shown := map[string]neutronapi.Limits{}
			for project, quota := range all {
				shown[project] = limits(quota)
			}
			return shown, err
		},
		Update: func(ctx context.Context, project string, some neutronapi.Limits) (neutronapi.Limits, error) {
			change := l2gw.Quota{}
			for name, limit := range some {
				change[l2gw.Kind(name)] = limit
			}
			quota, err := q.Set(ctx, project, change)
			return limits(quota), err
		},
		Delete: q.Delete,
	}
	for _, kind := range l2gw.Kinds() {
		out.Resources = append(out.Resources, string(kind))
	}
	return out
}

func limits(q l2gw.Quota) neutronapi.Limits {
	out := neutronapi.Limits{}
	for kind, limit := range q {
		out[string(kind)] = limit
	}
	return out
}
