package forwarding

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
)

var (
	here    = Local{Fabric: ip("10.0.0.1"), WAN: ip("203.0.113.1"), WAN6: ip("2001:db8:f::1")}
	node1   = locator("10.0.0.11")
	node2   = locator("10.0.0.12")
	remote  = locator("203.0.113.2", 456)
	anyMAC  = ethernet.MustParseMAC("fa:16:3e:00:00:01")
	compare = []cmp.Option{cmpopts.EquateComparable(netip.Addr{}, Endpoint{}, hwvtep.Locator{}), cmpopts.EquateEmpty()}
)

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

func locator(addr string, key ...uint32) hwvtep.Locator {
	l := hwvtep.Locator{Encapsulation: hwvtep.VXLANOverIPv4, Addr: ip(addr)}
	if len(key) > 0 {
		l.Key = hwvtep.NewKey(key[0])
	}
	return l
}

func over(e hwvtep.Encapsulation, addr string) hwvtep.Locator {
	return hwvtep.Locator{Encapsulation: e, Addr: ip(addr), Key: hwvtep.NewKey(456)}
}

func vxlan(addr string, vni uint32) Endpoint {
	return To(hwvtep.VXLANOverIPv4, ip(addr), vni)
}

// logical makes a logical switch with key 123 and lets steps fill it.
func logical(steps ...func(*hwvtep.LogicalSwitch)) *hwvtep.LogicalSwitch {
	ls := hwvtep.NewLogicalSwitch("landbridge/net", hwvtep.NewKey(123))
	for _, step := range steps {
		step(ls)
	}
	return ls
}

func mcast(mac string, ls ...hwvtep.Locator) func(*hwvtep.LogicalSwitch) {
	return func(s *hwvtep.LogicalSwitch) {
		for _, l := range ls {
			s.AddMcast(mac, l)
		}
	}
}

func ucast(mac string, l hwvtep.Locator) func(*hwvtep.LogicalSwitch) {
	return func(s *hwvtep.LogicalSwitch) {
		s.Ucast.Add(hwvtep.Ucast{MAC: ethernet.MustParseMAC(mac), Locator: l})
	}
}

func unkeyed(s *hwvtep.LogicalSwitch) { s.Key = hwvtep.Key{} }

func TestDeriveBorderGateway(t *testing.T) {
	ls := logical(mcast(hwvtep.UnknownDst, node1, node2, remote), ucast(anyMAC.String(), node1))
	got, problems := Derive(ls, here)
	want := Network{
		Name: "landbridge/net",
		Tunnels: map[Endpoint]Tunnel{
			vxlan("10.0.0.11", 123):   {Group: Fabric, Local: here.Fabric, Flood: true},
			vxlan("10.0.0.12", 123):   {Group: Fabric, Local: here.Fabric, Flood: true},
			vxlan("203.0.113.2", 456): {Group: WAN, Local: here.WAN, Flood: true},
		},
		FDB: map[ethernet.MAC]Endpoint{anyMAC: vxlan("10.0.0.11", 123)},
	}
	if diff := cmp.Diff(want, got, compare...); diff != "" || len(problems) > 0 {
		t.Errorf("%s\nproblems: %v", diff, problems)
	}
}

func TestDeriveFloodsToUnknownDstAlone(t *testing.T) {
	accepted, bySpecific, byUnicast := locator("203.0.113.3", 7), locator("203.0.113.4", 7), locator("203.0.113.5", 7)
	ls := logical(
		mcast(hwvtep.UnknownDst, remote),
		mcast(strings.ToUpper(hwvtep.AcceptOnly), accepted),
		mcast("01:00:5e:00:00:fb", bySpecific, remote),
		ucast("fa:16:3e:00:00:01", byUnicast),
	)
	got, problems := Derive(ls, here)
	flooded := map[hwvtep.Locator]bool{}
	for e, tunnel := range got.Tunnels {
		flooded[tunnel.Locator(e)] = tunnel.Flood
	}
	want := map[hwvtep.Locator]bool{remote: true, accepted: false, bySpecific: false, byUnicast: false}
	if diff := cmp.Diff(want, flooded, compare...); diff != "" {
		t.Error(diff)
	}
	if len(problems) != 1 || !strings.Contains(problems[0].Reason, "01:00:5e:00:00:fb") {
		t.Errorf("the specific group must be the one problem: %v", problems)
	}
}

