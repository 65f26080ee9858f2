package planner

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
)

var tunnelToRemote = hwvtep.Locator{Encapsulation: hwvtep.VXLANOverIPv4, Addr: addr(remote), Key: hwvtep.NewKey(456)}

func change(in *Input, name string, do func(*Switch)) {
	sw := in.Switches[name]
	do(&sw)
	in.Switches[name] = sw
}

// elsewhere gives a network whose WAN side is on the named one of the devices.
func elsewhere(t *testing.T, on string, names ...string) Input {
	t.Helper()
	for i := range 1000 {
		in := withDevices(fmt.Sprint("net", i), names...)
		if got := carriers(Plan(in)); len(got) == 1 && got[0] == on {
			return in
		}
	}
	t.Fatalf("no network has its WAN side on %s", on)
	return Input{}
}

func TestTheWANSideLeavesADeviceThatFails(t *testing.T) {
	for what, fail := range map[string]func(*Switch){
		"its database": func(s *Switch) { s.Lost = "the database is gone." },
		"its tunnel":   func(s *Switch) { s.Ill = "no route to 203.0.113.2" },
	} {
		in := elsewhere(t, "sw1", "sw1", "sw2")
		change(&in, "sw1", fail)
		out := Plan(in)
		if got := carriers(out); len(got) != 1 || got[0] != "sw2" || out.Moving {
			t.Errorf("%s: the WAN side is on %v, moving: %v", what, got, out.Moving)
		}
		checkProblems(t, out, map[string]string{"rc": `Switch "sw2" carries the WAN side in place of "sw1": `})
		if len(out.Switches) != 2 {
			t.Errorf("%s: the fabric side is on %d switches", what, len(out.Switches))
		}
		// Where none is better, it stays.
		change(&in, "sw2", fail)
		if got := carriers(Plan(in)); len(got) != 1 || got[0] != "sw1" {
			t.Errorf("%s: with both failing the WAN side is on %v", what, got)
		}
	}
	in := elsewhere(t, "sw1", "sw1", "sw2")
	change(&in, "sw1", func(s *Switch) { s.Lost = "gone" })
	change(&in, "sw2", func(s *Switch) { s.Ill = "no route" })
	if got := carriers(Plan(in)); got[0] != "sw2" {
		t.Errorf("the WAN side stays at the device that cannot be reached: %v", got)
	}
}

func TestTheOldDeviceGivesTheWANSideUpFirst(t *testing.T) {
	in := elsewhere(t, "sw2", "sw1", "sw2")
	has := func(s *Switch) { s.WAN = hwvtep.SetOf(tunnelToRemote) }
	change(&in, "sw1", has)
	out := Plan(in)
	if got := carriers(out); len(got) != 0 || !out.Moving {
		t.Fatalf("while sw1 has it, it is on %v, moving: %v", got, out.Moving)
	}
	if out.Switches["sw2"].Ucast.Len() != 2 {
		t.Errorf("the MACs behind it: %s", show(out.Switches["sw2"]))
	}
	checkProblems(t, out, map[string]string{"rc": `moves from switch "sw1" to "sw2"`})
	seen := done(out)
	seen.Switches["sw2"] = SwitchState{Actual: out.Switches["sw2"], Confirmed: true}
	checkStatus(t, "rc", Status(out, seen), `PENDING moves from switch`)

	for what, do := range map[string]func(*Input){
		"it has given it up":            func(in *Input) { change(in, "sw1", func(s *Switch) { s.WAN = nil }) },
		"it cannot be reached":          func(in *Input) { change(in, "sw1", func(s *Switch) { s.Lost = "gone" }) },
		"the new one has it already":    func(in *Input) { change(in, "sw2", has) },
		"it has another tunnel instead": func(in *Input) { change(in, "sw1", func(s *Switch) { s.WAN = hwvtep.SetOf(hwvtep.Locator{}) }) },
	} {
		again := in
		again.Switches = map[string]Switch{"sw1": in.Switches["sw1"], "sw2": in.Switches["sw2"]}
		do(&again)
		if out := Plan(again); len(carriers(out)) != 1 || carriers(out)[0] != "sw2" || out.Moving {
			t.Errorf("%s: the WAN side is on %v, moving: %v", what, carriers(out), out.Moving)
		}
	}
}

func TestATunnelOfAnotherGatewayIsNotWaitedFor(t *testing.T) {
	in := elsewhere(t, "sw2", "sw1", "sw2")
	in.Asked.Gateways["h"] = l2gw.Gateway{ID: "h", Devices: []l2gw.Device{{Name: "sw1"}}}
	in.Asked.Connections = append(in.Asked.Connections, l2gw.Connection{ID: "c2", GatewayID: "h"})
	again := in.Asked.RemoteConnections[0]
	again.ID, again.GatewayID = "rc2", "h"
	in.Asked.RemoteConnections = append(in.Asked.RemoteConnections, again)
	change(&in, "sw1", func(s *Switch) { s.WAN = hwvtep.SetOf(tunnelToRemote) })
	if out := Plan(in); out.Moving || len(carriers(out)) != 2 {
		t.Errorf("the WAN side is on %v, moving: %v", carriers(out), out.Moving)
	}
}

func TestDevicesOfOneDatabaseAreTold(t *testing.T) {
	in := elsewhere(t, "sw1", "sw1", "sw2")
	for _, name := range []string{"sw1", "sw2"} {
		change(&in, name, func(s *Switch) { s.Database = "tcp:192.0.2.1:6640" })
	}
	checkProblems(t, Plan(in), map[string]string{"rc": "share the database tcp:192.0.2.1:6640"})
}

