package wire

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/rpc"
)

var update = flag.Bool("update", false, "write the golden files anew")

func anyLocator(t *rapid.T) hwvtep.Locator {
	l := hwvtep.Locator{Encapsulation: hwvtep.VXLANOverIPv4, Addr: netip.AddrFrom4([4]byte{192, 0, 2, rapid.Byte().Draw(t, "addr") % 3})}
	if rapid.Bool().Draw(t, "keyed") {
		l.Key = hwvtep.NewKey(rapid.Uint32Range(0, hwvtep.MaxKey).Draw(t, "key"))
	}
	return l
}

func anySwitch(t *rapid.T, name string) *hwvtep.LogicalSwitch {
	ls := hwvtep.NewLogicalSwitch(name, anyLocator(t).Key)
	ls.Description = rapid.SampledFrom([]string{"", "blue"}).Draw(t, "description")
	ls.Replication = rapid.SampledFrom([]hwvtep.ReplicationMode{"", hwvtep.SourceNode}).Draw(t, "replication")
	for range rapid.IntRange(0, 9).Draw(t, "macs") {
		u := hwvtep.Ucast{MAC: ethernet.MAC{2, 0, 0, 0, 0, rapid.Byte().Draw(t, "mac") % 4}, Locator: anyLocator(t)}
		u.Addr = rapid.SampledFrom([]netip.Addr{{}, netip.MustParseAddr("192.168.0.1"), netip.MustParseAddr("2001:db8::1")}).Draw(t, "address")
		ls.Ucast.Add(u)
	}
	for range rapid.IntRange(0, 3).Draw(t, "groups") {
		ls.AddMcast(rapid.SampledFrom([]string{hwvtep.UnknownDst, hwvtep.AcceptOnly}).Draw(t, "group"), anyLocator(t))
	}
	for range rapid.IntRange(0, 2).Draw(t, "bindings") {
		ls.Bindings.Add(hwvtep.Binding{Switch: "sw", Port: "p", VLAN: rapid.Uint16Range(0, maxVLAN).Draw(t, "vlan")})
	}
	if rapid.Bool().Draw(t, "filtered") {
		ls.SetFilter(anyLocator(t), hwvtep.FilterDHCP|hwvtep.FilterRA)
	}
	if rapid.Bool().Draw(t, "routed") {
		ls.Gateways = hwvtep.SetOf(netip.MustParseAddr("192.168.0.1"), netip.MustParseAddr("2001:db8::1"))
	}
	if rapid.Bool().Draw(t, "overridden") {
		ls.Overrides = hwvtep.Overrides{FloodRate: hwvtep.NewLimit(0), MACLimit: hwvtep.NewLimit(7)}
	}
	return ls
}

func anyPlan(t *rapid.T) rpc.Plan {
	p := rpc.Plan{Epoch: "e", Revision: 7, Full: rapid.Bool().Draw(t, "full"), Switches: map[string]map[string]hwvtep.Packed{}}
	for i := range rapid.IntRange(0, 4).Draw(t, "logical switches") {
		device, name := fmt.Sprint("sw", i%2), fmt.Sprint("landbridge/", i)
		if p.Switches[device] == nil {
			p.Switches[device] = map[string]hwvtep.Packed{}
		}
		p.Switches[device][name] = hwvtep.Packed{}
		if rapid.Bool().Draw(t, "there") {
			p.Switches[device][name] = hwvtep.Pack(anySwitch(t, name))
		}
	}
	return p
}

