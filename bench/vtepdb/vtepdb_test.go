package vtepdb_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"landbridge/bench/vtepdb"
	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
)

const soon = 30 * time.Second

// network is a logical switch with hosts behind two locators.
func network(name string, hosts int) *hwvtep.LogicalSwitch {
	ls := hwvtep.NewLogicalSwitch(name, hwvtep.NewKey(7))
	node := hwvtep.Locator{Encapsulation: hwvtep.VXLANOverIPv4, Addr: netip.MustParseAddr("10.0.0.11")}
	remote := hwvtep.Locator{Encapsulation: hwvtep.VXLANOverIPv4, Addr: netip.MustParseAddr("10.1.0.2"), Key: hwvtep.NewKey(9)}
	ls.AddMcast(hwvtep.UnknownDst, node)
	ls.AddMcast(hwvtep.UnknownDst, remote)
	for i := range hosts {
		u := hwvtep.Ucast{MAC: ethernet.MAC{2, 0, 0, 0, byte(i >> 8), byte(i)}, Locator: remote}
		if i%2 == 0 {
			u.Addr, u.Locator = netip.AddrFrom4([4]byte{192, 168, byte(i >> 8), byte(i)}), node
		}
		ls.Ucast.Add(u)
	}
	return ls
}

func TestFillWritesAllRows(t *testing.T) {
	db := testenv.StartOVSDB(t)
	counted, err := vtepdb.NewCount(db.Unix)
	if err != nil {
		t.Fatal(err)
	}
	defer counted.Close()
	all := slices.Values([]*hwvtep.LogicalSwitch{network("one", 250), network("two", 1), network("three", 0)})
	if err := vtepdb.Fill(db.Unix, all); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), soon)
	defer stop()
	if _, err := counted.Reach(ctx, 251); err != nil {
		t.Error(err)
	}
	for table, want := range map[string]int{
		"Logical_Switch": 3, "Ucast_Macs_Remote": 251, "Mcast_Macs_Remote": 3, "Physical_Locator": 2, "Physical_Locator_Set": 3,
	} {
		if got := len(db.Rows(t, table)); got != want {
			t.Errorf("%d rows of %s, want %d", got, table, want)
		}
	}
	text := db.VTEPCtl(t, "list-remote-macs", "one")
	for _, want := range []string{"02:00:00:00:00:f8 -> vxlan_over_ipv4/10.0.0.11", "02:00:00:00:00:f9 -> vxlan_over_ipv4/10.1.0.2", "unknown-dst -> vxlan_over_ipv4/10.1.0.2"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if err := vtepdb.Fill(db.Unix, slices.Values([]*hwvtep.LogicalSwitch{network("one", 0)})); err == nil {
		t.Error("a name that is taken is written all the same")
	}
}

func TestCountWantsNoRowsBefore(t *testing.T) {
	db := testenv.StartOVSDB(t)
	if err := vtepdb.Fill(db.Unix, slices.Values([]*hwvtep.LogicalSwitch{network("one", 1)})); err != nil {
		t.Fatal(err)
	}
	if _, err := vtepdb.NewCount(db.Unix); err == nil {
		t.Error("rows that were there before would not be counted, and nobody says so")
	}
}

// watched is a database with a switch, and its watch.
func watched(t *testing.T) (*testenv.OVSDB, *vtepdb.Watch) {
	t.Helper()
	db := testenv.StartOVSDB(t)
	db.VTEPCtl(t, "add-ps", "sw")
	w, err := vtepdb.NewWatch(db.Unix)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return db, w
}

// A row is in the maps when the number that was raised after it is confirmed.
func TestWatchTellsRowsFromMaps(t *testing.T) {
	db, w := watched(t)
	ctx, stop := context.WithTimeout(t.Context(), soon)
	defer stop()
	set := func(table, key string, n int) {
		db.VTEPCtl(t, "set", table, map[string]string{"Global": ".", "Physical_Switch": "sw"}[table], fmt.Sprintf("other_config:%s=%d", key, n))
	}
	confirmed := func(what string) bool {
		short, stop := context.WithTimeout(ctx, 100*time.Millisecond)
		defer stop()
		_, err := w.Row(short, what, true)
		return err == nil
	}
	db.VTEPCtl(t, "add-ls", "ls", "--", "add-mcast-remote", "ls", "unknown-dst", "10.0.0.11", "--", "add-ucast-remote", "ls", "02:00:00:00:00:01", "10.0.0.11")
	for _, what := range []string{vtepdb.Flood("ls"), vtepdb.MAC("02:00:00:00:00:01")} {
		if _, err := w.Row(ctx, what, false); err != nil {
			t.Fatal(err)
		}
	}
	set("Physical_Switch", hwvtep.Done, 4)
	set("Global", hwvtep.Wanted, 5)
	if confirmed(vtepdb.Flood("ls")) {
		t.Error("the confirmation of an earlier change counts")
	}
	set("Physical_Switch", hwvtep.Done, 5)
	first, err := w.Row(ctx, vtepdb.MAC("02:00:00:00:00:01"), true)
	if err != nil || first.InMaps.Before(first.There) {
		t.Errorf("%+v, %v", first, err)
	}
	db.VTEPCtl(t, "add-ucast-remote", "ls", "02:00:00:00:00:02", "10.0.0.11")
	if _, err := w.Rows(ctx, 3); err != nil || confirmed(vtepdb.MAC("02:00:00:00:00:02")) {
		t.Errorf("a row that nobody has asked to confirm counts as confirmed, or %v", err)
	}
	db.VTEPCtl(t, "clear-remote-macs", "ls")
	if _, err := w.Rows(ctx, 0); err != nil {
		t.Error(err)
	}
	db.Kill(t)
	if _, err := w.Rows(ctx, 1); err == nil {
		t.Error("a watch of a database that is gone sees rows")
	}
}

func TestWatchTellsTakeovers(t *testing.T) {
	db, w := watched(t)
	ctx, stop := context.WithTimeout(t.Context(), soon)
	defer stop()
	before := w.Claims()
	began := time.Now()
	db.VTEPCtl(t, "set", "Global", ".", "other_config:"+hwvtep.Epoch+"=3")
	at, err := w.Claimed(ctx, before)
	if err != nil || at.Before(began) || w.Claims() != before+1 {
		t.Errorf("claimed at %v, %d claims, %v", at, w.Claims(), err)
	}
}
