package fleet

import (
	"cmp"
	"maps"
	"slices"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
)

// candidate is an agent that lives.
type candidate struct {
	host, run string
	offers    hwvtep.Set[string] // the databases that it can serve
	// reach has how well it reaches those that it has not always reached.
	reach map[string]reach
	// steady says that it has been there for a while: others' databases are
	// moved to it only then, so that one that comes and goes moves nothing.
	steady bool
}

// choose says which agent is to serve each database that somebody offers, but
// for new ones that are to wait. A database stays where it is, unless it is lost
// there and another agent reaches it well; the rest goes to who reaches it best,
// and of those to who has the least. Where that leaves one with two more than
// another, some move.
func choose(agents []candidate, now map[string]l2gw.Assignment, waits func(database string) bool) map[string]candidate {
	c := choice{to: map[string]candidate{}, load: map[string]int{}}
	c.agents = slices.SortedFunc(slices.Values(agents), func(a, b candidate) int { return cmp.Compare(a.host, b.host) })
	offered := hwvtep.Set[string]{}
	byHost := map[string]candidate{}
	for _, a := range c.agents {
		maps.Copy(offered, a.offers)
		byHost[a.host] = a
	}
	databases := offered.Sorted(cmp.Compare[string])
	for _, db := range databases {
		a, ok := byHost[now[db].Host]
		if ok && a.offers.Has(db) && (a.reach[db] < lost || c.best(db) > fine) {
			c.give(db, a)
		}
	}
	for _, db := range databases {
		if _, has := c.to[db]; has || now[db].Epoch == 0 && waits(db) {
			continue
		}
		best := c.best(db)
		c.give(db, c.least(db, func(a candidate) bool { return a.reach[db] == best }))
	}
	for range databases {
		if !c.balance(databases) {
			break
		}
	}
	return c.to
}

// choice is one in the making.
type choice struct {
	agents []candidate // by host
	to     map[string]candidate
	load   map[string]int // databases by host
}

func (c *choice) give(db string, to candidate) {
	if from, has := c.to[db]; has {
		c.load[from.host]--
	}
	c.to[db] = to
	c.load[to.host]++
}

// best gives the reach of who reaches a database best.
func (c *choice) best(db string) reach {
	best := lost
	for _, a := range c.agents {
		if a.offers.Has(db) {
			best = min(best, a.reach[db])
		}
	}
	return best
}

// least gives the agent with the fewest databases of those that offer one and
// fit; without any, one without a host.
func (c *choice) least(db string, fits func(candidate) bool) (best candidate) {
	for _, a := range c.agents {
		if a.offers.Has(db) && fits(a) && (best.host == "" || c.load[a.host] < c.load[best.host]) {
			best = a
		}
	}
	return best
}

// balance moves one database from who has most to who has least, where that is
// worth it.
func (c *choice) balance(databases []string) (moved bool) {
	gain, which, to := 1, "", candidate{}
	for _, db := range databases {
		from, has := c.to[db]
		if !has {
			continue
		}
		best := c.least(db, func(a candidate) bool { return a.steady && a.reach[db] == fine })
		if d := c.load[from.host] - c.load[best.host]; best.host != "" && d > gain {
			gain, which, to = d, db, best
		}
	}
	if which != "" {
		c.give(which, to)
	}
	return which != ""
}
