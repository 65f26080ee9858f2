package ovsdb

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"

	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
)

// rival is an agent of a race: its client, behind a gate that can stop it in the
// middle of a transaction.
type rival struct {
	name   string
	gate   *testenv.Gate
	client *Client
	all    sync.WaitGroup // writes under way
	n      int
}

func newRival(t testing.TB, db *testenv.OVSDB, name string, epoch uint64) *rival {
	r := &rival{name: name, gate: testenv.NewGate(t, db.Unix)}
	r.client = fenced(t, r.gate.Address, name, epoch)
	t.Cleanup(func() { r.gate.Open(); r.all.Wait() })
	return r
}

// write begins to write some logical switches of the rival's; how it ends does
// not matter.
func (r *rival) write(switches int) {
	var deltas []hwvtep.Delta
	for range switches {
		r.n++
		deltas = append(deltas, hwvtep.Diff(nil, hwvtep.NewLogicalSwitch(fmt.Sprintf("%s/%d", r.name, r.n), hwvtep.NewKey(1))))
	}
	r.all.Go(func() { r.client.Apply(context.Background(), deltas) })
}

// checkJournal finds rows that were written while another agent had the
// database, and epochs that went back.
func checkJournal(t testing.TB, db *testenv.OVSDB) (rows int) {
	t.Helper()
	config, epoch := map[string]string{}, uint64(0)
	for _, transaction := range db.Journal(t) {
		for _, row := range transaction.Rows[tableGlobal] {
			testenv.PatchMap(config, row["other_config"])
		}
		now, _ := strconv.ParseUint(config[hwvtep.Epoch], 10, 64)
		if now < epoch {
			t.Errorf("the epoch went back from %d to %d", epoch, now)
		}
		epoch = now
		if agent, by, ok := hwvtep.ParseSignature(transaction.Comment); ok && (agent != config[hwvtep.Agent] || by != epoch) {
			t.Errorf("%q was written while %q had the database by epoch %d", transaction.Comment, config[hwvtep.Agent], epoch)
		}
		for _, row := range transaction.Rows[tableLogical] {
			writer, _, _ := strings.Cut(fmt.Sprint(row["name"]), "/")
			if rows++; writer != config[hwvtep.Agent] {
				t.Errorf("%v was written while %q had the database by epoch %d", row["name"], config[hwvtep.Agent], epoch)
			}
		}
	}
	return rows
}

func TestAnAgentStoppedInATransactionWritesNothingAfterwards(t *testing.T) {
	for _, after := range []int{0, 1, 150} { // bytes of the transaction that have gone out
		db := testenv.StartOVSDB(t)
		db.VTEPCtl(t, "add-ps", "sw0")
		old, young := newRival(t, db, "old", 5), newRival(t, db, "young", 7)
		if err := old.client.Claim(context.Background()); err != nil {
			t.Fatal(err)
		}
		old.gate.Hold(after)
		old.write(1)
		if err := write(young.client, "young/0"); err != nil {
			t.Fatal(err)
		}
		old.gate.Open()
		old.all.Wait()
		if rows := checkJournal(t, db); rows != 1 {
			t.Errorf("stopped after %d bytes: %d rows, want the young agent's alone", after, rows)
		}
		testenv.Eventually(t, soon, "the old agent knows", func() error { return errorIs(old.client.Err(), "served by another agent") })
	}
}

func TestNoRowIsWrittenByALowerEpoch(t *testing.T) {
	const walks = 30
	written := 0
	for seed := range uint64(walks) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			db := testenv.StartOVSDB(t)
			db.VTEPCtl(t, "add-ps", "sw0")
			rivals := []*rival{newRival(t, db, "a", 1), newRival(t, db, "b", 2)}
			next := walk(rand.New(rand.NewPCG(seed, 0)), rivals)
			for _, x := range rivals {
				x.gate.Open()
				x.all.Wait()
			}
			last := rivals[next%2]
			last.client.SetEpoch(next)
			testenv.Eventually(t, soon, "the highest epoch writes", func() error {
				if err := write(last.client, last.name+"/last"); err != nil {
					return err
				}
				return last.client.Err()
			})
			written += checkJournal(t, db)
		})
	}
	if written < 5*walks {
		t.Errorf("no more than %d rows were ever written", written)
	}
}

// walk does what may happen to agents in any order, and gives an epoch above all
// that it has used.
func walk(r *rand.Rand, rivals []*rival) (next uint64) {
	next = 3
	for range 10 + r.IntN(20) {
		x := rivals[r.IntN(len(rivals))]
		switch r.IntN(6) {
		case 0, 1:
			x.write(1 + r.IntN(3))
		case 2:
			x.gate.Hold(r.IntN(400))
		case 3:
			x.gate.Open()
		case 4:
			x.client.SetEpoch(next)
			next++
		case 5:
			x.gate.Open()
			x.all.Wait()
		}
	}
	return next
}
