package api

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"landbridge/bench/load"
	"landbridge/bench/measure"
	"landbridge/bench/report"
)

// aspect is one way to look at the results of a point.
type aspect struct {
	title, unit string
	of          func(load.Result) float64
	// less says that less is better.
	less bool
}

func aspects() []aspect {
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	return []aspect{
		{"Throughput", "requests/s", load.Result.Rate, false},
		{"Latency, median", "ms", func(r load.Result) float64 { return ms(r.Sample.Median()) }, true},
		{"Latency, p95", "ms", func(r load.Result) float64 { return ms(r.Sample.P95()) }, true},
	}
}

func compare(ours []*rival, neutron *rival) {
	for n, a := range aspects() {
		s := report.Section{Title: a.title}
		for _, r := range ours {
			for _, clients := range []int{1, manyClient} {
				for _, operation := range operations {
					p := point{operation, clients}
					f := a.figure(r, neutron, p)
					if n == 0 && clients == manyClient && r.aimed {
						f = f.Aimed(fmt.Sprintf("≥ %d×", times), *f.Ratio >= times)
					}
					s.Figures = append(s.Figures, f)
				}
			}
		}
		found = append(found, s)
	}
	found = append(found, failures(ours, neutron))
}

// figure compares round by round.
func (a aspect) figure(r, other *rival, p point) report.Figure {
	var values, others, ratios []float64
	for n := range r.rounds {
		v, o := a.of(r.rounds[n][p]), a.of(other.rounds[n][p])
		values, others = append(values, v), append(others, o)
		if a.less {
			v, o = o, v
		}
		ratios = append(ratios, measure.Times(v, o))
	}
	return report.New(fmt.Sprintf("%s: %s", r.name, p), measure.Median(values), a.unit).
		Beside(other.name, measure.Median(others), measure.Median(ratios))
}

func failures(ours []*rival, neutron *rival) report.Section {
	count := func(rivals ...*rival) (failed, all float64) {
		for _, r := range rivals {
			for _, one := range r.rounds {
				for _, got := range one {
					failed += float64(got.Failed)
					all += float64(got.Failed + len(got.Sample))
				}
			}
		}
		return failed, all
	}
	failed, all := count(ours...)
	theirs, theirAll := count(neutron)
	return report.Section{Title: "Failures", Figures: []report.Figure{
		report.New("failed requests", failed, "").Aimed("none", failed == 0),
		report.New("requests", all, ""),
		report.New("failed requests of neutron-server", theirs, ""),
		report.New("requests to neutron-server", theirAll, ""),
	}}
}

// at gives a round with one result: so many requests of one length, one after
// the other.
func at(p point, n int, each time.Duration) round {
	r := load.Result{Took: time.Duration(n) * each}
	for range n {
		r.Sample = append(r.Sample, each)
	}
	return round{p: r}
}

func TestFiguresCompareRoundByRound(t *testing.T) {
	p := point{"show", 1}
	// The machine is slow in the second round, for both, and busy with another
	// thing while ours is measured in the third.
	r := &rival{name: "ours", rounds: []round{
		at(p, 10, 10*time.Millisecond), at(p, 10, 50*time.Millisecond), at(p, 10, 40*time.Millisecond),
	}}
	other := &rival{name: "theirs", rounds: []round{
		at(p, 5, 100*time.Millisecond), at(p, 5, 500*time.Millisecond), at(p, 5, 100*time.Millisecond),
	}}
	want := []report.Figure{
		report.New("ours: show, 1 client", 25, "requests/s").Beside("theirs", 10, 10),
		report.New("ours: show, 1 client", 40, "ms").Beside("theirs", 100, 10),
		report.New("ours: show, 1 client", 40, "ms").Beside("theirs", 100, 10),
	}
	for i, a := range aspects() {
		if diff := cmp.Diff(want[i], a.figure(r, other, p)); diff != "" {
			t.Errorf("%s: %s", a.title, diff)
		}
	}
	if got := failures([]*rival{r}, other).Figures; got[0].Value != 0 || got[1].Value != 30 || got[3].Value != 15 || !*got[0].Met {
		t.Errorf("%+v", got)
	}
}
