package ovsdb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
)

var (
	here  = locator("10.0.0.1", hwvtep.Key{})
	there = locator("10.0.0.2", hwvtep.Key{})
)

// localOf reads the tables of local MACs: "table name MAC address", sorted.
func localOf(t testing.TB, db *testenv.OVSDB) []string {
	t.Helper()
	var out []string
	tables := db.Tables(t)
	text := func(table string, id any, column string) string {
		return fmt.Sprint(tables[table][testenv.UUID(id)][column])
	}
	for _, row := range tables[tableUcastLocal] {
		out = append(out, fmt.Sprintf("ucast %s %s %s", text(tableLogical, row["logical_switch"], "name"), row["MAC"], text(tableLocator, row["locator"], "dst_ip")))
	}
	for _, row := range tables[tableMcastLocal] {
		locators := tables[tableLocatorSet][testenv.UUID(row["locator_set"])]["locators"]
		out = append(out, fmt.Sprintf("mcast %s %s %s", text(tableLogical, row["logical_switch"], "name"), row["MAC"], text(tableLocator, locators, "dst_ip")))
	}
	slices.Sort(out)
	return out
}

func setLocal(t testing.TB, c *Client, own hwvtep.Locator, want hwvtep.Local) {
	t.Helper()
	if err := c.SetLocal(context.Background(), own, want); err != nil {
		t.Fatal(err)
	}
}

func TestSetLocal(t *testing.T) {
	db := testenv.StartOVSDB(t)
	c, other := connected(t, db), connected(t, db)
	reach(t, c, blue())
	shows(t, other, blue())
	setLocal(t, other, there, hwvtep.Local{"landbridge/blue": hwvtep.SetOf(mac(9))})
	setLocal(t, c, here, hwvtep.Local{"landbridge/blue": hwvtep.SetOf(mac(1), mac(2)), "not there": hwvtep.SetOf(mac(3))})
	theirs := []string{"mcast landbridge/blue unknown-dst 10.0.0.2", "ucast landbridge/blue 02:00:00:00:00:09 10.0.0.2"}
	want := slices.Concat([]string{
		"mcast landbridge/blue unknown-dst 10.0.0.1", "ucast landbridge/blue 02:00:00:00:00:01 10.0.0.1",
		"ucast landbridge/blue 02:00:00:00:00:02 10.0.0.1",
	}, theirs)
	slices.Sort(want)
	if diff := cmp.Diff(want, localOf(t, db)); diff != "" {
		t.Error(diff)
	}
	before := journal(t, db)
	setLocal(t, c, here, hwvtep.Local{"landbridge/blue": hwvtep.SetOf(mac(1), mac(2))})
	if journal(t, db) != before {
		t.Error("what is there has been written again")
	}
	setLocal(t, c, here, hwvtep.Local{"landbridge/blue": nil})
	if diff := cmp.Diff([]string{"mcast landbridge/blue unknown-dst 10.0.0.1", theirs[0], theirs[1]}, localOf(t, db)); diff != "" {
		t.Error(diff)
	}
	setLocal(t, c, here, nil)
	if diff := cmp.Diff(theirs, localOf(t, db)); diff != "" {
		t.Error(diff)
	}
	if got := c.LogicalSwitch("landbridge/blue"); !got.Equal(blue()) {
		t.Errorf("the logical switch shows as %+v", got)
	}
	reach(t, c, &hwvtep.LogicalSwitch{Name: "landbridge/green", Key: hwvtep.NewKey(7)})
	apply(t, c, hwvtep.Diff(c.LogicalSwitch("landbridge/blue"), nil)) // local rows do not hold it
	if got := localOf(t, db); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
}

// Rows that others have spoilt or copied are put right.
func TestSetLocalMends(t *testing.T) {
	db := testenv.StartOVSDB(t)
	c := connected(t, db)
	reach(t, c, blue())
	want := hwvtep.Local{"landbridge/blue": hwvtep.SetOf(mac(1))}
	setLocal(t, c, here, want)
	good := localOf(t, db)
	for _, wrong := range []string{"nonsense", mac(1).String(), mac(8).String()} {
		db.VTEPCtl(t, "add-ucast-local", "landbridge/blue", wrong, "10.0.0.1")
	}
	db.VTEPCtl(t, "del-mcast-local", "landbridge/blue", "unknown-dst", "10.0.0.1")
	testenv.Eventually(t, soon, "the rows are as they were", func() error {
		setLocal(t, c, here, want)
		if diff := cmp.Diff(good, localOf(t, db)); diff != "" {
			return errors.New(diff)
		}
		return nil
	})
}

