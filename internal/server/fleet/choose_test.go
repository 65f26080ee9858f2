package fleet

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
)

func anyAgents(t *rapid.T) (agents []candidate) {
	for i := range rapid.IntRange(0, 4).Draw(t, "agents") {
		a := candidate{host: fmt.Sprint("h", i), run: "r", offers: hwvtep.Set[string]{}, steady: rapid.Bool().Draw(t, "steady"), reach: map[string]reach{}}
		for db := range 8 {
			if rapid.IntRange(0, 3).Draw(t, "offers") > 0 {
				a.offers.Add(fmt.Sprint("db", db))
				a.reach[fmt.Sprint("db", db)] = rapid.SampledFrom([]reach{fine, fine, lately, not, lost}).Draw(t, "reach")
			}
		}
		agents = append(agents, a)
	}
	return agents
}

func anyAssignments(t *rapid.T) map[string]l2gw.Assignment {
	now := map[string]l2gw.Assignment{}
	for db := range 8 {
		if rapid.Bool().Draw(t, "assigned") {
			now[fmt.Sprint("db", db)] = l2gw.Assignment{Host: fmt.Sprint("h", rapid.IntRange(0, 5).Draw(t, "host")), Run: "r", Epoch: 1}
		}
	}
	return now
}

// after is what the next choice begins with.
func after(to map[string]candidate) map[string]l2gw.Assignment {
	now := map[string]l2gw.Assignment{}
	for db, a := range to {
		now[db] = l2gw.Assignment{Database: db, Host: a.host, Run: a.run, Epoch: 2}
	}
	return now
}

func never(string) bool { return false }

func TestChoicesAreSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		agents, now := anyAgents(t), anyAssignments(t)
		got := choose(agents, now, never)
		load := map[string]int{}
		for db, a := range got {
			load[a.host]++
			if i := slices.IndexFunc(agents, func(b candidate) bool { return b.host == a.host }); i < 0 || !agents[i].offers.Has(db) {
				t.Fatalf("%s goes to %q, which does not offer it", db, a.host)
			}
		}
		for _, a := range agents {
			for db := range a.offers {
				from, has := got[db]
				if !has {
					t.Fatalf("%s is offered by %s, and nobody's", db, a.host)
				}
				if a.reach[db] == fine && from.reach[db] == lost {
					t.Fatalf("%s stays with %s, who has lost it, and %s reaches it", db, from.host, a.host)
				}
				if a.steady && a.reach[db] == fine && load[from.host] > load[a.host]+1 {
					t.Fatalf("%s stays with %s (%d), and %s has %d", db, from.host, load[from.host], a.host, load[a.host])
				}
			}
		}
		slices.Reverse(agents)
		if again := choose(agents, now, never); !maps.EqualFunc(got, again, same) {
			t.Fatalf("the order of agents matters: %v, %v", got, again)
		}
		if again := choose(agents, after(got), never); !maps.EqualFunc(got, again, same) {
			t.Fatalf("it is not stable: %v, then %v", got, again)
		}
	})
}

func same(a, b candidate) bool { return a.host == b.host }

// Who goes leaves the others as they are, where nobody is steady.
func TestOnlyWhatHasToMoveMoves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		agents := anyAgents(t)
		for i := range agents {
			agents[i].steady = false
		}
		first := choose(agents, nil, never)
		if len(agents) == 0 {
			return
		}
		gone := rapid.SampledFrom(agents).Draw(t, "gone").host
		left := slices.DeleteFunc(slices.Clone(agents), func(a candidate) bool { return a.host == gone })
		for db, a := range choose(left, after(first), never) {
			if was := first[db].host; was != gone && was != a.host {
				t.Fatalf("%s moves from %s to %s because %s is gone", db, was, a.host, gone)
			}
		}
	})
}

func TestNewDatabasesWait(t *testing.T) {
	offers := hwvtep.SetOf("old", "new")
	now := map[string]l2gw.Assignment{"old": {Host: "gone", Epoch: 3}}
	got := choose([]candidate{{host: "h", offers: offers}}, now, func(string) bool { return true })
	if _, has := got["new"]; has || got["old"].host != "h" {
		t.Errorf("chosen %v", got)
	}
}
