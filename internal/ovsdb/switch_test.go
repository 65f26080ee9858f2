package ovsdb

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
)

func TestEnsureSwitchMakesWhatIsMissing(t *testing.T) {
	db := testenv.StartOVSDB(t)
	c := connected(t, db)
	fabric, wan := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("203.0.113.1")
	want := hwvtep.PhysicalSwitch{
		Name: "sw0", TunnelIPs: []netip.Addr{fabric, wan},
		Ports:       []hwvtep.PhysicalPort{{Name: "p0"}},
		OtherConfig: map[string]string{hwvtep.FabricAddr: fabric.String(), hwvtep.WANAddr: wan.String()},
	}
	ensure(t, c, want)
	ensure(t, c, hwvtep.PhysicalSwitch{Name: "sw1"})
	db.VTEPCtl(t, "add-port", "sw0", "theirs", "--", "set", "Physical_Switch", "sw0", "other_config:theirs=1")
	want.TunnelIPs = want.TunnelIPs[:1]
	want.OtherConfig[hwvtep.WANAddr] = fabric.String()
	want.Ports = append(want.Ports, hwvtep.PhysicalPort{Name: "p1"})
	testenv.Eventually(t, soon, "the other client's port is seen", func() error {
		ensure(t, c, want)
		shown := want
		shown.Ports = []hwvtep.PhysicalPort{{Name: "p0"}, {Name: "p1"}, {Name: "theirs"}}
		shown.OtherConfig = map[string]string{"theirs": "1", hwvtep.FabricAddr: fabric.String(), hwvtep.WANAddr: fabric.String()}
		return same([]hwvtep.PhysicalSwitch{shown, {Name: "sw1"}}, c.PhysicalSwitches())
	})
	before := journal(t, db)
	ensure(t, c, want)
	if journal(t, db) != before {
		t.Error("ensuring what is there has written something")
	}
}

func ensure(t *testing.T, c *Client, sw hwvtep.PhysicalSwitch) {
	t.Helper()
	if err := c.EnsureSwitch(context.Background(), sw); err != nil {
		t.Fatal(err)
	}
}

func same(want, got []hwvtep.PhysicalSwitch) error {
	diff := cmp.Diff(want, got, cmp.Comparer(func(a, b hwvtep.PhysicalSwitch) bool { return a.Equal(&b) }))
	if diff == "" {
		return nil
	}
	return errorString(diff)
}

type errorString string

func (e errorString) Error() string { return string(e) }

// journal gives the database's file, to which the server appends every
// transaction that changes anything.
func journal(t *testing.T, db *testenv.OVSDB) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(db.Dir, "vtep.db"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestNumbersAndFaults(t *testing.T) {
	db := testenv.StartOVSDB(t)
	c, other := connected(t, db), connected(t, db)
	ctx := context.Background()
	ensure(t, c, hwvtep.PhysicalSwitch{Name: "sw0"})
	for n := range uint64(3) {
		for _, err := range []error{c.SetWanted(ctx, n), c.SetDone(ctx, "sw0", n), c.SetFaults(ctx, "sw0", []string{"b", "a", "b"})} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if n, ok := c.Wanted(); n != 2 || !ok {
		t.Errorf("Wanted is %d, %v", n, ok)
	}
	sw := c.PhysicalSwitches()[0]
	if sw.OtherConfig[hwvtep.Done] != "2" || !cmp.Equal(sw.Faults, []string{"a", "b"}) {
		t.Errorf("the switch is %+v", sw)
	}
	testenv.Eventually(t, soon, "the other client sees the number", func() error {
		if n, _ := other.Wanted(); n != 2 {
			return errorString("not yet")
		}
		return nil
	})
	if d := other.Take(); !d.Global || !d.Physical || len(d.LogicalSwitches) > 0 {
		t.Errorf("the other client has taken %+v", d)
	}
	for _, err := range []error{c.SetDone(ctx, "sw9", 1), c.SetFaults(ctx, "sw9", nil)} {
		if err := errorIs(err, `no switch "sw9"`); err != nil {
			t.Error(err)
		}
	}
}

func TestSetWantedDoesNotOverrideAnother(t *testing.T) {
	db := testenv.StartOVSDB(t)
	c := connected(t, db)
	ctx := context.Background()
	ensure(t, c, hwvtep.PhysicalSwitch{Name: "sw0"})
	if err := c.SetWanted(ctx, 1); err != nil {
		t.Fatal(err)
	}
	c.mu.Lock() // as if the change had not arrived yet
	c.mirror.global.config[hwvtep.Wanted] = "0"
	c.mu.Unlock()
	if err := errorIs(c.SetWanted(ctx, 2), "another client has changed"); err != nil {
		t.Error(err)
	}
	if got := db.VTEPCtl(t, "get", "Global", ".", "other_config:"+hwvtep.Wanted); got != "\"1\"\n" {
		t.Errorf("the number is %s", got)
	}
}