// over is what comes out at the other end.
func over[T any](t interface{ Fatal(...any) }, v T) (out T) {
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func joinPlan(parts ...PlanPart) (rpc.Plan, error) {
	var j PlanJoin
	for _, part := range parts {
		if err := j.Add(part); err != nil {
			return rpc.Plan{}, err
		}
	}
	return j.Plan(), nil
}

func joinReport(was map[string]rpc.LogicalReport, parts ...ReportPart) (rpc.Report, error) {
	j := NewReportJoin(parts[0], was)
	for _, part := range parts {
		if err := j.Add(part); err != nil {
			return rpc.Report{}, err
		}
	}
	return j.Report(), nil
}

var equal = cmp.Options{
	cmp.Comparer(func(a, b hwvtep.Packed) bool { return a == b }),
	cmp.Comparer(func(a, b hwvtep.Learned) bool { return a == b }),
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
}

func TestPlansComeOverWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, most := anyPlan(t), rapid.IntRange(1, 6).Draw(t, "most")
		var parts []PlanPart
		for part := range PlanParts(p, most) {
			parts = append(parts, over(t, part))
		}
		for i, part := range parts {
			if part.More != (i < len(parts)-1) {
				t.Fatalf("part %d of %d says more: %v", i, len(parts), part.More)
			}
			rows := 0
			for _, piece := range part.Pieces {
				if piece.Row != nil {
					for _, u := range piece.Row.Unicast {
						rows += len(u.Hosts)
					}
				}
			}
			if rows > most {
				t.Fatalf("part %d has %d rows, at most %d", i, rows, most)
			}
		}
		got, err := joinPlan(parts...)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p, got, equal); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestReportsComeOverWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var was, held map[string]rpc.LogicalReport
		for number := range uint64(3) {
			r := rpc.Report{Database: "tcp:a", Logical: map[string]rpc.LogicalReport{}, Error: rapid.SampledFrom([]string{"", "gone"}).Draw(t, "error")}
			r.Schema = hwvtep.Schema{Version: "1.7.0", LocatorKeys: true, Encapsulations: []hwvtep.Encapsulation{hwvtep.VXLANOverIPv4}}
			r.Switches = []hwvtep.PhysicalSwitch{{
				Name: "sw", TunnelIPs: []netip.Addr{netip.MustParseAddr("10.0.0.1")}, Faults: []string{"f"},
				Ports: []hwvtep.PhysicalPort{{Name: "p", Faults: []string{"down"}}}, OtherConfig: map[string]string{"k": "v"},
			}}
			for _, name := range []string{"landbridge/a", "landbridge/b", "landbridge/c"} {
				before, had := was[name]
				switch {
				case had && rapid.Bool().Draw(t, "the same"):
					r.Logical[name] = before
				case rapid.Bool().Draw(t, "there"):
					l := rpc.LogicalReport{Confirmed: rapid.Bool().Draw(t, "confirmed")}
					if rapid.Bool().Draw(t, "held") {
						l.Actual = hwvtep.Pack(anySwitch(t, name))
					}
					var rows []hwvtep.LocalMAC
					for _, n := range rapid.SliceOfN(rapid.ByteRange(1, 9), 0, 5).Draw(t, "local") {
						rows = append(rows, hwvtep.LocalMAC{MAC: ethernet.MAC{2, 0, 0, 0, 0, n}, At: netip.AddrFrom4([4]byte{10, 0, 0, n % 2})})
					}
					l.Local = hwvtep.NewLearned(rows)
					r.Logical[name] = l
				}
			}
			var parts []ReportPart
			for part := range ReportParts(r, was, number, number+1, rapid.IntRange(1, 6).Draw(t, "most")) {
				parts = append(parts, over(t, part))
			}
			got, err := joinReport(held, parts...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(r, got, equal); diff != "" {
				t.Fatal(diff)
			}
			was, held = r.Logical, got.Logical
		}
	})
}

// A report tells the difference only.
func TestReportsTellWhatHasChanged(t *testing.T) {
	was := map[string]rpc.LogicalReport{"a": {Actual: hwvtep.Pack(hwvtep.NewLogicalSwitch("a", hwvtep.Key{}))}, "b": {Error: "x"}, "c": {}}
	now := map[string]rpc.LogicalReport{"a": was["a"], "b": {Error: "y"}}
	parts := slices.Collect(ReportParts(rpc.Report{Database: "d", Logical: now}, was, 1, 2, MostRows))
	if len(parts) != 1 || len(parts[0].Logical) != 1 || parts[0].Logical[0].Name != "b" || !slices.Equal(parts[0].Gone, []string{"c"}) {
		t.Errorf("parts %+v", parts)
	}
}

