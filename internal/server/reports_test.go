package server

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
	"landbridge/internal/rpc"
)

func wantedSwitch(network string, key uint32) *hwvtep.LogicalSwitch {
	return hwvtep.NewLogicalSwitch("landbridge/"+network, hwvtep.NewKey(key))
}

// describe writes what a report has put into the queue: "moved sw, status n".
func describe(w work) string {
	var out []string
	for _, part := range []struct {
		word string
		set  hwvtep.Set[string]
	}{{"moved", w.moved}, {"plan", w.plan}, {"reported", w.reported}, {"status", w.status}} {
		if len(part.set) > 0 {
			out = append(out, part.word+" "+strings.Join(part.set.Sorted(strings.Compare), " "))
		}
	}
	if w.absent {
		out = append(out, "absent")
	}
	return strings.Join(out, ", ")
}

// TestReports is what has to be looked at after a second report, by what it
// changes of the first.
func TestReports(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(r *rpc.Report)
		want   string
	}{
		{"nothing", func(*rpc.Report) {}, ""},
		{"an equal logical switch", func(r *rpc.Report) {
			r.Logical["landbridge/n"] = rpc.LogicalReport{Actual: hwvtep.Pack(wantedSwitch("n", 1)), Confirmed: true}
		}, ""},
		{"another logical switch", func(r *rpc.Report) {
			r.Logical["landbridge/n"] = rpc.LogicalReport{Actual: hwvtep.Pack(wantedSwitch("n", 2)), Confirmed: true}
		}, "status n"},
		{"a confirmation", func(r *rpc.Report) {
			r.Logical["landbridge/n"] = rpc.LogicalReport{Actual: hwvtep.Pack(wantedSwitch("n", 1))}
		}, "status n"},
		{"a refusal", func(r *rpc.Report) {
			r.Logical["landbridge/n"] = rpc.LogicalReport{Actual: hwvtep.Pack(wantedSwitch("n", 1)), Confirmed: true, Error: "no"}
		}, "status n"},
		{"a logical switch more", func(r *rpc.Report) { r.Logical["landbridge/m"] = rpc.LogicalReport{} }, "status m"},
		{"a logical switch less", func(r *rpc.Report) { delete(r.Logical, "landbridge/n") }, "status n"},
		{"a MAC at a port", func(r *rpc.Report) {
			l := r.Logical["landbridge/n"]
			l.Local = hwvtep.NewLearned([]hwvtep.LocalMAC{{MAC: l2gw.MAC{2, 0, 0, 0, 0, 1}, At: netip.MustParseAddr("10.0.0.2")}})
			r.Logical["landbridge/n"] = l
		}, "plan n, status n"},
		{"somebody else's logical switch", func(r *rpc.Report) { r.Logical["other/m"] = rpc.LogicalReport{} }, ""},
		{"a fault of a network", func(r *rpc.Report) {
			r.Switches[0].Faults = append(r.Switches[0].Faults, hwvtep.Fault{LogicalSwitch: "landbridge/m", Reason: "x"}.String())
		}, "status m"},
		{"a fault of the switch", func(r *rpc.Report) { r.Switches[0].Faults = append(r.Switches[0].Faults, "lack_resources") }, "reported sw"},
		{"a fault of many networks", func(r *rpc.Report) {
			r.Switches[0].Faults = append(r.Switches[0].Faults, "* | tunnels of the wan to 203.0.113.9 | x | 2 tunnels of a, b")
		}, "reported sw"},
		{"more networks that a fault concerns", func(r *rpc.Report) {
			r.Switches[0].Faults = []string{"* | tunnels of the wan to 203.0.113.2 | x | 3 tunnels of a, b, c"}
		}, ""},
		{"a fault of a port", func(r *rpc.Report) { r.Switches[0].Ports[0].Faults = []string{"down"} }, "reported sw"},
		{"the number of the last change", func(r *rpc.Report) { r.Switches[0].OtherConfig[hwvtep.Done] = "7" }, ""},
		{"a tunnel address", func(r *rpc.Report) {
			r.Switches[0].TunnelIPs = []netip.Addr{netip.MustParseAddr("10.0.0.9")}
		}, "moved sw"},
		{"the address to the fabric", func(r *rpc.Report) { r.Switches[0].OtherConfig[hwvtep.FabricAddr] = "10.0.0.9" }, "moved sw"},
		{"the address to the WAN", func(r *rpc.Report) { r.Switches[0].OtherConfig[hwvtep.WANAddr] = "10.0.0.9" }, "moved sw"},
		{"a port", func(r *rpc.Report) { r.Switches[0].Ports = nil }, "moved sw, reported sw"},
		{"the schema", func(r *rpc.Report) { r.Schema.LocatorKeys = false }, "moved sw"},
		{"the encapsulations", func(r *rpc.Report) { r.Schema.Encapsulations = nil }, "moved sw"},
		{"another switch", func(r *rpc.Report) {
			r.Switches = append(r.Switches, hwvtep.PhysicalSwitch{Name: "sw2"})
		}, "moved sw2, absent"},
		{"no switch", func(r *rpc.Report) { r.Switches = nil }, "moved sw, absent"},
		{"out of reach", func(r *rpc.Report) { *r = rpc.Report{Database: dbAddress, Error: "gone"} }, "reported sw, absent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newReports("landbridge")
			report := func(change func(r *rpc.Report)) work {
				one := aReport("sw", wantedSwitch("n", 1))
				one.Switches[0].Ports = []hwvtep.PhysicalPort{{Name: "eth1"}}
				one.Switches[0].Faults = []string{"* | tunnels of the wan to 203.0.113.2 | x | 2 tunnels of a, b"}
				change(&one)
				w := newWork()
				r.take(one, &w)
				return w
			}
			if got, want := describe(report(func(*rpc.Report) {})), "moved sw, reported sw, absent"; got != want {
				t.Errorf("the first report has looked at %q, want %q", got, want)
			}
			if got := describe(report(c.change)); got != c.want {
				t.Errorf("looked at %q, want %q", got, c.want)
			}
		})
	}
}

