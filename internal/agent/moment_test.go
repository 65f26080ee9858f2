package agent

import (
	"errors"
	"fmt"
	"testing"

	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
)

// An agent is stopped after some of its transactions, while the plan changes.
// The next one, which knows nothing of that, reaches the plan in one pass: no
// row is written twice. Another one then finds nothing to write.
func TestAgentStartedAtAnyMomentReachesThePlanInOnePass(t *testing.T) {
	for seed := range 12 {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			then, now := anyWorld.Example(seed), anyWorld.Example(100+seed)
			b := newBench(t)
			b.db.VTEPCtl(t, "add-ps", "sw1", "--", "add-port", "sw1", "p0")
			if len(then.ops) > 0 {
				b.db.Transact(t, then.ops...)
			}
			b.plans(then)
			b.startAs(Config{Name: "before", Epoch: us.Epoch})
			b.written("before", seed%4)
			b.plans(now)
			b.stop()
			b.server.restart()
			b.startAs(Config{Name: "us", Epoch: us.Epoch + 1})
			b.holds(now.plan...)
			b.hasRows(now.plan)
			b.stop()
			b.onePass("us")
			b.findsNothing(Config{Name: "us", Epoch: us.Epoch + 1}, now)
		})
	}
}

// plans gives the agent the plan of a world.
func (b *bench) plans(w world) {
	for _, sw := range []string{"sw0", "sw1"} {
		b.server.set(sw, w.part(sw)...)
	}
}

// by gives the transactions that an agent has signed.
func (b *bench) by(agent string) (out []testenv.Transaction) {
	for _, transaction := range b.db.Journal(b.t) {
		if who, _, ok := hwvtep.ParseSignature(transaction.Comment); ok && who == agent {
			out = append(out, transaction)
		}
	}
	return out
}

// written waits until an agent has written a number of times, or has nothing
// more to write.
func (b *bench) written(agent string, times int) {
	b.t.Helper()
	testenv.Eventually(b.t, soon, "the agent writes", func() error {
		r := b.server.report(b.db.Unix)
		for _, l := range r.Logical {
			if !l.Confirmed && len(b.by(agent)) < times {
				return errors.New("not as often")
			}
		}
		if r.Database == "" && len(b.by(agent)) < times {
			return errors.New("no report")
		}
		return nil
	})
}

// onePass looks for rows that an agent has written more than once.
func (b *bench) onePass(agent string) {
	b.t.Helper()
	times := map[string]int{}
	for _, transaction := range b.by(agent) {
		for _, table := range []string{"Logical_Switch", "Ucast_Macs_Remote", "Mcast_Macs_Remote"} {
			for id, row := range transaction.Rows[table] {
				if times[id]++; times[id] > 1 {
					b.t.Errorf("%s %s is written again: %v", table, id, row)
				}
			}
		}
	}
}