func sample() (rpc.Plan, rpc.Report) {
	ls := hwvtep.NewLogicalSwitch("landbridge/n", hwvtep.NewKey(123))
	ls.Description, ls.Replication = "blue", hwvtep.SourceNode
	node := hwvtep.Locator{Encapsulation: hwvtep.VXLANOverIPv4, Addr: netip.MustParseAddr("10.0.0.11")}
	remote := hwvtep.Locator{Encapsulation: hwvtep.VXLANOverIPv4, Addr: netip.MustParseAddr("203.0.113.2"), Key: hwvtep.NewKey(0)}
	ls.AddMcast(hwvtep.UnknownDst, node)
	ls.AddMcast(hwvtep.UnknownDst, remote)
	ls.Bindings.Add(hwvtep.Binding{Switch: "sw", Port: "p", VLAN: 7})
	ls.SetFilter(remote, hwvtep.FilterDHCP)
	ls.Gateways, ls.Overrides.MACLimit = hwvtep.SetOf(netip.MustParseAddr("192.168.0.254")), hwvtep.NewLimit(5)
	for i, addr := range []string{"192.168.0.1", "2001:db8::1", ""} {
		u := hwvtep.Ucast{MAC: ethernet.MAC{2, 0, 0, 0, 0, byte(i)}, Locator: []hwvtep.Locator{node, remote, node}[i]}
		if addr != "" {
			u.Addr = netip.MustParseAddr(addr)
		}
		ls.Ucast.Add(u)
	}
	p := rpc.Plan{Epoch: "EPOCH", Revision: 42, Full: true, Switches: map[string]map[string]hwvtep.Packed{
		"sw": {"landbridge/n": hwvtep.Pack(ls), "landbridge/gone": {}},
	}}
	r := rpc.Report{
		Database: "tcp:192.0.2.1:6640", Schema: hwvtep.Schema{
			Version: "1.7.0", LocatorKeys: true, Encapsulations: []hwvtep.Encapsulation{hwvtep.VXLANOverIPv4}, Replication: true, OtherConfig: true, LogicalConfig: true,
		},
		Switches: []hwvtep.PhysicalSwitch{{
			Name: "sw", Description: "d", TunnelIPs: []netip.Addr{netip.MustParseAddr("10.0.0.1")}, Faults: []string{"hot"},
			Ports: []hwvtep.PhysicalPort{{Name: "p", Description: "pd", Faults: []string{"down"}}}, OtherConfig: map[string]string{hwvtep.Done: "3"},
		}},
		Logical: map[string]rpc.LogicalReport{
			"landbridge/n": {Actual: hwvtep.Pack(ls), Confirmed: true, Local: hwvtep.NewLearned([]hwvtep.LocalMAC{{
				MAC: ethernet.MAC{2, 0, 0, 0, 0, 9}, At: netip.MustParseAddr("10.0.0.1"),
			}})}, "landbridge/full": {Error: "no room"},
		},
	}
	return p, r
}

