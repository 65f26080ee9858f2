package ovsdb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
)

// fenced is a client of an epoch, connected.
func fenced(t testing.TB, address, agent string, epoch uint64) *Client {
	t.Helper()
	c := start(t, Config{Address: address, Agent: agent, Epoch: epoch})
	testenv.Eventually(t, soon, agent+" is connected", func() error {
		if err := c.Err(); err != nil && !errors.Is(err, ErrFenced) {
			return err
		}
		return nil
	})
	return c
}

// epochOf gives the epoch and the agent that have the database.
func epochOf(t testing.TB, db *testenv.OVSDB) string {
	t.Helper()
	out := ""
	for _, key := range []string{hwvtep.Epoch, hwvtep.Agent} {
		out += strings.Trim(strings.TrimSpace(db.VTEPCtl(t, "--if-exists", "get", "Global", ".", "other_config:"+key)), `"`) + " "
	}
	return strings.TrimSpace(out)
}

// write makes a logical switch of that name, and gives the error.
func write(c *Client, name string) error {
	want := hwvtep.NewLogicalSwitch(name, hwvtep.NewKey(1))
	return c.Apply(context.Background(), []hwvtep.Delta{hwvtep.Diff(nil, want)})[name]
}

func TestTheHigherEpochHasTheDatabase(t *testing.T) {
	db := testenv.StartOVSDB(t)
	db.VTEPCtl(t, "add-ps", "sw0", "--", "set", "Global", ".", "other_config:theirs=1", "other_config:"+hwvtep.Epoch+"=nonsense")
	old, young := fenced(t, db.Unix, "old", 5), fenced(t, db.Unix, "young", 7)
	if err := old.Claim(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := epochOf(t, db); got != "5 old" {
		t.Fatalf("the database is of %q", got)
	}
	if err := write(old, "landbridge/a"); err != nil {
		t.Fatal(err)
	}
	if err := write(young, "landbridge/b"); err != nil { // claims by itself
		t.Fatal(err)
	}
	if got := epochOf(t, db); got != "7 young" {
		t.Fatalf("the database is of %q", got)
	}
	signed := map[string]bool{}
	for _, transaction := range db.Journal(t) {
		signed[transaction.Comment] = true
	}
	if !signed["landbridge-epoch=5 landbridge-agent=old"] || !signed["landbridge-epoch=7 landbridge-agent=young"] {
		t.Errorf("transactions are signed %v", signed)
	}
	const reason = `served by another agent ("young"), epoch 7 > 5`
	if err := write(old, "landbridge/c"); !errors.Is(err, ErrFenced) || err.Error() != reason {
		t.Errorf("the lower epoch's write: %v", err)
	}
	if err := old.Claim(context.Background()); !errors.Is(err, ErrFenced) {
		t.Errorf("the lower epoch's claim: %v", err)
	}
	testenv.Eventually(t, soon, "the lower epoch knows", func() error { return errorIs(old.Err(), reason) })
	old.SetEpoch(8)
	if err := write(old, "landbridge/c"); err != nil || old.Err() != nil {
		t.Errorf("with a higher epoch: %v, %v", err, old.Err())
	}
	if !old.Take().Resync {
		t.Error("a new epoch has to look at everything")
	}
	if got := db.VTEPCtl(t, "get", "Global", ".", "other_config:theirs"); got != "\"1\"\n" {
		t.Errorf("others' keys: %s", got)
	}
}

func TestOfEqualEpochsTheFirstHasTheDatabase(t *testing.T) {
	db := testenv.StartOVSDB(t)
	db.VTEPCtl(t, "add-ps", "sw0")
	first, second := fenced(t, db.Unix, "first", 3), fenced(t, db.Unix, "second", 3)
	if err := first.Claim(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := errorIs(write(second, "landbridge/a"), `served by another agent ("first"), epoch 3 = 3`); err != nil {
		t.Error(err)
	}
	before := journal(t, db)
	again := fenced(t, db.Unix, "first", 3)
	if err := again.Claim(context.Background()); err != nil || journal(t, db) != before {
		t.Errorf("the same agent, begun anew: %v; it has written: %v", err, journal(t, db) != before)
	}
}

func TestAClaimNobodySawIsRespected(t *testing.T) {
	for _, present := range []string{"", "2"} {
		db := testenv.StartOVSDB(t)
		db.VTEPCtl(t, "add-ps", "sw0")
		if present != "" {
			db.VTEPCtl(t, "set", "Global", ".", "other_config:"+hwvtep.Epoch+"="+present)
		}
		c := fenced(t, db.Unix, "c", 5)
		testenv.Eventually(t, soon, "the switch is shown", func() error {
			if len(c.PhysicalSwitches()) == 0 {
				return errors.New("not yet")
			}
			return nil
		})
		c.mu.Lock()
		b, session := newBuilder(c.mirror, c.schema), c.session
		b.claim = true
		err := c.fence().guard(b)
		c.mu.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		db.VTEPCtl(t, "set", "Global", ".", "other_config:"+hwvtep.Epoch+"=6")
		var r *refused
		if _, err := session.transact(context.Background(), b.ops); !errors.As(err, &r) || !r.unguarded() {
			t.Errorf("over %q: %v", present, err)
		}
		if got := epochOf(t, db); got != "6" {
			t.Errorf("over %q: the database is of %q", present, got)
		}
	}
}

func TestALostEpochIsClaimedAgain(t *testing.T) {
	db := testenv.StartOVSDB(t)
	db.VTEPCtl(t, "add-ps", "sw0")
	c := fenced(t, db.Unix, "c", 5)
	for i := range 3 {
		if err := write(c, fmt.Sprint("landbridge/", i)); err != nil {
			t.Fatal(err)
		}
		if got := epochOf(t, db); got != "5 c" {
			t.Fatalf("the database is of %q", got)
		}
		db.VTEPCtl(t, "clear", "Global", ".", "other_config")
	}
}

func TestWithoutAPlaceForTheEpochThereIsNoFence(t *testing.T) {
	db := testenv.StartOVSDB(t, testenv.WithSchema(testenv.SchemaWithout(t, "Global.other_config")))
	db.VTEPCtl(t, "add-ps", "sw0")
	log := &testLog{}
	c := start(t, Config{Address: db.Unix, Epoch: 5, Logger: log.logger()})
	testenv.Eventually(t, soon, "connected", c.Err)
	if err := errors.Join(c.Claim(context.Background()), write(c, "landbridge/a")); err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.String(), "nothing keeps a second agent from writing") {
		t.Errorf("no warning in\n%s", log)
	}
}

func TestNothingIsWrittenWhereNoFenceCanStand(t *testing.T) {
	db := testenv.StartOVSDB(t)
	c := fenced(t, db.Unix, "c", 5)
	if err := c.Claim(context.Background()); err != nil {
		t.Error(err)
	}
	if err := errorIs(write(c, "landbridge/a"), "no Global row"); err != nil {
		t.Error(err)
	}
}
