package planner

import (
	"slices"
	"strings"
	"testing"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
)

// racks is a gateway of two devices with a port each, the WAN side on sw1.
func racks(t *testing.T) Input {
	t.Helper()
	in := elsewhere(t, "sw1", "sw1", "sw2")
	gw := in.Asked.Gateways["g"]
	for i := range gw.Devices {
		gw.Devices[i].Interfaces = []l2gw.Interface{{Name: "eth1", VLANs: []uint16{7}}}
	}
	return in
}

func learn(in *Input, name string, macs ...int) {
	change(in, name, func(s *Switch) {
		s.Local = nil
		for _, n := range macs {
			s.Local = append(s.Local, l2gw.Host{MAC: mac(n)})
		}
	})
}

// behind gives the locator that a switch has a MAC behind.
func behind(ls *hwvtep.LogicalSwitch, n int) (l hwvtep.Locator) {
	for u := range ls.Ucast.All() {
		if u.MAC == mac(n) {
			l = u.Locator
		}
	}
	return l
}

func tunnelTo(sw Switch) hwvtep.Locator {
	return hwvtep.Locator{Encapsulation: hwvtep.VXLANOverIPv4, Addr: sw.FabricIP()}
}

func TestDevicesWithPortsReachEachOther(t *testing.T) {
	in := racks(t)
	learn(&in, "sw2", 50, 51)
	out := Plan(in)
	one, two := tunnelTo(in.Switches["sw1"]), tunnelTo(in.Switches["sw2"])
	if !out.Switches["sw1"].Mcast[hwvtep.UnknownDst].Has(two) || !out.Switches["sw2"].Mcast[hwvtep.UnknownDst].Has(one) {
		t.Errorf("flooded to:\n%s\n%s", show(out.Switches["sw1"]), show(out.Switches["sw2"]))
	}
	if got := behind(out.Switches["sw1"], 50); got != two {
		t.Errorf("what sw2 has learned is behind %s at sw1", got)
	}
	if got := behind(out.Switches["sw2"], 50); got != (hwvtep.Locator{}) {
		t.Errorf("sw2 is told of its own host, behind %s", got)
	}
	checkProblems(t, out, nil)

	in = elsewhere(t, "sw1", "sw1", "sw2")
	if out := Plan(in); out.Switches["sw1"].Locators().Has(two) {
		t.Error("without ports there is nothing to reach")
	}
}

func TestWhatIsLearnedGivesWay(t *testing.T) {
	in := racks(t)
	learn(&in, "sw1", 51)
	learn(&in, "sw2", 1, 9, 50, 51) // 1 is a port's, 9 an administrator's
	out := Plan(in)
	two := tunnelTo(in.Switches["sw2"])
	for n, want := range map[int]bool{1: false, 9: false, 50: true, 51: false} {
		if got := behind(out.Switches["sw1"], n) == two; got != want {
			t.Errorf("MAC %d is behind sw2: %v", n, got)
		}
	}
	told := map[string][]int{}
	for _, s := range out.Services {
		for name, sw := range in.Switches {
			if sw.FabricIP() == s.Addr {
				for _, h := range s.Hosts {
					told[name] = append(told[name], int(h.MAC[5]))
				}
			}
		}
	}
	if !slices.Equal(told["sw1"], []int{9, 51}) || !slices.Equal(told["sw2"], []int{50}) {
		t.Errorf("compute nodes are told %v", told)
	}
}

// Of two devices that may both carry the WAN side none sends the other anything.
func TestTwoThatMayCarryTheWANSideAreApart(t *testing.T) {
	in := racks(t)
	change(&in, "sw1", func(s *Switch) { s.Lost, s.WAN = "gone", hwvtep.SetOf(tunnelToRemote) })
	learn(&in, "sw1", 50)
	out := Plan(in)
	if got := carriers(out); len(got) != 1 || got[0] != "sw2" {
		t.Fatalf("carried by %v", got)
	}
	for name, other := range map[string]string{"sw1": "sw2", "sw2": "sw1"} {
		if out.Switches[name].Locators().Has(tunnelTo(in.Switches[other])) {
			t.Errorf("%s has a tunnel to %s", name, other)
		}
	}
	if p := out.Problems["c"]; len(p) != 1 || p[0].Fatal || p[0].Pending {
		t.Errorf("problems %v", p)
	}
	if !out.Moving {
		t.Error("it stays so when sw1 has given the WAN side up")
	}
	change(&in, "sw1", func(s *Switch) { s.WAN = nil })
	if out := Plan(in); !out.Switches["sw2"].Locators().Has(tunnelTo(in.Switches["sw1"])) {
		t.Error("one that carries nothing any more is not reached")
	}
}

func TestDevicesThatCannotHaveTunnelsToEachOther(t *testing.T) {
	for says, spoil := range map[string]func(in *Input){
		"they share a database": func(in *Input) {
			for _, name := range []string{"sw1", "sw2"} {
				change(in, name, func(s *Switch) { s.Database = "tcp:a" })
			}
		},
		"does not offer tunnels": func(in *Input) {
			change(in, "sw2", func(s *Switch) { s.Schema.Encapsulations = []hwvtep.Encapsulation{hwvtep.GREOverIPv4} })
		},
		"shows no address":      func(in *Input) { change(in, "sw2", func(s *Switch) { s.TunnelIPs = nil }) },
		"both have the address": func(in *Input) { change(in, "sw2", func(s *Switch) { s.TunnelIPs = in.Switches["sw1"].TunnelIPs }) },
	} {
		in := racks(t)
		spoil(&in)
		out := Plan(in)
		for name, other := range map[string]string{"sw1": "sw2", "sw2": "sw1"} {
			if out.Switches[name].Locators().Has(tunnelTo(in.Switches[other])) {
				t.Errorf("%s: %s has a tunnel to %s", says, name, other)
			}
		}
		if !slices.ContainsFunc(out.Problems["c"], func(p Problem) bool { return contains(p.Reason, "does not reach what is at switch", says) }) {
			t.Errorf("%s: problems %v", says, out.Problems["c"])
		}
	}
}

func contains(text string, words ...string) bool {
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
}

func TestASwitchThatIsSilentMayHaveMore(t *testing.T) {
	in := racks(t)
	change(&in, "sw2", func(s *Switch) { s.Silent = true })
	for _, s := range Plan(in).Services {
		if want := s.Addr == tunnelTo(in.Switches["sw2"]).Addr; s.Partial != want {
			t.Errorf("%s: partial %v", s.Addr, s.Partial)
		}
	}
}
