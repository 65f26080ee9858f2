package agent

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/ovsdb"
	"landbridge/internal/rpc"
)

// board is an agent that switches dial.
type board struct {
	*bench // its own database is one that the agent dials
	agent  *Agent
	target string // for vtep-ctl set-manager
}

func newBoard(t *testing.T, cfg Config) *board {
	t.Helper()
	port := testenv.FreePort(t)
	b := &board{bench: newBench(t), target: fmt.Sprintf("tcp:127.0.0.1:%d", port)}
	cfg.Listen = []ovsdb.ListenConfig{{Address: fmt.Sprintf("ptcp:%d", port)}}
	b.agent = b.startAs(cfg)
	return b
}

// dialsIn starts a switch that dials the agent.
func (b *board) dialsIn(names ...string) *testenv.OVSDB {
	b.t.Helper()
	db := testenv.StartOVSDB(b.t, testenv.WithManagers())
	args := []string{"set-manager", b.target}
	for _, name := range names {
		args = append(args, "--", "add-ps", name)
	}
	db.VTEPCtl(b.t, args...)
	db.VTEPCtl(b.t, "set", "Manager", ".", "max_backoff=1000")
	return db
}

// says waits for a report on a database.
func (b *board) says(database, what string, ok func(r rpc.Report) error) {
	b.t.Helper()
	testenv.Eventually(b.t, soon, what, func() error {
		r := b.server.report(database)
		if r.Database == "" {
			return errors.New("no report")
		}
		return ok(r)
	})
}

// has waits until a database is reported to hold a logical switch, and no other.
func (b *board) has(database string, want *hwvtep.LogicalSwitch) {
	b.t.Helper()
	b.says(database, database+" holds "+want.Name, func(r rpc.Report) error {
		if got := r.Logical[want.Name]; got.Actual != hwvtep.Pack(want) || len(r.Logical) != 1 || r.Error != "" {
			return fmt.Errorf("%s: %+v", r.Error, r.Logical)
		}
		return nil
	})
}

func TestSwitchesThatDialInAreServedLikeDialledOnes(t *testing.T) {
	b := newBoard(t, Config{Name: "us", Epoch: 3})
	plans := map[string]*hwvtep.LogicalSwitch{}
	dbs := map[string]*testenv.OVSDB{}
	for i, name := range []string{"sw0", "sw1", "sw2"} {
		plans[name] = network(name, uint32(i+1))
		b.server.set(name, plans[name])
	}
	b.holds(plans["sw0"])
	for _, name := range []string{"sw1", "sw2"} {
		dbs[name] = b.dialsIn(name)
		b.has("switch:"+name, plans[name])
	}
	dbs["sw1"].Kill(t)
	b.says("switch:sw1", "gone", func(r rpc.Report) error {
		if r.Error == "" {
			return errors.New("still there")
		}
		return nil
	})
	changed := plans["sw1"].Clone()
	changed.Key = hwvtep.NewKey(77)
	b.server.set("sw1", changed)
	b.server.set("sw2")
	dbs["sw1"].Start(t)
	b.has("switch:sw1", changed)
	b.says("switch:sw2", "empty", func(r rpc.Report) error {
		if len(r.Logical) > 0 {
			return errors.New("not yet")
		}
		return nil
	})
	if got := dbs["sw1"].VTEPCtl(t, "get", "Global", ".", "other_config:"+hwvtep.Epoch); got != "\"3\"\n" {
		t.Errorf("the fence is %s", got)
	}
	got := ""
	for _, db := range b.agent.Databases() {
		got += fmt.Sprint(db.Address, db.Switches, db.Error, " ")
	}
	if want := b.db.Unix + "[sw0] switch:sw1[sw1] switch:sw2[sw2] "; got != want {
		t.Errorf("the agent has %s, want %s", got, want)
	}
}

func TestADatabaseKeepsItsAddressWhenASwitchIsAdded(t *testing.T) {
	b := newBoard(t, Config{})
	one := network("one", 1)
	b.server.set("sw5", one)
	db := b.dialsIn("sw5")
	b.has("switch:sw5", one)
	two := network("two", 2)
	b.server.set("sw4", two)
	b.server.set("sw5")
	db.VTEPCtl(t, "add-ps", "sw4")
	b.has("switch:sw5", two)
	db.Kill(t)
	db.Start(t) // it calls with two names now
	b.server.set("sw4", one)
	b.has("switch:sw5", one)
	if n := len(b.agent.Databases()); n != 2 {
		t.Errorf("%d databases", n)
	}
}

func TestASwitchThatIsServedAlreadyIsRefused(t *testing.T) {
	b := newBoard(t, Config{})
	b.holds()
	thief := b.dialsIn("sw0", "sw9") // sw0 is dialled
	b.dialsIn("sw7")
	b.says("switch:sw7", "another one is served", func(rpc.Report) error { return nil })
	testenv.Eventually(t, soon, "the thief has been hung up on", func() error {
		if got := thief.VTEPCtl(t, "get", "Manager", ".", "status"); !strings.Contains(got, "last_error") && !strings.Contains(got, "sec_since_disconnect") {
			return errors.New(got)
		}
		return nil
	})
	for _, db := range b.agent.Databases() {
		if strings.Contains(db.Address, "sw0") || strings.Contains(db.Address, "sw9") {
			t.Errorf("the agent has %+v", db)
		}
	}
}

func TestTheEpochIsOfAllDatabases(t *testing.T) {
	b := newBoard(t, Config{Name: "us", Epoch: 3})
	dialled := b.dialsIn("sw1")
	for _, db := range []*testenv.OVSDB{b.db, dialled} {
		testenv.Eventually(t, soon, "the epoch", func() error {
			if got := db.VTEPCtl(t, "--if-exists", "get", "Global", ".", "other_config:"+hwvtep.Epoch); got != "\"3\"\n" {
				return errors.New(got)
			}
			return nil
		})
	}
}

func TestADialledDatabaseWaitsForItsAssignment(t *testing.T) {
	b := newBoard(t, Config{Assigned: true})
	plan := network("one", 1)
	b.server.set("sw1", plan)
	if b.agent.Assign("switch:sw1", 4) {
		t.Error("assigned before it has dialled in")
	}
	db := b.dialsIn("sw1")
	testenv.Eventually(t, soon, "the database is offered", func() error {
		for _, d := range b.agent.Databases() {
			if d.Address == "switch:sw1" && d.Error == "" && len(d.Switches) == 1 {
				return nil
			}
		}
		return fmt.Errorf("%+v", b.agent.Databases())
	})
	if n := len(db.Rows(t, "Logical_Switch")); n > 0 || b.server.report("switch:sw1").Database != "" {
		t.Error("served without an assignment")
	}
	b.agent.Assign("switch:sw1", 4)
	b.has("switch:sw1", plan)
}
