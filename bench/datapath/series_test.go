package datapath

import (
	"testing"

	"landbridge/bench/measure"
	"landbridge/bench/report"
)

// series has, for each rival, a value of each round.
type series map[string][]float64

func (s series) add(name string, value float64) { s[name] = append(s[name], value) }

// alone is the figure of one rival.
func (s series) alone(name, unit string) report.Figure {
	return report.New(name, measure.Median(s[name]), unit)
}

// comparison is a figure beside a rival's that may get an aim.
type comparison struct{ report.Figure }

// less compares round by round; less is better.
func (s series) less(name, rival, unit string) comparison {
	return s.compare(name, rival, unit, func(ours, theirs float64) float64 { return measure.Times(theirs, ours) })
}

// more compares round by round; more is better.
func (s series) more(name, rival, unit string) comparison {
	return s.compare(name, rival, unit, measure.Times)
}

func (s series) compare(name, rival, unit string, better func(ours, theirs float64) float64) comparison {
	var ratios []float64
	for i := range min(len(s[name]), len(s[rival])) {
		ratios = append(ratios, better(s[name][i], s[rival][i]))
	}
	return comparison{s.alone(name, unit).Beside(rival, measure.Median(s[rival]), measure.Median(ratios))}
}

// atLeast is an aim: how many times better than the rival, and that in words.
func (c comparison) atLeast(times float64, words string) report.Figure {
	return c.Aimed(words, *c.Ratio >= times)
}

func TestSeriesCompareRoundByRound(t *testing.T) {
	s := series{}
	for _, v := range []float64{10, 50, 10} { // the machine is slow in the second round
		s.add("ours", v)
		s.add("theirs", 2*v)
	}
	s.add("ours", 20) // and busy with another thing in this one
	s.add("theirs", 5)
	if f := s.less("ours", "theirs", "ns"); f.Value != 10 || *f.RivalValue != 20 || *f.Ratio != 2 {
		t.Errorf("%+v", f)
	}
	if f := s.more("ours", "theirs", "Gbit/s"); *f.Ratio != 0.5 {
		t.Errorf("%+v", f)
	}
	if f := s.less("ours", "theirs", "ns").atLeast(2.5, "≥ 2.5"); *f.Met || f.Aim != "≥ 2.5" {
		t.Errorf("%+v", f)
	}
}
