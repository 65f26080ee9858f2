package planner

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
)

func TestASchemaWithoutTheEncapsulation(t *testing.T) {
	in := base()
	setSwitch(&in, func(s *Switch) { s.Schema.Encapsulations = []hwvtep.Encapsulation{"stt_over_ipv4"} })
	out := Plan(in)
	if got, want := show(out.Switches["sw"]), `switch key 123 "blue" source_node`; got != want {
		t.Errorf("the switch must hold\n%s\nwant\n%s", got, want)
	}
	for _, id := range []string{"c", "rc"} {
		if p := out.Problems[id]; len(p) == 0 || !p[0].Fatal || !strings.Contains(p[0].Reason, "its schema has stt_over_ipv4") {
			t.Errorf("problems of %s: %+v", id, p)
		}
	}
}

// TestTheAPIsWordsAreTheSwitches: what the API takes, a plan can say.
func TestTheAPIsWordsAreTheSwitches(t *testing.T) {
	if api, switches := l2gw.WANFilterWords(), hwvtep.FilterWords(); !slices.Equal(api, switches) {
		t.Errorf("filters: %q, and %q", api, switches)
	}
	var values []hwvtep.Encapsulation
	for _, word := range l2gw.Encapsulations() {
		values = append(values, schemaValue(word, addr("10.0.0.1")), schemaValue(word, addr("fd00::1")))
	}
	if all := hwvtep.Encapsulations(); !slices.Equal(values, all) {
		t.Errorf("encapsulations: %q, and %q", values, all)
	}
}

func TestTheWANSideIsOnTheSwitchThatCanHaveAllOfIt(t *testing.T) {
	in := base()
	devices := []l2gw.Device{{Name: "sw"}, {Name: "sw2"}}
	in.Asked.Gateways["g"] = l2gw.Gateway{ID: "g", Devices: devices}
	for _, able := range []string{"sw", "sw2"} {
		for name, lacks := range map[string]func(*hwvtep.Schema){
			"the encapsulation":   func(s *hwvtep.Schema) { s.Encapsulations = []hwvtep.Encapsulation{hwvtep.VXLANOverIPv4} },
			"a place for filters": func(s *hwvtep.Schema) { s.LogicalConfig = false },
		} {
			in.Asked.RemoteConnections[0].Encapsulation, in.Asked.RemoteConnections[0].Filter = l2gw.Geneve, "dhcp"
			for _, d := range devices {
				s := aSwitch(d.Name, "10.0.0.3")
				if d.Name != able {
					lacks(&s.Schema)
				}
				in.Switches[d.Name] = s
			}
			out := Plan(in)
			if got := out.Parts["rc"].Switches; !slices.Equal(got, []string{able}) || len(out.Problems["rc"]) > 0 {
				t.Errorf("where %s alone has %s, it is on %s: %+v", able, name, got, out.Problems["rc"])
			}
		}
	}
}

func TestServicesTellTheFabricAddressesAndWhoIsBehindThem(t *testing.T) {
	in := base()
	in.Asked.Gateways["g"] = l2gw.Gateway{ID: "g", Devices: []l2gw.Device{{Name: "sw"}, {Name: "sw2"}, {Name: "unknown"}}}
	in.Switches["sw2"] = aSwitch("sw2", "10.0.0.3")
	setSwitch(&in, func(s *Switch) { s.OtherConfig = map[string]string{hwvtep.FabricAddr: "10.0.0.9"} })
	got := fmt.Sprint(Plan(in).Services)
	far := []l2gw.Host{{MAC: mac(9), Addr: addr("192.168.0.99")}} // behind the one that carries the WAN side
	if want := fmt.Sprint([]l2gw.Service{{NetworkID: net1, Addr: addr("10.0.0.3"), Hosts: far}, {NetworkID: net1, Addr: addr("10.0.0.9")}}); got != want {
		t.Errorf("services %s, want %s", got, want)
	}
	in.Site = nil
	if got := Plan(in).Services; len(got) != 0 {
		t.Errorf("services of a network that is gone: %v", got)
	}
}

func TestConnectionsTellWhatTheCloudNotes(t *testing.T) {
	in := base()
	in.Site.Notes = []l2gw.Note{{Reason: "Mind the gap."}, {Pending: true, Reason: "Wait."}}
	out := Plan(in)
	for _, id := range []string{"c", "rc"} {
		if got, want := out.Problems[id], []Problem{pending("Wait."), note("Mind the gap.")}; !slices.Equal(got, want) {
			t.Errorf("problems of %s: %+v, want %+v", id, got, want)
		}
	}
	if got := show(out.Switches["sw"]); got != wholeRows {
		t.Errorf("the switch must hold\n%s\nwant\n%s", got, wholeRows)
	}
}

func TestOneGatewayBesideAnotherOnOneSwitch(t *testing.T) {
	in := base()
	in.Asked.Gateways["h"] = l2gw.Gateway{ID: "h", Devices: []l2gw.Device{{Name: "sw", Interfaces: []l2gw.Interface{{Name: "eth2", VLANs: []uint16{9}}}}}}
	in.Asked.Connections = append(in.Asked.Connections, l2gw.Connection{ID: "c2", GatewayID: "h", NetworkID: net1})
	again := in.Asked.RemoteConnections[0]
	again.ID, again.GatewayID, again.Flood = "rc0", "h", false
	in.Asked.RemoteConnections = append(in.Asked.RemoteConnections, again)
	out := Plan(in)
	if got, want := show(out.Switches["sw"]), wholeRows+"\nbind eth2 9"; got != want {
		t.Errorf("the switch must hold\n%s\nwant\n%s", got, want)
	}
	checkProblems(t, out, nil)
}