// anyGateway draws a gateway of up to five devices, each fine, ill, lost or
// unknown, some with the tunnel already.
func anyGateway(t *rapid.T) Input {
	names := []string{"sw1", "sw2", "sw3", "sw4", "sw5"}[:rapid.IntRange(1, 5).Draw(t, "devices")]
	in := withDevices(rapid.StringN(1, 8, -1).Draw(t, "network"), names...)
	for _, name := range names {
		change(&in, name, func(s *Switch) { anyState(t, s) })
		if rapid.IntRange(0, 9).Draw(t, "unknown") == 0 {
			delete(in.Switches, name)
		}
	}
	return in
}

func anyState(t *rapid.T, s *Switch) {
	s.Lost = rapid.SampledFrom([]string{"", "", "gone"}).Draw(t, "lost")
	s.Ill = rapid.SampledFrom([]string{"", "", "no route"}).Draw(t, "ill")
	s.WAN = nil
	if rapid.Bool().Draw(t, "has it") {
		s.WAN = hwvtep.SetOf(tunnelToRemote)
	}
}

// given makes the inventory what the plan has made of the devices that can be
// reached: one more turn of the world.
func given(in Input, out Output) Input {
	next := in
	next.Switches = map[string]Switch{}
	for name, sw := range in.Switches {
		if sw.Lost == "" {
			sw.WAN = nil
			if out.Switches[name].Locators().Has(tunnelToRemote) {
				sw.WAN = hwvtep.SetOf(tunnelToRemote)
			}
		}
		next.Switches[name] = sw
	}
	return next
}

func TestAtAnyTimeOneDeviceAtMostCarriesTheWANSide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyGateway(t)
		out := Plan(in)
		got := carriers(out)
		if len(got) > 1 || len(got) == 0 != out.Moving {
			t.Fatalf("the WAN side is on %v, moving: %v", got, out.Moving)
		}
		// Of the devices that can be reached none but the carrier has, or is
		// given, the tunnel from then on.
		chosen := out.Parts["rc"].Switches[0]
		for name, sw := range in.Switches {
			if len(got) == 1 && name != chosen && sw.Lost == "" && sw.WAN.Has(tunnelToRemote) && !in.Switches[chosen].WAN.Has(tunnelToRemote) {
				t.Fatalf("%s is given what %s still has", chosen, name)
			}
		}
		settled := Plan(given(in, out))
		if got := carriers(settled); len(got) != 1 || settled.Moving || got[0] != chosen {
			t.Fatalf("one turn later the WAN side is on %v, moving: %v, want %s", got, settled.Moving, chosen)
		}
		// The best there is has been chosen.
		for name, sw := range in.Switches {
			if c := in.Switches[chosen]; sw.Lost == "" && sw.Ill == "" && (c.Lost != "" || c.Ill != "") {
				t.Fatalf("%s carries the WAN side, although %s is fine", chosen, name)
			}
		}
	})
}

func TestAChangeOfOneDeviceMovesOnlyItsNetworks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before := anyGateway(t)
		after := before
		after.Switches = map[string]Switch{}
		for name, sw := range before.Switches {
			after.Switches[name] = sw
		}
		one := rapid.SampledFrom(deviceNames(before.Asked.Gateways["g"])).Draw(t, "one")
		if _, known := after.Switches[one]; known {
			change(&after, one, func(s *Switch) { anyState(t, s) })
		} else {
			after.Switches[one] = aSwitch(one, "10.0.1.99")
		}
		from, to := Plan(before).Parts["rc"].Switches[0], Plan(after).Parts["rc"].Switches[0]
		if from != to && from != one && to != one {
			t.Fatalf("the WAN side moved from %s to %s because of %s", from, to, one)
		}
	})
}

func TestFaultsAgainstTheWANSide(t *testing.T) {
	in := elsewhere(t, "sw1", "sw1", "sw2")
	out := Plan(in)
	fault := func(ls, part string) string {
		return hwvtep.Fault{LogicalSwitch: ls, Part: part, Reason: "no route", Extent: "9 tunnels of a, b"}.String()
	}
	var fabric []hwvtep.Locator
	for l := range out.Switches["sw1"].Locators() {
		if !l.WAN() {
			fabric = append(fabric, l)
		}
	}
	if len(fabric) < 2 {
		t.Fatalf("the network has %d compute nodes", len(fabric))
	}
	all := []string{fault(out.Name, fabric[0].String())}
	for _, l := range fabric[1:] {
		all = append(all, fault(hwvtep.Everywhere, l.End().String()))
	}
	for _, c := range []struct {
		what, device string
		faults       []string
		want         string
	}{
		{"nothing", "sw1", nil, ""},
		{"its tunnel", "sw1", []string{fault(out.Name, tunnelToRemote.String())}, tunnelToRemote.String() + ": no route"},
		{"the tunnels of many networks", "sw1", []string{fault(hwvtep.Everywhere, tunnelToRemote.End().String())}, tunnelToRemote.End().String() + ": no route"},
		{"the tunnel of another network", "sw1", []string{fault("landbridge/other", tunnelToRemote.String())}, ""},
		{"a word of its own", "sw1", []string{"mac_table_exhaustion"}, ""},
		{"one compute node", "sw1", all[:1], ""},
		{"all compute nodes", "sw1", all, "no compute node can be reached, "},
		{"all compute nodes, of one without the WAN side", "sw2", all, ""},
	} {
		if got := out.WANFault(c.device, c.faults); got != c.want && (c.want == "" || !strings.HasPrefix(got, c.want)) {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}