func TestASwitchInTwoDatabases(t *testing.T) {
	r := newReports("landbridge")
	at := func() string {
		for _, s := range r.seen("", []string{"sw"}).Switches {
			return fmt.Sprint(s.Database.Address, " ", s.Silent)
		}
		return "nowhere"
	}
	report := func(address, fault string) {
		one := aReport("sw")
		one.Database, one.Error = address, fault
		w := newWork()
		r.take(one, &w)
	}
	stored := func(addresses ...string) {
		var all []hwvtep.Inventory
		for _, a := range addresses {
			all = append(all, hwvtep.Inventory{Database: a, Switches: aReport("sw").Switches})
		}
		r.load(all)
	}
	for _, step := range []struct {
		name string
		do   func()
		want string
	}{
		{"nothing is known", func() {}, "nowhere"},
		{"two are remembered", func() { stored("tcp:b", "tcp:a") }, "tcp:a true"},
		{"one is forgotten", func() { stored("tcp:b") }, "tcp:b true"},
		{"one is reported", func() { report("tcp:c", "") }, "tcp:c false"},
		{"what is reported is not remembered over", func() { stored("tcp:b", "tcp:c") }, "tcp:c false"},
		{"it goes out of reach, and is still better than a memory", func() { report("tcp:c", "gone") }, "tcp:c false"},
		{"another is in use", func() { report("tcp:d", "") }, "tcp:d false"},
		{"both are: the lower address", func() { report("tcp:c", "") }, "tcp:c false"},
	} {
		step.do()
		if got := at(); got != step.want {
			t.Errorf("%s: the switch is at %q, want %q", step.name, got, step.want)
		}
	}
}

func TestInventory(t *testing.T) {
	ls := wantedSwitch("n", 1)
	far := hwvtep.Locator{Encapsulation: hwvtep.VXLANOverIPv4, Addr: netip.MustParseAddr("203.0.113.2"), Key: hwvtep.NewKey(9)}
	near := hwvtep.Locator{Encapsulation: hwvtep.VXLANOverIPv4, Addr: netip.MustParseAddr("10.0.0.11")}
	ls.AddMcast(hwvtep.UnknownDst, far)
	ls.AddMcast(hwvtep.UnknownDst, near)
	report := aReport("sw", ls)
	report.Logical["landbridge/m"] = rpc.LogicalReport{Error: "refused"}
	report.Switches[0].OtherConfig[hwvtep.Done] = "7"
	r := newReports("landbridge")
	w := newWork()
	r.take(report, &w)

	all := r.unsaved()
	if len(all) != 1 {
		t.Fatalf("%d inventories", len(all))
	}
	inv := all[0]
	wantRows := []hwvtep.LogicalRow{{Name: "landbridge/m", Error: "refused"}, {Name: "landbridge/n", Key: hwvtep.NewKey(1), Confirmed: true}}
	if !slices.Equal(inv.Logical, wantRows) || !slices.Equal(inv.Locators, []hwvtep.Locator{near, far}) {
		t.Errorf("inventory %+v", inv)
	}
	if inv.Switches[0].OtherConfig[hwvtep.Done] != "" || report.Switches[0].OtherConfig[hwvtep.Done] != "7" {
		t.Error("the number of the last change must be left out of the inventory, and stay in the report")
	}
	r.saved(inv)
	if again := r.unsaved(); len(again) != 0 {
		t.Errorf("saved, and still unsaved: %+v", again)
	}
	r.take(rpc.Report{Database: dbAddress, Error: "gone"}, &w)
	all = r.unsaved()
	if len(all) != 1 || all[0].Error != "gone" || len(all[0].Switches) != 1 || len(all[0].Locators) != 2 {
		t.Errorf("out of reach: %+v", all)
	}
}
