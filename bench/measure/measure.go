// Package measure makes figures of what was measured. It is pure.
package measure

import (
	"math"
	"slices"
	"time"
)

// Sample is how long each of some requests took.
type Sample []time.Duration

// Median gives the middle of a sample; 0 of an empty one.
func (s Sample) Median() time.Duration { return s.Quantile(0.5) }

// P95 gives what 95 of 100 did not exceed; 0 of an empty sample.
func (s Sample) P95() time.Duration { return s.Quantile(0.95) }

// Quantile gives the smallest element that the part q (0 to 1) of the sample
// does not exceed: the nearest rank, so that it was really measured.
func (s Sample) Quantile(q float64) time.Duration { return quantile(s, q) }

// Median gives the middle of some values; 0 of none.
func Median(values []float64) float64 { return quantile(values, 0.5) }

func quantile[V float64 | time.Duration](values []V, q float64) V {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	rank := int(math.Ceil(q * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// PerSecond gives the rate of n events in a time; 0 where that is none.
func PerSecond(n int, took time.Duration) float64 {
	if took <= 0 {
		return 0
	}
	return float64(n) / took.Seconds()
}

// Times gives how many times larger a is than b; 0 where there is no b.
func Times(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// Round gives a value with three significant digits, as many as a noisy
// machine is good for.
func Round(v float64) float64 {
	if v == 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return v
	}
	scale := math.Pow(10, 2-math.Floor(math.Log10(math.Abs(v))))
	return math.Round(v*scale) / scale
}
