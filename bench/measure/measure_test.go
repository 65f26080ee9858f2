package measure_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"landbridge/bench/measure"
)

func sample(ms ...int) (s measure.Sample) {
	for _, n := range ms {
		s = append(s, time.Duration(n)*time.Millisecond)
	}
	return s
}

func TestQuantiles(t *testing.T) {
	hundred := make([]int, 100)
	for i := range hundred {
		hundred[i] = 100 - i
	}
	for _, c := range []struct {
		name        string
		of          measure.Sample
		median, p95 int // ms
	}{
		{"nothing", nil, 0, 0},
		{"one", sample(7), 7, 7},
		{"two: the lower is the middle", sample(9, 3), 3, 9},
		{"three, in no order", sample(5, 1, 3), 3, 5},
		{"1 to 100", sample(hundred...), 50, 95},
	} {
		if got, want := c.of.Median(), time.Duration(c.median)*time.Millisecond; got != want {
			t.Errorf("%s: median %v, want %v", c.name, got, want)
		}
		if got, want := c.of.P95(), time.Duration(c.p95)*time.Millisecond; got != want {
			t.Errorf("%s: p95 %v, want %v", c.name, got, want)
		}
	}
}

func TestAQuantileWasMeasuredAndSplitsTheSample(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := sample(rapid.SliceOfN(rapid.IntRange(0, 50), 1, 60).Draw(t, "ms")...)
		q := rapid.Float64Range(0, 1).Draw(t, "q")
		before := slices.Clone(s)
		got, below := s.Quantile(q), 0
		if !slices.Contains(s, got) {
			t.Fatalf("%v is not in %v", got, s)
		}
		for _, d := range s {
			if d <= got {
				below++
			}
		}
		if float64(below) < q*float64(len(s)) {
			t.Fatalf("only %d of %d do not exceed %v", below, len(s), got)
		}
		if !slices.Equal(s, before) {
			t.Fatal("the sample has been changed")
		}
	})
}

func TestRates(t *testing.T) {
	if got := measure.PerSecond(30, 1500*time.Millisecond); got != 20 {
		t.Errorf("30 in 1.5 s: %v/s", got)
	}
	if got := measure.PerSecond(3, 0); got != 0 {
		t.Errorf("in no time: %v/s", got)
	}
	if got := measure.Times(30, 1.5); got != 20 {
		t.Errorf("30 is %v times 1.5", got)
	}
	if got := measure.Times(1, 0); got != 0 {
		t.Errorf("1 is %v times nothing", got)
	}
	if got := measure.Median([]float64{4, 1, 2}); got != 2 {
		t.Errorf("median %v", got)
	}
}

func TestRound(t *testing.T) {
	for v, want := range map[float64]float64{
		0: 0, 1234.5: 1230, 0.012345: 0.0123, 99.96: 100, -7.777: -7.78, math.Inf(1): math.Inf(1),
	} {
		if got := measure.Round(v); math.Abs(got-want) > 1e-9 && got != want {
			t.Errorf("%v: %v, want %v", v, got, want)
		}
	}
}
