package ovsdb

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
)

// Another client uses the same locators, which vanish with their last user: what
// has just been seen may be gone at commit, what was not there may be there.
func TestApplySurvivesVanishingLocators(t *testing.T) {
	db := testenv.StartOVSDB(t)
	mine, theirs := connected(t, db), connected(t, db)
	full, other := blue(), blue()
	other.Name = "theirs"
	flip := func(c *Client, full *hwvtep.LogicalSwitch, round int) {
		want := full
		if round%2 == 1 {
			want = hwvtep.NewLogicalSwitch(full.Name, full.Key)
		}
		if errs := c.Apply(context.Background(), []hwvtep.Delta{hwvtep.Diff(c.LogicalSwitch(want.Name), want)}); len(errs) > 0 {
			t.Errorf("round %d: %v", round, errs)
		}
		if got := c.LogicalSwitch(want.Name); !got.Equal(want) {
			t.Errorf("round %d: %+v, want %+v", round, got, want)
		}
	}
	rounds, done := make(chan int), make(chan struct{})
	go func() {
		defer close(done)
		for round := range rounds {
			flip(theirs, other, round)
		}
	}()
	for round := range 200 {
		rounds <- round // from here on both write at once
		flip(mine, full, round)
	}
	close(rounds)
	<-done
}

// Whoever forwards by what the client shows must not see half a transaction.
func TestAReaderSeesWholeTransactions(t *testing.T) {
	db := testenv.StartOVSDB(t)
	writer, reader := connected(t, db), connected(t, db)
	one, other := blue(), blue()
	other.Mcast = map[string]hwvtep.Set[hwvtep.Locator]{hwvtep.UnknownDst: hwvtep.SetOf(node2, locator("10.0.0.13", hwvtep.Key{}))}
	other.Ucast = hwvtep.UcastSetOf(hwvtep.Ucast{MAC: mac(1), Locator: node2})
	reach(t, writer, one)
	shows(t, reader, one)
	const rounds = 200
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range rounds / 2 {
			reach(t, writer, other)
			reach(t, writer, one)
		}
	}()
	looks := 0
	for running := true; running; looks++ {
		select {
		case <-done:
			running = false
		case <-reader.Updates():
		}
		if got := reader.LogicalSwitch(one.Name); !got.Equal(one) && !got.Equal(other) {
			t.Errorf("half of a transaction: %+v", got)
		}
	}
	shows(t, reader, one)
	t.Logf("%d looks at %d transactions", looks, rounds)
}

// What cannot be followed is read anew.
func TestAChangeThatCannotBeFollowedCausesAResync(t *testing.T) {
	db := testenv.StartOVSDB(t)
	log := &testLog{}
	c := start(t, Config{Address: db.Unix, Logger: log.logger()})
	testenv.Eventually(t, soon, "connected", c.Err)
	want := blue()
	reach(t, c, want)
	c.Take()
	c.mu.Lock()
	c.mirror = newMirror() // as if nothing had ever come
	c.mu.Unlock()
	db.VTEPCtl(t, "set", "Logical_Switch", want.Name, "description=x")
	want.Description = "x"
	shows(t, c, want)
	if !c.Take().Resync || !strings.Contains(log.String(), "could not be followed") {
		t.Errorf("no Resync; the log:\n%s", log)
	}
}

func TestTakeNamesWhatOthersChange(t *testing.T) {
	db := testenv.StartOVSDB(t)
	c := connected(t, db)
	red := blue()
	red.Name = "red"
	reach(t, c, red)
	reach(t, c, blue())
	for _, x := range []struct {
		change string
		args   []string
		want   string
	}{
		{"a MAC", []string{"add-ucast-remote", "red", "02:00:00:00:00:77", "10.0.0.77"}, "[red]"},
		{"a locator's key", []string{"set", "Physical_Locator", "dst_ip=10.0.0.77", "tunnel_key=5"}, "[red]"},
		{"the row", []string{"set", "Logical_Switch", "red", "description=x"}, "[red]"},
		{"a deletion", []string{"clear-remote-macs", "red", "--", "del-ls", "red"}, "[red]"},
	} {
		c.Take()
		args := x.args
		if args[0] == "set" && args[1] == "Physical_Locator" {
			args = []string{"set", "Physical_Locator", locatorRowID(t, db, "10.0.0.77"), "tunnel_key=5"}
		}
		db.VTEPCtl(t, args...)
		testenv.Eventually(t, soon, x.change+" is seen", func() error {
			if got := fmt.Sprint(c.Take().LogicalSwitches); got != x.want {
				return errorString("taken " + got)
			}
			return nil
		})
	}
}

func locatorRowID(t *testing.T, db *testenv.OVSDB, addr string) string {
	t.Helper()
	for _, row := range db.Rows(t, tableLocator) {
		if row["dst_ip"] == addr {
			return testenv.UUID(row["_uuid"])
		}
	}
	t.Fatalf("no locator %s", addr)
	return ""
}
