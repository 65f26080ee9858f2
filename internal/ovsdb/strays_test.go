package ovsdb

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
)

// strange is a logical switch whose rows the schema takes and hwvtep cannot
// express, made by another client.
func strange(t *testing.T, db *testenv.OVSDB) {
	t.Helper()
	ls := []any{"named-uuid", "ls"}
	named := func(id string) any { return []any{"named-uuid", id} }
	insert := func(table, id string, row testenv.Row) testenv.Row {
		op := testenv.Row{"op": "insert", "table": table, "row": row}
		if id != "" {
			op["uuid-name"] = id
		}
		return op
	}
	ucast := func(mac, locator, ip string) testenv.Row {
		return insert("Ucast_Macs_Remote", "", testenv.Row{"MAC": mac, "logical_switch": ls, "locator": named(locator), "ipaddr": ip})
	}
	mcast := func(mac, set string) testenv.Row {
		return insert("Mcast_Macs_Remote", "", testenv.Row{"MAC": mac, "logical_switch": ls, "locator_set": named(set)})
	}
	locator := func(id, addr string, key int) testenv.Row {
		return insert("Physical_Locator", id, testenv.Row{"encapsulation_type": "vxlan_over_ipv4", "dst_ip": addr, "tunnel_key": key})
	}
	db.Transact(t,
		insert("Logical_Switch", "ls", testenv.Row{"name": "strange", "tunnel_key": 99999999}),
		locator("good", "10.0.0.11", 7), locator("name", "host.example", 7), locator("key", "10.0.0.12", 99999999),
		locator("six", "2001:db8::1", 7),
		insert("Physical_Locator_Set", "mixed", testenv.Row{"locators": []any{"set", []any{named("good"), named("name")}}}),
		insert("Physical_Locator_Set", "bad", testenv.Row{"locators": named("key")}),
		insert("Physical_Locator_Set", "fine", testenv.Row{"locators": named("six")}),
		ucast("02:00:00:00:00:01", "good", ""), ucast("02:00:00:00:00:01", "good", ""), // twice
		ucast("0200.0000.0001", "good", ""),                                           // and in another spelling
		ucast("02:00:00:00:00:01", "six", ""),                                         // at another place: no stray
		ucast("no MAC", "good", ""), ucast("02:00:00:00:00:02", "good", "no address"), //
		ucast("02:00:00:00:00:03", "name", ""), ucast("02:00:00:00:00:04", "key", ""), //
		mcast(hwvtep.UnknownDst, "mixed"), mcast(hwvtep.UnknownDst, "fine"), mcast("group", "bad"), mcast("clean", "fine"),
	)
}

// sense is what hwvtep can express of it.
func sense() *hwvtep.LogicalSwitch {
	good, six := locator("10.0.0.11", hwvtep.NewKey(7)), locator("2001:db8::1", hwvtep.NewKey(7))
	s := hwvtep.NewLogicalSwitch("strange", hwvtep.Key{})
	s.Ucast.Add(hwvtep.Ucast{MAC: mac(1), Locator: good})
	s.Ucast.Add(hwvtep.Ucast{MAC: mac(1), Locator: six})
	s.AddMcast(hwvtep.UnknownDst, good)
	s.AddMcast(hwvtep.UnknownDst, six)
	s.AddMcast("clean", six)
	return s
}

func TestRowsWithoutSenseHideNoOthers(t *testing.T) {
	db := testenv.StartOVSDB(t)
	strange(t, db)
	log := &testLog{}
	c := start(t, Config{Address: db.Unix, Logger: log.logger()})
	shows(t, c, sense())
	if got, want := c.Strays("strange"), 6+2; got != want {
		t.Errorf("%d strays, want %d", got, want)
	}
	db.Kill(t)
	db.Start(t)
	testenv.Eventually(t, soon, "connected again", func() error {
		if strings.Count(log.String(), "connected to the database") < 2 {
			return errorString("not yet")
		}
		return nil
	})
	for _, text := range []string{"no MAC", "no address", "host.example", "tunnel_key 99999999"} {
		// Of the tunnel keys there are two rows.
		if n := strings.Count(log.String(), text); n < 1 || n > 2 {
			t.Errorf("%q is logged %d times:\n%s", text, n, log)
		}
	}
}

