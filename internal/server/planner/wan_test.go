package planner

import (
	"fmt"
	"strings"
	"testing"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
)

func gatewayOf(names ...string) l2gw.Gateway {
	gw := l2gw.Gateway{ID: "g"}
	for _, n := range names {
		gw.Devices = append(gw.Devices, l2gw.Device{Name: n})
	}
	return gw
}

func withDevices(networkID string, names ...string) Input {
	in := base()
	in.NetworkID = networkID
	in.Asked.Gateways["g"] = gatewayOf(names...)
	in.Switches = map[string]Switch{}
	for i, n := range names {
		in.Switches[n] = aSwitch(n, fmt.Sprintf("10.0.1.%d", i+1))
	}
	return in
}

// carriers gives the switches of a plan that have a keyed locator.
func carriers(out Output) []string {
	set := hwvtep.Set[string]{}
	for name, ls := range out.Switches {
		for l := range ls.Locators() {
			if l.WAN() {
				set.Add(name)
			}
		}
	}
	return set.Sorted(strings.Compare)
}

func TestOneDeviceCarriesTheWANSideAndNetworksSpread(t *testing.T) {
	const networks = 600
	names := []string{"sw1", "sw2", "sw3"}
	load := map[string]int{}
	moved := 0
	for i := range networks {
		id := fmt.Sprintf("11111111-0000-0000-0000-%012d", i)
		out := Plan(withDevices(id, names...))
		got := carriers(out)
		if len(got) != 1 || len(out.Switches) != 3 {
			t.Fatalf("network %s: the WAN side is on %v of %d switches, want one of 3", id, got, len(out.Switches))
		}
		if part := out.Parts["rc"]; len(part.Switches) != 1 || part.Switches[0] != got[0] {
			t.Fatalf("the part is on %v, want %v", part.Switches, got)
		}
		load[got[0]]++
		if more := carriers(Plan(withDevices(id, "sw4", "sw3", "sw1", "sw2"))); more[0] != got[0] {
			moved++
			if more[0] != "sw4" {
				t.Fatalf("network %s moved from %s to %s when sw4 came", id, got[0], more[0])
			}
		}
	}
	for _, n := range names {
		if load[n] < networks/3-60 || load[n] > networks/3+60 {
			t.Errorf("networks are not spread: %v", load)
		}
	}
	if moved < networks/4-60 || moved > networks/4+60 {
		t.Errorf("%d networks moved to the fourth switch, want about %d", moved, networks/4)
	}
}

func TestTheWANSideAvoidsDevicesThatCannotCarryIt(t *testing.T) {
	for i := range 20 {
		id := fmt.Sprint("net", i)
		in := withDevices(id, "able", "old", "absent")
		delete(in.Switches, "absent")
		old := in.Switches["old"]
		old.Schema.LocatorKeys = false
		in.Switches["old"] = old
		if got := carriers(Plan(in)); len(got) != 1 || got[0] != "able" {
			t.Fatalf("network %s: %v, want able", id, got)
		}
		delete(in.Switches, "able")
		if got := carriers(Plan(in)); len(got) != 1 || got[0] == "old" {
			t.Fatalf("network %s: %v, want a switch that may be able", id, got)
		}
	}
}

func TestTwoSwitchesToOneRemoteGatewayAreTold(t *testing.T) {
	in := base()
	in.Asked.Gateways["h"] = l2gw.Gateway{ID: "h", Devices: []l2gw.Device{{Name: "other"}}}
	in.Switches["other"] = aSwitch("other", "10.0.0.3")
	in.Asked.Connections = append(in.Asked.Connections, l2gw.Connection{ID: "c2", GatewayID: "h"})
	again := in.Asked.RemoteConnections[0]
	again.ID, again.GatewayID = "rc2", "h"
	in.Asked.RemoteConnections = append(in.Asked.RemoteConnections, again)
	checkProblems(t, Plan(in), map[string]string{"rc": "arrive twice", "rc2": "Switches other, sw"})
}
