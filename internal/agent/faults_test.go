package agent

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/rpc"
)

// journal gives the database's file, to which ovsdb-server appends every
// transaction that changes anything.
func (b *bench) journal() string {
	b.t.Helper()
	data, err := os.ReadFile(filepath.Join(b.db.Dir, "vtep.db"))
	if err != nil {
		b.t.Fatal(err)
	}
	return string(data)
}

func TestASecondAgentWritesNothing(t *testing.T) {
	b := newBench(t)
	plan := network("one", 1)
	b.server.set("sw0", plan)
	b.start()
	b.holds(plan)
	b.stop()
	before := b.journal()
	b.server.restart()
	b.start()
	b.holds(plan)
	b.stop()
	if written := strings.TrimPrefix(b.journal(), before); written != "" {
		t.Errorf("the second agent has written:\n%s", written)
	}
}

func TestAgentTouchesNothingWithoutAPlan(t *testing.T) {
	b := newBench(t)
	plan := network("one", 1)
	b.server.set("sw0", plan)
	b.start()
	b.holds(plan)
	b.stop()

	b.server.setAvailable(false)
	b.db.Transact(t, update("Logical_Switch", testenv.Row{"tunnel_key": 2}))
	before := b.journal()
	b.start()
	b.reported("the strange key", func(r rpc.Report) error {
		if got := r.Logical[plan.Name].Actual.Unpack(); got == nil || got.Key != hwvtep.NewKey(2) {
			return fmt.Errorf("got %+v", got)
		}
		return nil
	})
	if b.journal() != before {
		t.Error("the agent has written without a plan")
	}
	b.server.setAvailable(true)
	b.holds(plan)
}

func TestAgentReportsAgainToANewServer(t *testing.T) {
	b := newBench(t)
	plan := network("one", 1)
	b.server.set("sw0", plan)
	b.start()
	b.holds(plan)
	b.server.restart()
	b.holds(plan)
}

func TestAgentSurvivesItsDatabase(t *testing.T) {
	b := newBench(t)
	plan := network("one", 1)
	b.server.set("sw0", plan)
	b.start()
	b.holds(plan)

	b.db.Kill(t)
	b.reported("the database is out of reach", func(r rpc.Report) error {
		if r.Error == "" || r.Logical != nil || len(r.Switches) != 1 {
			return fmt.Errorf("got %+v", r)
		}
		return nil
	})
	changed := plan.Clone()
	changed.Key = hwvtep.NewKey(5)
	b.server.set("sw0", changed)
	b.db.Start(t)
	b.holds(changed)

	b.db.Wipe(t)
	b.reported("no switch", func(r rpc.Report) error {
		if r.Error != "" || len(r.Switches) != 0 {
			return fmt.Errorf("got %+v", r)
		}
		return nil
	})
	b.db.VTEPCtl(t, "add-ps", "sw0")
	b.holds(changed)
}

func TestAgentWithoutLocatorKeys(t *testing.T) {
	b := newBench(t, testenv.WithSchema(testenv.SchemaWithout(t, "Physical_Locator.tunnel_key", "Logical_Switch.replication_mode",
		"Global.other_config", "Physical_Switch.other_config")))
	plan := network("one", 1)
	b.server.set("sw0", plan)
	b.start()
	want := hwvtep.NewLogicalSwitch(plan.Name, plan.Key)
	want.Ucast.Add(hwvtep.Ucast{MAC: ethernet.MAC{2, 0, 0, 0, 0, 1}, Locator: node})
	want.AddMcast(hwvtep.UnknownDst, node)
	b.holds(want)
	b.reported("the schema", func(r rpc.Report) error {
		if r.Schema.LocatorKeys || r.Schema.Replication || r.Schema.OtherConfig || r.Schema.Version == "" {
			return fmt.Errorf("got %+v", r.Schema)
		}
		return nil
	})
}

func TestOneFaultDoesNotHoldUpTheRest(t *testing.T) {
	b := newBench(t)
	bad, good := network("bad", 1), network("good", 2)
	bad.Bindings.Add(hwvtep.Binding{Switch: "sw0", Port: "nowhere", VLAN: 1})
	b.server.set("sw0", bad, good)
	b.start()
	b.reported("one fault", func(r rpc.Report) error {
		if got := r.Logical[good.Name]; got.Actual != hwvtep.Pack(good) || got.Error != "" {
			return fmt.Errorf("good: %+v", got)
		}
		got := r.Logical[bad.Name]
		if got.Actual == (hwvtep.Packed{}) || got.Actual.Unpack().Ucast.Len() != 2 || !strings.Contains(got.Error, `no port "nowhere"`) {
			return fmt.Errorf("bad: %+v", got)
		}
		return nil
	})
	b.db.VTEPCtl(t, "add-port", "sw0", "nowhere")
	b.holds(bad, good)
}

func TestAChangeIsConfirmedByTheSwitch(t *testing.T) {
	b := newBench(t)
	b.db.VTEPCtl(t, "set", "Physical_Switch", "sw0", "other_config:landbridge-done=0")
	plan := network("one", 1)
	b.server.set("sw0", plan)
	b.start()
	b.reported("written, not confirmed", func(r rpc.Report) error {
		got := r.Logical[plan.Name]
		if got.Actual != hwvtep.Pack(plan) || b.wanted() == "" {
			return errors.New("not written yet")
		}
		if got.Confirmed {
			t.Fatal("confirmed, although the switch has not said so")
		}
		return nil
	})
	b.db.VTEPCtl(t, "set", "Physical_Switch", "sw0", "other_config:landbridge-done="+b.wanted())
	b.holds(plan)
	// Somebody loses the numbers: the switch is asked anew.
	b.db.VTEPCtl(t, "remove", "Global", ".", "other_config", hwvtep.Wanted)
	testenv.Eventually(t, soon, "a new number", func() error {
		if b.wanted() == "" {
			return errors.New("none")
		}
		return nil
	})
}

// wanted gives the number that the agent has raised.
func (b *bench) wanted() string {
	out := b.db.VTEPCtl(b.t, "--if-exists", "get", "Global", ".", "other_config:"+hwvtep.Wanted)
	return strings.Trim(strings.TrimSpace(out), `"`)
}