func TestApplyRemovesStrays(t *testing.T) {
	db := testenv.StartOVSDB(t)
	strange(t, db)
	c := connected(t, db)
	want := sense()
	apply(t, c, hwvtep.Delta{Name: "strange"})
	if got := c.LogicalSwitch("strange"); !got.Equal(want) || c.Strays("strange") != 0 {
		t.Errorf("%d strays, %+v", c.Strays("strange"), got)
	}
	if u, m := len(db.Rows(t, "Ucast_Macs_Remote")), len(db.Rows(t, "Mcast_Macs_Remote")); u != 2 || m != 2 {
		t.Errorf("%d unicast and %d multicast rows are left, want 2 and 2", u, m)
	}
}

func TestDeletionTakesEverythingAlong(t *testing.T) {
	db := testenv.StartOVSDB(t)
	strange(t, db)
	db.VTEPCtl(t, "add-ps", "sw0", "--", "add-port", "sw0", "p0", "--", "bind-ls", "sw0", "p0", "5", "strange",
		"--", "add-ucast-local", "strange", "02:00:00:00:00:07", "10.0.0.7", "--", "add-mcast-local", "strange", "unknown-dst", "10.0.0.7")
	c := connected(t, db)
	apply(t, c, hwvtep.Delta{Name: "strange", Delete: true})
	for _, table := range []string{tableLogical, tableUcast, tableMcast, tableUcastLocal, tableMcastLocal, tableLocator} {
		if rows := db.Rows(t, table); len(rows) > 0 {
			t.Errorf("%s: %v", table, rows)
		}
	}
}

func TestABindingOfAnotherIsLeftAlone(t *testing.T) {
	db := testenv.StartOVSDB(t)
	db.VTEPCtl(t, "add-ps", "sw0", "--", "add-port", "sw0", "p0", "--", "add-ls", "theirs", "--", "bind-ls", "sw0", "p0", "5", "theirs")
	c := connected(t, db)
	want := blue()
	binding := hwvtep.Binding{Switch: "sw0", Port: "p0", VLAN: 5}
	want.Bindings.Add(binding)
	errs := c.Apply(context.Background(), []hwvtep.Delta{hwvtep.Diff(nil, want)})
	if err := errorIs(errs[want.Name], "VLAN 5", `bound to logical switch "theirs"`); err != nil {
		t.Error(err)
	}
	delete(want.Bindings, binding)
	if got := c.LogicalSwitch(want.Name); !got.Equal(want) {
		t.Errorf("the rest of it is %+v, want %+v", got, want)
	}
}

func TestVLANsChangeHandsInOneApply(t *testing.T) {
	db := testenv.StartOVSDB(t)
	db.VTEPCtl(t, "add-ps", "sw0", "--", "add-port", "sw0", "p0")
	c := connected(t, db)
	var now, next []*hwvtep.LogicalSwitch
	for i := range 2 {
		ls := hwvtep.NewLogicalSwitch(fmt.Sprint("landbridge/", i), hwvtep.NewKey(uint32(i)))
		ls.Bindings.Add(hwvtep.Binding{Switch: "sw0", Port: "p0", VLAN: uint16(5 + i)})
		now = append(now, ls)
		reach(t, c, ls)
		ls = ls.Clone()
		ls.Bindings = hwvtep.SetOf(hwvtep.Binding{Switch: "sw0", Port: "p0", VLAN: uint16(6 - i)})
		next = append(next, ls)
	}
	apply(t, c, hwvtep.Diff(now[0], next[0]), hwvtep.Diff(now[1], next[1]))
	for _, want := range next {
		if got := c.LogicalSwitch(want.Name); !got.Equal(want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}
