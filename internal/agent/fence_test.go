package agent

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/rpc"
)

// rival is a second bench on the database of the first, with a server of its
// own.
func (b *bench) rival() *bench { return &bench{t: b.t, db: b.db, server: newServer()} }

func TestAFencedAgentStopsAndBeginsAgain(t *testing.T) {
	b := newBench(t)
	other := b.rival()
	ours, theirs := network("ours", 1), network("theirs", 2)
	b.server.set("sw0", ours)
	other.server.set("sw0", theirs)

	agent := b.startAs(Config{Name: "one", Epoch: 5})
	b.holds(ours)
	other.startAs(Config{Name: "two", Epoch: 7})
	other.holds(theirs)
	b.reported("the other agent has the database", func(r rpc.Report) error {
		if r.Error != `served by another agent ("two"), epoch 7 > 5` || r.Logical != nil {
			return fmt.Errorf("got %+v", r)
		}
		return nil
	})
	before, reports := b.journal(), b.server.count()
	b.server.set("sw0", ours, network("more", 3))
	b.server.restart() // the agent reports again once it has seen the new plan
	testenv.Eventually(t, soon, "the plan has been seen", func() error {
		if b.server.count() == reports {
			return errors.New("no report")
		}
		return nil
	})
	if written := strings.TrimPrefix(b.journal(), before); written != "" {
		t.Errorf("the agent that was fenced off has written:\n%s", written)
	}

	other.stop()
	b.server.set("sw0", ours)
	if !agent.Assign(b.db.Unix, 8) {
		t.Fatal("the agent does not know its database")
	}
	b.holds(ours)
}

func TestAnAgentClaimsBeforeItHasAnythingToWrite(t *testing.T) {
	b := newBench(t)
	b.server.setAvailable(false)
	b.startAs(Config{Name: "one", Epoch: 5})
	testenv.Eventually(t, soon, "the database is claimed", func() error {
		if got := b.db.VTEPCtl(t, "--if-exists", "get", "Global", ".", "other_config:"+hwvtep.Agent); !strings.Contains(got, "one") {
			return fmt.Errorf("got %q", got)
		}
		return nil
	})
}

// Who may not write any more does nothing, whatever the database would say to it.
func TestAnAgentThatMayNotWriteDoesNot(t *testing.T) {
	b := newBench(t)
	var may atomic.Bool
	may.Store(true)
	one, two := network("one", 1), network("two", 2)
	b.server.set("sw0", one)
	b.startAs(Config{Name: "us", Epoch: 5, May: may.Load})
	b.holds(one)
	may.Store(false)
	before := b.journal()
	b.server.set("sw0", one, two)
	other := b.rival() // by the time that it has written, the first could have
	other.server.set("sw0", hwvtep.NewLogicalSwitch("others/x", hwvtep.NewKey(3)))
	other.startAs(Config{Owner: "others"})
	other.has("others/x")
	if written := strings.TrimPrefix(b.journal(), before); strings.Contains(written, two.Name) {
		t.Errorf("written:\n%s", written)
	}
	may.Store(true)
	b.server.set("sw0", one, two)
	b.has(two.Name)
}

// has waits until the database has a logical switch.
func (b *bench) has(name string) {
	b.t.Helper()
	testenv.Eventually(b.t, soon, name, func() error {
		for _, row := range b.db.Rows(b.t, "Logical_Switch") {
			if row["name"] == name {
				return nil
			}
		}
		return errors.New("it is not there")
	})
}

func TestOnlyAssignedDatabasesAreServed(t *testing.T) {
	b := newBench(t)
	one, two := network("one", 1), network("two", 2)
	b.server.set("sw0", one)
	before := b.journal()
	agent := b.startAs(Config{Name: "us", Assigned: true})
	witness := b.rival() // that the agent could have written by now
	witness.server.setAvailable(false)
	witness.start()
	witness.reported("the database is there", func(r rpc.Report) error {
		if len(r.Switches) == 0 {
			return errors.New("no switch yet")
		}
		return nil
	})
	if b.server.count() > 0 || b.journal() != before {
		t.Error("the agent has served what it was not given")
	}
	if agent.Assign("tcp:192.0.2.1:6640", 1) {
		t.Error("the agent has taken a database that it does not know")
	}
	agent.Assign(b.db.Unix, 3)
	b.holds(one)

	agent.Assign(b.db.Unix, 0)
	before = b.journal()
	b.server.set("sw0", two)
	testenv.Eventually(t, soon, "the agent has seen the plan", func() error {
		if b.server.asked() == 0 {
			return errors.New("not yet")
		}
		return nil
	})
	if b.journal() != before {
		t.Error("the agent has written what was taken from it")
	}
	agent.Assign(b.db.Unix, 4)
	b.holds(two)
}