// The two models of vtep(5): one group alone, so that by split horizon tunnels
// exchange frames with physical ports only.
func TestDeriveStandardModels(t *testing.T) {
	for _, c := range []struct {
		name string
		ls   *hwvtep.LogicalSwitch
		want Group
	}{
		{"key per logical switch", logical(mcast(hwvtep.UnknownDst, node1, node2)), Fabric},
		{"key per locator", logical(unkeyed, mcast(hwvtep.UnknownDst, locator("10.0.0.11", 5), locator("10.0.0.12", 6))), WAN},
	} {
		got, problems := Derive(c.ls, here)
		if len(got.Tunnels) != 2 || len(problems) > 0 {
			t.Errorf("%s: %v, %v", c.name, got, problems)
		}
		for e, tunnel := range got.Tunnels {
			if tunnel.Group != c.want {
				t.Errorf("%s: %s is of the %s", c.name, e, tunnel.Group)
			}
		}
	}
}

func TestDeriveSaysWhatItLeavesOut(t *testing.T) {
	foreign := hwvtep.Locator{Encapsulation: "geneve", Addr: ip("203.0.113.9"), Key: hwvtep.NewKey(1)}
	broken := hwvtep.Locator{Encapsulation: hwvtep.VXLANOverIPv4, Key: hwvtep.NewKey(1)}
	for _, c := range []struct {
		name   string
		bad    hwvtep.Locator
		steps  []func(*hwvtep.LogicalSwitch)
		reason string
	}{
		{"missing key", node1, []func(*hwvtep.LogicalSwitch){unkeyed}, "no tunnel_key"},
		{"key too large", locator("203.0.113.9", 1<<24), nil, "16777216 is out of range"},
		{"IPv6", locator("2001:db8::1", 1), nil, "not IPv4"},
		{"IPv4 in IPv6", locator("::ffff:203.0.113.9", 1), nil, "not IPv4"},
		{"no address", broken, nil, "not an IP address"},
		{"IPv4 where IPv6 is said", over(hwvtep.GREOverIPv6, "203.0.113.9"), nil, "not IPv6, as gre_over_ipv6 needs it"},
		{"own address, IPv6", over(hwvtep.VXLANOverIPv6, "2001:db8:f::1"), nil, "own address"},
		{"link-local", over(hwvtep.GeneveOverIPv6, "fe80::1"), nil, "link-local"},
		{"another encapsulation", foreign, nil, `"geneve" is not supported`},
		{"own address, WAN", locator("203.0.113.1", 1), nil, "own address"},
		{"own address, fabric", locator("10.0.0.1"), nil, "own address"},
		{"multicast", locator("239.1.1.1", 1), nil, "not the address of another host"},
		{"unspecified", locator("0.0.0.0", 1), nil, "not the address of another host"},
		{"broadcast", locator("255.255.255.255", 1), nil, "not the address of another host"},
		{"loopback", locator("127.0.0.1", 1), nil, "not the address of another host"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ls := logical(append(c.steps, mcast(hwvtep.UnknownDst, c.bad, remote), ucast("fa:16:3e:00:00:02", c.bad))...)
			got, problems := Derive(ls, here)
			if _, ok := got.Tunnels[vxlan("203.0.113.2", 456)]; !ok || len(got.Tunnels) != 1 || len(got.FDB) != 0 {
				t.Errorf("the rest must work, and nothing else: %+v", got)
			}
			if len(problems) != 1 || problems[0].Locator != c.bad || !strings.Contains(problems[0].Reason, c.reason) {
				t.Errorf("problems %v, want one of %s: %s", problems, c.bad, c.reason)
			}
		})
	}
}

func TestDeriveWithoutAnAddressOfItsOwn(t *testing.T) {
	remote6 := over(hwvtep.GREOverIPv6, "2001:db8:f::2")
	for _, c := range []struct {
		local Local
		bad   hwvtep.Locator
		want  string
	}{
		{Local{Fabric: here.Fabric, WAN6: here.WAN6}, remote, "no IPv4 address that faces the wan"},
		{Local{Fabric: here.Fabric, WAN: here.WAN}, remote6, "no IPv6 address that faces the wan"},
	} {
		got, problems := Derive(logical(mcast(hwvtep.UnknownDst, node1, remote, remote6)), c.local)
		if len(got.Tunnels) != 2 || len(problems) != 1 || problems[0].Locator != c.bad || !strings.Contains(problems[0].Reason, c.want) {
			t.Errorf("%+v, %v", got, problems)
		}
	}
}

