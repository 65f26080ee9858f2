package store_test

import (
	"fmt"
	"slices"
	"testing"
)

func (on suite) TestChangedNetworksAreNotedOnce(t *testing.T) {
	p := on.New(t)
	s, other := open(t, p.DSN), open(t, p.DSN)
	lease := takes(t, s, "a", long)
	takesNote := func(wantAll bool, want ...string) {
		t.Helper()
		got, all, err := s.TakeChanged(t.Context(), lease)
		if err != nil || all != wantAll || !slices.Equal(got, want) {
			t.Errorf("changed are %v, all %v, %v; want %v, %v", got, all, err, want, wantAll)
		}
	}
	takesNote(false)
	fine(t, other.NoteChanged(t.Context(), []string{"n2", "n1"}))
	fine(t, other.NoteChanged(t.Context(), []string{"n1", "n3"}))
	takesNote(false, "n1", "n2", "n3")
	takesNote(false)
	fine(t, other.NoteChanged(t.Context(), nil))
	fine(t, other.NoteChanged(t.Context(), []string{"n1"}))
	takesNote(true, "n1")

	many := make([]string, 1201)
	for i := range many {
		many[i] = fmt.Sprintf("n%04d", i)
	}
	fine(t, other.NoteChanged(t.Context(), many))
	takesNote(false, many...)
}

// Who leads no more takes no word from the next leader.
func (on suite) TestAFormerLeaderTakesNoNote(t *testing.T) {
	p := on.New(t)
	s, other := open(t, p.DSN), open(t, p.DSN)
	first := takes(t, s, "a", brief)
	second := takes(t, other, "b", long)
	fine(t, other.NoteChanged(t.Context(), []string{"n1"}))
	_, _, err := s.TakeChanged(t.Context(), first)
	lost(t, err)
	if got, _, err := other.TakeChanged(t.Context(), second); err != nil || !slices.Equal(got, []string{"n1"}) {
		t.Errorf("changed are %v, %v", got, err)
	}
}
