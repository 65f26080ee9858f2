package hwvtep

import (
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"landbridge/internal/ethernet"
)

func anyUcast(t *rapid.T) Ucast {
	return Ucast{
		MAC:     ethernet.MAC{2, 0, 0, 0, 0, rapid.Byte().Draw(t, "mac") % 3},
		Addr:    rapid.SampledFrom([]netip.Addr{{}, netip.MustParseAddr("10.0.0.9"), netip.MustParseAddr("fe80::1%eth0"), netip.MustParseAddr("::ffff:10.0.0.9")}).Draw(t, "ip"),
		Locator: anyLocator(t),
	}
}

// TestUcastSetIsASet does the same to a UcastSet and to a Set.
func TestUcastSetIsASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		got, want := UcastSet{}, Set[Ucast]{}
		other := UcastSetOf(rapid.SliceOfN(rapid.Custom(anyUcast), 0, 4).Draw(t, "other")...)
		rest := SetOf(other.Sorted()...)
		for range rapid.IntRange(0, 12).Draw(t, "steps") {
			u := anyUcast(t)
			if rapid.Bool().Draw(t, "remove") {
				got.Remove(u)
				delete(want, u)
			} else {
				got.Add(u)
				want.Add(u)
			}
			behind := got.LenOf(func(l Locator) bool { return l == u.Locator })
			if rest := got.LenOf(func(l Locator) bool { return l != u.Locator }); behind+rest != got.Len() || (behind == 0) && got.Has(u) {
				t.Fatalf("%d rows behind %v and %d others of %d", behind, u.Locator, rest, got.Len())
			}
			if got.Has(u) != want.Has(u) || got.Len() != len(want) {
				t.Fatalf("%v: has %v, %d rows; want %v, %d", u, got.Has(u), got.Len(), want.Has(u), len(want))
			}
		}
		if list := want.Sorted(Ucast.Compare); !slices.Equal(got.Sorted(), list) || !got.Equal(UcastSetOf(list...)) {
			t.Fatalf("%v, want %v", got.Sorted(), list)
		}
		if !slices.Equal(got.Minus(other), want.Minus(rest, Ucast.Compare)) || got.Equal(other) != want.Equal(rest) {
			t.Fatalf("%v minus %v: %v; equal: %v", got, other, got.Minus(other), got.Equal(other))
		}
	})
}

func TestUcastSetCloneIsItsOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := UcastSetOf(rapid.SliceOfN(rapid.Custom(anyUcast), 0, 6).Draw(t, "rows")...)
		before, clone := set.Sorted(), set.Clone()
		if !clone.Equal(set) {
			t.Fatalf("%v, want %v", clone, set)
		}
		for u := range clone.All() {
			clone.Remove(u)
		}
		if len(clone) > 0 || !slices.Equal(set.Sorted(), before) {
			t.Fatalf("emptied: %v; the other: %v, want %v", clone, set.Sorted(), before)
		}
		for u := range set.All() {
			clone.Add(u)
			break
		}
		if clone.Len() != min(len(before), 1) {
			t.Fatal("All does not stop")
		}
	})
}

func TestNilUcastSetIsEmpty(t *testing.T) {
	var s UcastSet
	if s.Has(Ucast{}) || s.Len() != 0 || !s.Equal(UcastSet{}) || s.Clone() == nil || len(s.Sorted())+len(s.Minus(nil)) > 0 {
		t.Error("it is not")
	}
}