// What switches have learned is shown to others, and only that it has changed.
func TestLearned(t *testing.T) {
	db := testenv.StartOVSDB(t)
	c, other := connected(t, db), connected(t, db)
	reach(t, c, blue())
	shows(t, other, blue())
	other.Take()
	learns := func(want ...hwvtep.LocalMAC) {
		t.Helper()
		testenv.Eventually(t, soon, "what is learned", func() error {
			got := other.Learned("landbridge/blue")
			if got != hwvtep.NewLearned(want) {
				return fmt.Errorf("%+v", slices.Collect(got.All()))
			}
			return nil
		})
	}
	setLocal(t, c, here, hwvtep.Local{"landbridge/blue": hwvtep.SetOf(mac(1), mac(2))})
	setLocal(t, c, there, hwvtep.Local{"landbridge/blue": hwvtep.SetOf(mac(9))})
	learns(hwvtep.LocalMAC{MAC: mac(1), At: here.Addr}, hwvtep.LocalMAC{MAC: mac(2), At: here.Addr}, hwvtep.LocalMAC{MAC: mac(9), At: there.Addr})
	if d := other.Take(); !slices.Equal(d.Local, []string{"landbridge/blue"}) || len(d.LogicalSwitches) > 0 {
		t.Errorf("changed: %+v", d)
	}
	db.VTEPCtl(t, "add-ucast-local", "landbridge/blue", "nonsense", "10.0.0.1")
	setLocal(t, other, there, nil)
	learns(hwvtep.LocalMAC{MAC: mac(1), At: here.Addr}, hwvtep.LocalMAC{MAC: mac(2), At: here.Addr})
	if other.Learned("not there").Len() > 0 {
		t.Error("of a logical switch that is not there")
	}
}

// Whatever it is told, and in whatever order, the tables show the last.
func TestSetLocalProperty(t *testing.T) {
	db := testenv.StartOVSDB(t)
	c := connected(t, db)
	names := []string{"a", "b"}
	for _, name := range names {
		reach(t, c, hwvtep.NewLogicalSwitch(name, hwvtep.Key{}))
	}
	rapid.Check(t, func(rt *rapid.T) {
		want, shown := hwvtep.Local{}, []string{}
		for _, name := range names {
			if !rapid.Bool().Draw(rt, "has ports") {
				continue
			}
			want[name] = hwvtep.Set[ethernet.MAC]{}
			shown = append(shown, "mcast "+name+" unknown-dst 10.0.0.1")
			for _, n := range rapid.SliceOfNDistinct(rapid.IntRange(1, 300), 0, 150, rapid.ID[int]).Draw(rt, "MACs") {
				want[name].Add(mac(n))
				shown = append(shown, fmt.Sprintf("ucast %s %s 10.0.0.1", name, mac(n)))
			}
		}
		slices.Sort(shown)
		setLocal(t, c, here, want)
		if diff := cmp.Diff(shown, localOf(t, db), cmpopts.EquateEmpty()); diff != "" {
			rt.Fatal(diff)
		}
	})
}

func TestPortStatus(t *testing.T) {
	db := testenv.StartOVSDB(t)
	c := connected(t, db)
	ctx := context.Background()
	ensure(t, c, hwvtep.PhysicalSwitch{Name: "sw0", Ports: []hwvtep.PhysicalPort{{Name: "p0"}, {Name: "p1"}}})
	reach(t, c, blue())
	db.VTEPCtl(t, "bind-ls", "sw0", "p0", "100", "landbridge/blue")
	on := func(vlan uint16) hwvtep.Binding { return hwvtep.Binding{Switch: "sw0", Port: "p0", VLAN: vlan} }
	for n := range uint64(2) {
		for _, err := range []error{
			c.SetPortFaults(ctx, "sw0", map[string][]string{"p0": {"b", "a"}, "p9": {"x"}}),
			c.SetBindingStats(ctx, "sw0", map[hwvtep.Binding]hwvtep.BindingStats{
				on(100):                              {PacketsFromLocal: 1 + n, BytesFromLocal: 2, PacketsToLocal: 3, BytesToLocal: 1 << 40},
				on(0):                                {PacketsFromLocal: 5, BytesFromLocal: 6, PacketsToLocal: 7, BytesToLocal: 8},
				{Switch: "sw0", Port: "p9", VLAN: 1}: {PacketsFromLocal: 1},
			}),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := c.PhysicalSwitches()[0].Port("p0").Faults; !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("faults %v", got)
	}
	stats := strings.Join(strings.Fields(db.VTEPCtl(t, "--columns=packets_from_local,bytes_from_local,packets_to_local,bytes_to_local", "-f", "csv", "--no-headings", "list", "Logical_Binding_Stats")), " ")
	if stats != "2,2,3,1099511627776 5,6,7,8" && stats != "5,6,7,8 2,2,3,1099511627776" {
		t.Errorf("counters %q", stats)
	}
	if err := c.SetBindingStats(ctx, "sw0", nil); err != nil {
		t.Fatal(err)
	}
	if got := db.VTEPCtl(t, "list", "Logical_Binding_Stats"); got != "" {
		t.Errorf("left: %s", got)
	}
	if err := c.SetPortFaults(ctx, "sw0", map[string][]string{"p0": nil}); err != nil || len(c.PhysicalSwitches()[0].Port("p0").Faults) > 0 {
		t.Errorf("faults stay: %v", err)
	}
}
