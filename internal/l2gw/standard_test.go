package l2gw_test

import (
	"testing"

	"landbridge/internal/l2gw"
)

func TestRevisions(t *testing.T) {
	s := l2gw.Standard{CreatedAt: 5, UpdatedAt: 5}
	for _, c := range []struct {
		now  l2gw.Instant
		want l2gw.Standard
	}{
		{9, l2gw.Standard{CreatedAt: 5, UpdatedAt: 9, Revision: 1}},
		{7, l2gw.Standard{CreatedAt: 5, UpdatedAt: 9, Revision: 2}}, // the clock was put back
	} {
		if s = s.Changed(c.now); s != c.want {
			t.Errorf("at %d: %+v, want %+v", c.now, s, c.want)
		}
	}
	stale := broken{l2gw.Stale, "RevisionNumberConstraintFailed", []string{"Constrained to 1, but current revision is 2"}}
	var none broken
	none.check(t, s.At())
	none.check(t, s.At(2))
	none.check(t, s.At(1, 2))
	stale.check(t, s.At(1))
	stale.check(t, s.At(1, 3))
}

func TestSecond(t *testing.T) {
	for i, want := range map[l2gw.Instant]l2gw.Instant{0: 0, 999_999: 0, 1_000_000: 1_000_000, 1_500_000: 1_000_000} {
		if got := i.Second(); got != want {
			t.Errorf("%d is in the second of %d, want %d", i, got, want)
		}
	}
}
