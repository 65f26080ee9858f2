package fleet

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
)

// Agents that reach a database and do not, as it comes: it leaves only who has
// not reached it for a while, and ends with one that reaches it, if any does.
func TestADatabaseFindsWhoReachesIt(t *testing.T) {
	const db, step = "db", 500 * time.Millisecond
	rapid.Check(t, func(t *rapid.T) {
		agents := make([]candidate, rapid.IntRange(1, 3).Draw(t, "agents"))
		known, away := make([]reached, len(agents)), make([]bool, len(agents))
		for i := range agents {
			agents[i] = candidate{host: fmt.Sprint("h", i), run: "r", offers: hwvtep.SetOf(db)}
			known[i] = reached{}
		}
		now, assigned := time.Unix(1000, 0), map[string]l2gw.Assignment{}
		var awaySince time.Time // of the holder
		look := func() (moved bool) {
			now = now.Add(step)
			for i := range agents {
				var list []string
				if away[i] {
					list = []string{db}
				}
				known[i].take(list, now)
				agents[i].reach = known[i].grades(now)
				if assigned[db].Host == agents[i].host {
					awaySince = known[i][db].since
					if !away[i] {
						awaySince = now
					}
				}
			}
			to := choose(agents, assigned, never)[db]
			was := assigned[db]
			if was.Host != "" && was.Host != to.host {
				if now.Sub(awaySince) < lostAfter {
					t.Fatalf("it leaves %s, who has not reached it for %v only", was.Host, now.Sub(awaySince))
				}
				moved = true
			}
			assigned[db] = l2gw.Assignment{Database: db, Host: to.host, Run: "r", Epoch: 1}
			return moved
		}
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			for i := range away {
				if rapid.IntRange(0, 3).Draw(t, "turns") == 0 {
					away[i] = !away[i]
				}
			}
			look()
		}
		for range (lostAfter + fineAfter) / step {
			look()
		}
		somebody := false
		for i := range away {
			somebody = somebody || !away[i]
			if assigned[db].Host == agents[i].host && away[i] {
				for j := range away {
					if !away[j] {
						t.Fatalf("it is with %s, who does not reach it, and %s does", agents[i].host, agents[j].host)
					}
				}
			}
		}
		for range 100 {
			if look() {
				t.Fatalf("it moves although nothing changes; somebody reaches it: %v", somebody)
			}
		}
	})
}