func TestGolden(t *testing.T) {
	p, r := sample()
	was := map[string]rpc.LogicalReport{"landbridge/gone": {}}
	for name, parts := range map[string]any{
		"plan":           slices.Collect(PlanParts(p, 2)),
		"report":         slices.Collect(ReportParts(r, nil, 0, 1, 2)),
		"report-changed": slices.Collect(ReportParts(r, was, 1, 2, MostRows)),
		"beat":           rpc.Beat{Host: "h", Run: "r", Version: "v", Started: 5, Databases: []string{"tcp:a", "tcp:b"}, Switches: []string{"sw"}, Away: []string{"tcp:b"}},
		"orders":         rpc.Orders{Term: 3, Serve: []rpc.Assignment{{Database: "tcp:a", Epoch: 9}}, Plan: rpc.Since{Epoch: "EPOCH", Revision: 42}},
		"notice":         rpc.Notice{Method: rpc.PortChanged, NetworkID: "n", Epoch: "EPOCH", Revision: 42},
	} {
		got, err := json.MarshalIndent(parts, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		file := "testdata/" + name + ".json"
		if *update {
			if err := os.WriteFile(file, append(got, '\n'), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(bytes.TrimSpace(want)), string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}

// What a neighbouring release adds is passed over.
func TestUnknownFieldsArePassedOver(t *testing.T) {
	var part PlanPart
	text := `{"epoch":"e","revision":1,"full":true,"later":{},"pieces":[{"switch":"s","logical_switch":"n","later":1,"row":{"later":[]}}]}`
	if err := json.Unmarshal([]byte(text), &part); err != nil {
		t.Fatal(err)
	}
	p, err := joinPlan(part)
	if err != nil || !p.Full || p.Switches["s"]["n"] != hwvtep.Pack(hwvtep.NewLogicalSwitch("n", hwvtep.Key{})) {
		t.Errorf("plan %+v, %v", p, err)
	}
}

// A new field of what goes over has to have a place here.
func TestEveryFieldGoesOver(t *testing.T) {
	for of, want := range map[reflect.Type]int{
		reflect.TypeFor[hwvtep.LogicalSwitch]():  10,
		reflect.TypeFor[hwvtep.Overrides]():      3,
		reflect.TypeFor[hwvtep.Ucast]():          3,
		reflect.TypeFor[hwvtep.PhysicalSwitch](): 6,
		reflect.TypeFor[hwvtep.Locator]():        3,
		reflect.TypeFor[rpc.Report]():            5,
		reflect.TypeFor[rpc.LogicalReport]():     4,
		reflect.TypeFor[rpc.Plan]():              4,
	} {
		if got := of.NumField(); got != want {
			t.Errorf("%v has %d fields, and %d go over", of, got, want)
		}
	}
}

func TestBadParts(t *testing.T) {
	for text, says := range map[string]string{
		`{"pieces":[{"switch":"s","logical_switch":"n","row":{"tunnel_key":16777216}}]}`:                           `switch "s", logical switch "n": tunnel_key: 16777216: must be at most 16777215`,
		`{"pieces":[{"switch":"s","row":{"vlan_bindings":[{"vlan":4096}]}}]}`:                                      `switch "s", logical switch "": vlan: 4096: must be at most 4095`,
		`{"pieces":[{"switch":"s","row":{"ucast":[{"dst_ip":"10.0.0.1","hosts":["x"]}]}}]}`:                        `switch "s", logical switch "": hosts: "x": must be MAC or MAC;IP: "x" is not a MAC address`,
		`{"pieces":[{"switch":"s","row":{"mcast":[{"mac":"unknown-dst","locators":[{"tunnel_key":16777216}]}]}}]}`: `switch "s", logical switch "": tunnel_key: 16777216: must be at most 16777215`,
	} {
		var part PlanPart
		if err := json.Unmarshal([]byte(text), &part); err != nil {
			t.Fatal(err)
		}
		if _, err := joinPlan(part); err == nil || err.Error() != says {
			t.Errorf("%s: %v, want %s", text, err, says)
		}
	}
	bad := ReportPart{Database: "d", Logical: []ReportPiece{{Name: "n", Local: []Local{{MACs: []string{"x"}}}}}}
	if _, err := joinReport(nil, bad); err == nil || err.Error() != `database d, logical switch "n": local: "x" is not a MAC address` {
		t.Errorf("a local MAC that is none: %v", err)
	}
	if _, err := joinPlan(PlanPart{Revision: 1}, PlanPart{Revision: 2}); err == nil {
		t.Error("parts of two plans fit together")
	}
	if _, err := joinReport(nil, ReportPart{Number: 1}, ReportPart{Number: 2}); err == nil {
		t.Error("parts of two reports fit together")
	}
}

func FuzzPlanPart(f *testing.F) {
	p, _ := sample()
	for part := range PlanParts(p, 2) {
		text, err := json.Marshal(part)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var part PlanPart
		if json.Unmarshal(text, &part) != nil {
			return
		}
		p, err := joinPlan(part)
		if err != nil {
			return
		}
		again, err := joinPlan(slices.Collect(PlanParts(p, MostRows))...)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p, again, equal); diff != "" {
			t.Fatal(diff)
		}
	})
}

func FuzzReportPart(f *testing.F) {
	_, r := sample()
	for part := range ReportParts(r, nil, 0, 1, 2) {
		text, err := json.Marshal(part)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var part ReportPart
		if json.Unmarshal(text, &part) != nil {
			return
		}
		r, err := joinReport(nil, part)
		if err != nil {
			return
		}
		again, err := joinReport(nil, slices.Collect(ReportParts(r, nil, part.Base, part.Number, MostRows))...)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r.Logical, again.Logical, equal); diff != "" {
			t.Fatal(diff)
		}
	})
}
