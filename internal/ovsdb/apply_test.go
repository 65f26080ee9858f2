package ovsdb

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
)

func TestApplyMakesAndRemovesExactlyItsRows(t *testing.T) {
	db := testenv.StartOVSDB(t)
	c := connected(t, db)
	if err := c.EnsureSwitch(context.Background(), hwvtep.PhysicalSwitch{Name: "sw0", Ports: []hwvtep.PhysicalPort{{Name: "p0"}}}); err != nil {
		t.Fatal(err)
	}
	before := db.Dump(t)
	want := blue()
	want.Bindings.Add(hwvtep.Binding{Switch: "sw0", Port: "p0", VLAN: 100})
	reach(t, c, want)
	if got := len(db.Rows(t, "Physical_Locator")); got != 3 {
		t.Errorf("%d locators, want 3", got)
	}

	smaller := want.Clone()
	delete(smaller.Mcast, hwvtep.AcceptOnly)
	delete(smaller.Bindings, hwvtep.Binding{Switch: "sw0", Port: "p0", VLAN: 100})
	smaller.Key = hwvtep.NewKey(124)
	reach(t, c, smaller)
	if got := len(db.Rows(t, "Physical_Locator")); got != 2 {
		t.Errorf("%d locators, want 2: nobody uses %v now", got, node2)
	}

	apply(t, c, hwvtep.Diff(smaller, nil))
	if c.LogicalSwitch(want.Name) != nil {
		t.Error("still there after its deletion")
	}
	if after := db.Dump(t); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

func TestApplyTenThousandMACs(t *testing.T) {
	const n = 10000
	db := testenv.StartOVSDB(t)
	c := connected(t, db)
	want := blue()
	for i := range n {
		want.Ucast.Add(hwvtep.Ucast{MAC: mac(100 + i), Locator: remote})
	}
	begin := time.Now()
	reach(t, c, want)
	t.Logf("%d MACs written in %v", n, time.Since(begin))

	begin = time.Now()
	other := connected(t, db)
	shows(t, other, want)
	t.Logf("%d MACs read by a new client in %v", n, time.Since(begin))

	begin = time.Now()
	apply(t, c, hwvtep.Diff(want, nil))
	t.Logf("%d MACs deleted in %v", n, time.Since(begin))
	if rows := db.Rows(t, "Physical_Locator"); len(rows) != 0 {
		t.Errorf("%d locators are left", len(rows))
	}
}

func TestSmallDeltasShareTransactions(t *testing.T) {
	const n = 300
	db := testenv.StartOVSDB(t)
	c := connected(t, db)
	var deltas []hwvtep.Delta
	for i := range n {
		ls := blue()
		ls.Name = fmt.Sprint("landbridge/", i)
		deltas = append(deltas, hwvtep.Diff(nil, ls))
	}
	before := strings.Count(journal(t, db), "OVSDB JSON")
	apply(t, c, deltas...)
	written := strings.Count(journal(t, db), "OVSDB JSON") - before
	t.Logf("%d logical switches in %d transactions", n, written)
	if written > n/5 {
		t.Errorf("%d transactions", written)
	}
}

func TestApplyTellsWhoIsRefused(t *testing.T) {
	db := testenv.StartOVSDB(t)
	c := connected(t, db)
	good, bad, worse := blue(), blue(), blue()
	bad.Name, worse.Name = "landbridge/bad", "landbridge/worse"
	bad.Replication = "odd_node"
	worse.Ucast.Add(hwvtep.Ucast{MAC: ethernet.MAC{1}, Locator: node})
	errs := c.Apply(context.Background(), []hwvtep.Delta{hwvtep.Diff(nil, bad), hwvtep.Diff(nil, good), hwvtep.Diff(nil, worse)})
	if len(errs) != 2 {
		t.Errorf("errors: %v", errs)
	}
	if err := errorIs(errs[bad.Name], "refuses the change", "odd_node"); err != nil {
		t.Error(err)
	}
	if err := errorIs(errs[worse.Name], "no host's"); err != nil {
		t.Error(err)
	}
	if got := c.LogicalSwitch(good.Name); !got.Equal(good) {
		t.Errorf("the good one is %+v", got)
	}
	if got := c.LogicalSwitch(worse.Name); got == nil || got.Ucast.Len() != good.Ucast.Len() {
		t.Errorf("the rest of the one with a bad MAC is %+v", got)
	}
}

func TestVTEPCtlSeesWhatIsWritten(t *testing.T) {
	db := testenv.StartOVSDB(t)
	db.VTEPCtl(t, "add-ps", "sw0", "--", "add-port", "sw0", "p0")
	c := connected(t, db)
	want := blue()
	want.Bindings.Add(hwvtep.Binding{Switch: "sw0", Port: "p0", VLAN: 100})
	reach(t, c, want)
	for command, parts := range map[string][]string{
		"list-ls":                          {want.Name},
		"list-remote-macs landbridge/blue": {"02:00:00:00:00:01 -> vxlan_over_ipv4/10.0.0.11", "02:00:00:00:00:02 -> vxlan_over_ipv4/203.0.113.2", "unknown-dst -> vxlan_over_ipv4/10.0.0.11"},
		"list-bindings sw0 p0":             {"0100 landbridge/blue"},
		"get Logical_Switch landbridge/blue tunnel_key replication_mode description": {"123", "source_node", "blue"},
	} {
		got := db.VTEPCtl(t, strings.Fields(command)...)
		for _, part := range parts {
			if !strings.Contains(got, part) {
				t.Errorf("vtep-ctl %s: no %q in\n%s", command, part, got)
			}
		}
	}
}

// Any way through desired states ends in each of them, with no rows but theirs.
func TestApplyReachesAnyState(t *testing.T) {
	db := testenv.StartOVSDB(t)
	c := connected(t, db)
	for seed := range 60 {
		want := anyState.Example(seed)
		var actual *hwvtep.LogicalSwitch
		if actual = c.LogicalSwitch("landbridge/any"); actual == nil && want == nil {
			continue
		}
		apply(t, c, hwvtep.Diff(actual, want))
		if got := c.LogicalSwitch("landbridge/any"); !got.Equal(want) {
			t.Fatalf("seed %d: got %+v, want %+v", seed, got, want)
		}
	}
	last := c.LogicalSwitch("landbridge/any")
	reader := connected(t, db)
	if last != nil {
		shows(t, reader, last)
		apply(t, c, hwvtep.Diff(last, nil))
	}
	if rows := db.Rows(t, tableLocator); len(rows) > 0 {
		t.Errorf("locators are left: %v", rows)
	}
}

var anyState = rapid.Custom(func(t *rapid.T) *hwvtep.LogicalSwitch {
	if rapid.IntRange(0, 9).Draw(t, "absent") == 0 {
		return nil
	}
	few := rapid.IntRange(0, 3)
	anyKey := func() hwvtep.Key {
		if n := few.Draw(t, "key"); n > 0 {
			return hwvtep.NewKey(uint32(n))
		}
		return hwvtep.Key{}
	}
	ls := hwvtep.NewLogicalSwitch("landbridge/any", anyKey())
	anyLocator := func() hwvtep.Locator { return locator(fmt.Sprintf("10.0.0.%d", few.Draw(t, "address")), anyKey()) }
	for range rapid.IntRange(0, 12).Draw(t, "MACs") {
		ls.Ucast.Add(hwvtep.Ucast{
			MAC: mac(few.Draw(t, "mac")), Locator: anyLocator(),
			Addr: rapid.SampledFrom([]netip.Addr{{}, netip.MustParseAddr("2001:db8::9")}).Draw(t, "ip"),
		})
	}
	for range rapid.IntRange(0, 5).Draw(t, "multicast") {
		ls.AddMcast(rapid.SampledFrom([]string{hwvtep.UnknownDst, hwvtep.AcceptOnly}).Draw(t, "group"), anyLocator())
	}
	return ls
})
