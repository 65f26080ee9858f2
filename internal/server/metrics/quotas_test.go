package metrics

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// someQuotas is what a test says there is.
type someQuotas struct {
	all    []Quota
	broken error
}

func (q *someQuotas) Limited(context.Context) ([]Quota, error) { return q.all, q.broken }

func (q *someQuotas) Refusals() map[string]uint64 {
	return map[string]uint64{"l2_gateway": 3, "l2_remote_mac": 0}
}

func newQuotaWorld(q *someQuotas) *Metrics {
	w := &world{}
	return New(Config{Core: func() Core { return w.core }, Store: w, Quotas: q})
}

func TestQuotasAreShown(t *testing.T) {
	q := &someQuotas{}
	m := newQuotaWorld(q)
	shows(t, m, `quota_refusals_total{kind="l2_gateway"} 3`, `quota_refusals_total{kind="l2_remote_mac"} 0`, `quota_limits{kind="l2_gateway"} 0`)
	q.all = []Quota{{"p", "l2_gateway", 10, 7}, {"p", "l2_remote_mac", 0, 0}, {"q", "l2_gateway", 5, 6}}
	shows(t, m,
		`quota_limit{kind="l2_gateway",project="p"} 10`, `quota_used{kind="l2_gateway",project="p"} 7`,
		`quota_limit{kind="l2_remote_mac",project="p"} 0`, `quota_used{kind="l2_remote_mac",project="p"} 0`,
		`quota_limit{kind="l2_gateway",project="q"} 5`, `quota_used{kind="l2_gateway",project="q"} 6`,
		`quota_limits{kind="l2_gateway"} 2`, `quota_limits{kind="l2_remote_mac"} 1`,
	)
	q.broken = errors.New("disk on fire")
	shows(t, m, `quota_refusals_total{kind="l2_gateway"} 3`, `planned 0`)
	if _, text := get(t, m.Handler(), http.MethodGet, "/metrics"); strings.Contains(text, "quota_limits{") {
		t.Error("what is not known is shown")
	}
}

// TestFewQuotasAreShown: of very many, those that are used up most.
func TestFewQuotasAreShown(t *testing.T) {
	q := &someQuotas{}
	for i := range 5000 {
		q.all = append(q.all, Quota{fmt.Sprintf("p%04d", i), "l2_gateway", 10000, i})
	}
	q.all = append(q.all, Quota{"full", "l2_gateway", 1, 1}, Quota{"over", "l2_gateway", 0, 1}, Quota{"none", "l2_gateway", 0, 0})
	m := newQuotaWorld(q)
	shows(t, m, `quota_limits{kind="l2_gateway"} 5003`, `quota_used{kind="l2_gateway",project="p4999"} 4999`,
		`quota_used{kind="l2_gateway",project="full"} 1`, `quota_used{kind="l2_gateway",project="over"} 1`,
		`quota_used{kind="l2_gateway",project="p4902"} 4902`)
	_, text := get(t, m.Handler(), http.MethodGet, "/metrics")
	for _, name := range []string{"quota_limit{", "quota_used{"} {
		if n := strings.Count(text, "\n"+prefix+name); n != mostQuotas {
			t.Errorf("%d series of %s, want %d", n, name, mostQuotas)
		}
	}
	for _, project := range []string{"p4901", "none"} {
		if strings.Contains(text, project) {
			t.Errorf("the limit of %s is shown, which is used less than others", project)
		}
	}
}
