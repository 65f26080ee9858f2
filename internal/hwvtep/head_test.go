package hwvtep

import (
	"testing"

	"pgregory.net/rapid"
)

func TestHeadsLeadTheWholeWay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		actual, desired := anySwitch(t, "actual"), anySwitch(t, "desired")
		rows := rapid.IntRange(0, 3).Draw(t, "rows")
		for rest := true; rest; {
			d := Diff(actual, desired)
			var part Delta
			part, rest = d.Head(rows)
			actual = part.Apply(actual)
			if done := actual.Equal(desired); done == rest {
				t.Fatalf("a rest is told: %v; after %+v the state is %+v, want %+v", rest, part, actual, desired)
			}
		}
	})
}

func TestHeadKeepsAMACTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Diff(anySwitch(t, "actual"), anySwitch(t, "desired"))
		part, _ := d.Head(1)
		in := Set[[6]byte]{}
		for _, u := range append(append([]Ucast{}, part.AddUcast...), part.DelUcast...) {
			in.Add(u.MAC)
		}
		whole := 0
		for _, u := range append(append([]Ucast{}, d.AddUcast...), d.DelUcast...) {
			if in.Has(u.MAC) {
				whole++
			}
		}
		if got := len(part.AddUcast) + len(part.DelUcast); got != whole {
			t.Fatalf("the part has %d of the %d rows of its MACs", got, whole)
		}
	})
}
