package metrics

import (
	"cmp"
	"context"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// mostQuotas bounds how many limits are shown one by one: those that are used
// up most. Users can make projects, and so time series, as many as they like.
const mostQuotas = 100

// quotas reads the limits of projects when it is asked.
type quotas struct {
	from                           Quotas // nil: there are none
	limit, used, limited, refusals *prometheus.Desc
}

func newQuotas(from Quotas) *quotas {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(prefix+name, help, labels, nil)
	}
	return &quotas{
		from:     from,
		limit:    desc("quota_limit", "Objects of a kind that a project may own; of the 100 limits that are used up most.", "project", "kind"),
		used:     desc("quota_used", "Objects of a kind that a project owns; for those limits.", "project", "kind"),
		limited:  desc("quota_limits", "Limits that there are, of whatever project, by kind.", "kind"),
		refusals: desc("quota_refusals_total", "Creates refused because they were over quota, by kind.", "kind"),
	}
}

// Describe implements prometheus.Collector.
func (q *quotas) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{q.limit, q.used, q.limited, q.refusals} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (q *quotas) Collect(out chan<- prometheus.Metric) {
	if q.from == nil {
		return
	}
	limits := map[string]int{}
	for kind, n := range q.from.Refusals() {
		counter(out, q.refusals, float64(n), kind)
		limits[kind] = 0
	}
	ctx, cancel := context.WithTimeout(context.Background(), countWithin)
	defer cancel()
	all, err := q.from.Limited(ctx)
	if err != nil {
		return // database_up tells it
	}
	for _, l := range all {
		limits[l.Kind]++
	}
	for kind, n := range limits {
		gauge(out, q.limited, float64(n), kind)
	}
	for _, l := range fullest(all) {
		gauge(out, q.limit, float64(l.Limit), l.Project, l.Kind)
		gauge(out, q.used, float64(l.Used), l.Project, l.Kind)
	}
}

// fullest gives the limits that are used up most, and among those that are
// alike the same each time.
func fullest(all []Quota) []Quota {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b Quota) int {
		return cmp.Or(
			cmp.Compare(b.share(), a.share()), cmp.Compare(b.Used, a.Used),
			cmp.Compare(a.Project, b.Project), cmp.Compare(a.Kind, b.Kind))
	})
	return all[:min(len(all), mostQuotas)]
}

// share is what of a limit is used. That nothing may be and is, is nothing to
// watch.
func (l Quota) share() float64 {
	if l.Limit <= 0 {
		return float64(l.Used)
	}
	return float64(l.Used) / float64(l.Limit)
}
