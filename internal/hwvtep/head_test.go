package hwvtep

import (
	"net/netip"
	"testing"

	"pgregory.net/rapid"

	"landbridge/internal/ethernet"
)

func TestHeadsLeadTheWholeWay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		actual, desired := anySwitch(t, "actual"), anySwitch(t, "desired")
		alikeOverridden(actual, desired)
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

// TestHeadKeepsTheFiltersOfTunnelsThatHaveRowsYet: a filter must not go before
// its tunnel does.
func TestHeadKeepsTheFiltersOfTunnelsThatHaveRowsYet(t *testing.T) {
	remote := Locator{VXLANOverIPv4, netip.MustParseAddr("203.0.113.2"), NewKey(456)}
	actual := NewLogicalSwitch("landbridge/net", NewKey(123))
	actual.SetFilter(remote, FilterDHCP)
	for i := range 3 {
		actual.Ucast.Add(Ucast{MAC: ethernet.MAC{2, byte(i)}, Locator: remote})
	}
	desired := NewLogicalSwitch("landbridge/net", NewKey(123))
	for rest := true; rest; {
		var part Delta
		part, rest = Diff(actual, desired).Head(1)
		actual = part.Apply(actual)
		if filtered := actual.Filters[remote] == FilterDHCP; filtered != rest {
			t.Fatalf("with %d rows left the tunnel is filtered: %v", actual.Ucast.Len(), filtered)
		}
	}
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
