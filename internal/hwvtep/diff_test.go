package hwvtep

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"landbridge/internal/ethernet"
)

// anySwitch draws a logical switch, or nil, from a small world, so that two
// draws have much in common.
func anySwitch(t *rapid.T, label string) *LogicalSwitch {
	if rapid.IntRange(0, 9).Draw(t, label+" absent") == 0 {
		return nil
	}
	s := NewLogicalSwitch("landbridge/net", anyKey(t))
	s.Description = rapid.SampledFrom([]string{"", "blue"}).Draw(t, "description")
	s.Replication = rapid.SampledFrom([]ReplicationMode{"", SourceNode}).Draw(t, "replication")
	for range rapid.IntRange(0, 6).Draw(t, "macs") {
		s.Ucast.Add(anyUcast(t))
	}
	for range rapid.IntRange(0, 4).Draw(t, "mcast") {
		s.AddMcast(rapid.SampledFrom([]string{UnknownDst, AcceptOnly}).Draw(t, "group"), anyLocator(t))
	}
	for range rapid.IntRange(0, 3).Draw(t, "bindings") {
		s.Bindings.Add(Binding{"sw", fmt.Sprint("p", rapid.IntRange(0, 1).Draw(t, "port")), uint16(rapid.IntRange(0, 2).Draw(t, "vlan"))})
	}
	anyConfig(t, s)
	return s
}

func anyConfig(t *rapid.T, s *LogicalSwitch) {
	for range rapid.IntRange(0, 3).Draw(t, "filters") {
		s.SetFilter(anyLocator(t), anyFilter(t))
	}
	for range rapid.IntRange(0, 2).Draw(t, "gateways") {
		if s.Gateways == nil {
			s.Gateways = Set[netip.Addr]{}
		}
		s.Gateways.Add(rapid.SampledFrom([]netip.Addr{netip.MustParseAddr("10.1.0.1"), netip.MustParseAddr("fd00::1")}).Draw(t, "gateway"))
	}
	if rapid.Bool().Draw(t, "overrides") {
		s.Overrides.FloodRate = NewLimit(uint32(rapid.IntRange(0, 1).Draw(t, "rate")))
	}
}

// alikeOverridden gives b the overrides of a, which no diff is to change.
func alikeOverridden(a, b *LogicalSwitch) {
	switch {
	case b == nil:
	case a == nil:
		b.Overrides = Overrides{}
	default:
		b.Overrides = a.Overrides
	}
}

func anyFilter(t *rapid.T) Filter { return Filter(rapid.IntRange(0, 31).Draw(t, "filter")) }

func anyKey(t *rapid.T) Key {
	if rapid.Bool().Draw(t, "keyed") {
		return NewKey(uint32(rapid.IntRange(0, 2).Draw(t, "key")))
	}
	return Key{}
}

func anyLocator(t *rapid.T) Locator {
	return Locator{rapid.SampledFrom([]Encapsulation{VXLANOverIPv4, GREOverIPv4}).Draw(t, "encapsulation"), netip.AddrFrom4([4]byte{192, 0, 2, rapid.Byte().Draw(t, "addr") % 3}), anyKey(t)}
}

func TestDiffLeadsFromActualToDesired(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		actual, desired := anySwitch(t, "actual"), anySwitch(t, "desired")
		before := (*LogicalSwitch)(nil)
		if actual != nil {
			before = actual.Clone()
		}
		alikeOverridden(actual, desired)
		delta := Diff(actual, desired)
		got := delta.Apply(actual)
		if !got.Equal(desired) {
			t.Fatalf("applying %+v gives %+v, want %+v", delta, got, desired)
		}
		if again := Diff(got, desired); !again.Empty() {
			t.Fatalf("a second diff is not empty: %+v", again)
		}
		if delta.Empty() != actual.Equal(desired) {
			t.Fatalf("Empty() is %v for %+v", delta.Empty(), delta)
		}
		if !actual.Equal(before) {
			t.Fatal("Apply has changed its argument")
		}
	})
}

func TestDiffNamesExactlyTheDifference(t *testing.T) {
	remote := Locator{VXLANOverIPv4, netip.MustParseAddr("203.0.113.2"), NewKey(456)}
	node := Locator{VXLANOverIPv4, netip.MustParseAddr("10.0.0.11"), Key{}}
	mac := ethernet.MustParseMAC("fa:16:3e:00:00:01")
	actual := NewLogicalSwitch("landbridge/net", NewKey(123))
	actual.Ucast.Add(Ucast{MAC: mac, Locator: node})
	actual.AddMcast(UnknownDst, node)
	desired := actual.Clone()
	desired.AddMcast(UnknownDst, remote)
	desired.Ucast.Remove(Ucast{MAC: mac, Locator: node})
	desired.Ucast.Add(Ucast{MAC: mac, Locator: remote})

	want := Delta{
		Name:     "landbridge/net",
		AddUcast: []Ucast{{MAC: mac, Locator: remote}},
		DelUcast: []Ucast{{MAC: mac, Locator: node}},
		SetMcast: map[string]Set[Locator]{UnknownDst: SetOf(node, remote)},
	}
	if diff := cmp.Diff(want, Diff(actual, desired), cmp.AllowUnexported(Key{}), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
}

func TestMergeJoinsTheParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anySwitch(t, "a"), anySwitch(t, "b")
		if a == nil || b == nil {
			return
		}
		b.Key, b.Description, b.Replication = a.Key, a.Description, a.Replication
		alikeOverridden(a, b)
		ab, ba := Merge(a, nil, b), Merge(b, a)
		if !ab.Equal(ba) {
			t.Fatalf("the order of the parts matters: %+v, %+v", ab, ba)
		}
		if !Merge(ab, a, b).Equal(ab) {
			t.Fatal("merging a part again changes something")
		}
	})
}