// Each encapsulation leads to a tunnel of its own, from the address of its
// family, also where address and key are the same.
func TestDeriveEncapsulations(t *testing.T) {
	var ls []hwvtep.Locator
	want := map[Endpoint]Tunnel{}
	for _, e := range hwvtep.Encapsulations() {
		l, own := over(e, "203.0.113.2"), here.WAN
		if overIPv6(e) {
			l, own = over(e, "2001:db8:f::2"), here.WAN6
		}
		ls = append(ls, l)
		want[To(e, l.Addr, 456)] = Tunnel{Group: WAN, Local: own, Flood: true}
	}
	got, problems := Derive(logical(mcast(hwvtep.UnknownDst, ls...)), here)
	if diff := cmp.Diff(want, got.Tunnels, compare...); diff != "" || len(problems) > 0 {
		t.Errorf("%s\nproblems: %v", diff, problems)
	}
	for _, l := range ls {
		if e := To(l.Encapsulation, l.Addr, 456); got.Tunnels[e].Locator(e) != l {
			t.Errorf("%s came from %s", e, got.Tunnels[e].Locator(e))
		}
	}
}

func TestDeriveKeyZeroIsAKey(t *testing.T) {
	got, problems := Derive(logical(mcast(hwvtep.UnknownDst, locator("203.0.113.2", 0))), here)
	if want := vxlan("203.0.113.2", 0); got.Tunnels[want] != (Tunnel{Group: WAN, Local: here.WAN, Flood: true}) || len(problems) > 0 {
		t.Errorf("%+v, %v", got, problems)
	}
}

func TestDeriveOneTunnelByTwoLocators(t *testing.T) {
	again := locator("10.0.0.11", 123)
	ls := logical(mcast(hwvtep.UnknownDst, again), ucast(anyMAC.String(), node1), ucast("fa:16:3e:00:00:02", again))
	got, problems := Derive(ls, here)
	want := map[Endpoint]Tunnel{vxlan("10.0.0.11", 123): {Group: Fabric, Local: here.Fabric}}
	if diff := cmp.Diff(want, got.Tunnels, compare...); diff != "" || len(got.FDB) != 1 {
		t.Errorf("%s\n%v", diff, got.FDB)
	}
	if len(problems) != 1 || problems[0].Locator != again || !strings.Contains(problems[0].Reason, node1.String()) {
		t.Errorf("problems: %v", problems)
	}
}

func TestDeriveMACs(t *testing.T) {
	ls := logical(
		ucast("fa:16:3e:00:00:01", remote), ucast("fa:16:3e:00:00:01", node1),
		ucast("fa:16:3e:00:00:02", remote), ucast("fa:16:3e:00:00:02", node2),
		ucast("01:00:5e:00:00:01", node1), ucast("00:00:00:00:00:00", node1),
	)
	for _, addr := range []string{"192.0.2.1", "192.0.2.2"} { // one host with two addresses
		ls.Ucast.Add(hwvtep.Ucast{MAC: ethernet.MustParseMAC("fa:16:3e:00:00:03"), Addr: ip(addr), Locator: node2})
	}
	got, problems := Derive(ls, here)
	want := map[ethernet.MAC]Endpoint{
		ethernet.MustParseMAC("fa:16:3e:00:00:01"): vxlan("10.0.0.11", 123),
		ethernet.MustParseMAC("fa:16:3e:00:00:02"): vxlan("10.0.0.12", 123),
		ethernet.MustParseMAC("fa:16:3e:00:00:03"): vxlan("10.0.0.12", 123),
	}
	if diff := cmp.Diff(want, got.FDB, compare...); diff != "" {
		t.Error(diff)
	}
	wantProblems := []Problem{
		{Network: "landbridge/net", Locator: node1, Reason: "no unicast address: 00:00:00:00:00:00 and 1 more"},
		{Network: "landbridge/net", Locator: remote, Reason: "the same address behind two tunnels: fa:16:3e:00:00:01 (used: 10.0.0.11 vni 123) and 1 more"},
	}
	if diff := cmp.Diff(wantProblems, problems, compare...); diff != "" {
		t.Error(diff)
	}
}

func TestDeriveServiceNodes(t *testing.T) {
	serviceNode := func(s *hwvtep.LogicalSwitch) { s.Replication = hwvtep.ServiceNode }
	if _, problems := Derive(logical(serviceNode, mcast(hwvtep.UnknownDst, node1)), here); len(problems) > 0 {
		t.Errorf("one locator: %v", problems)
	}
	_, problems := Derive(logical(serviceNode, mcast(hwvtep.UnknownDst, node1, node2)), here)
	if len(problems) != 1 || !strings.Contains(problems[0].Reason, "service_node") {
		t.Errorf("two locators: %v", problems)
	}
}
