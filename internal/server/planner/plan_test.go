package planner

import (
	"net/netip"
	"strings"
	"testing"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
)

// TestPlan is a list of named states: what the switch must hold then, and a
// word of each problem by connection.
func TestPlan(t *testing.T) {
	for _, c := range []struct {
		name     string
		change   func(*Input)
		want     string
		problems map[string]string // id → words of the reason, prefixed "!" where fatal
	}{
		{name: "as in the specification", want: wholeRows},
		{
			name:   "no flooding: the locator is accepted only",
			change: func(in *Input) { in.Asked.RemoteConnections[0].Flood = false },
			want:   fabricRows + "accept 203.0.113.2 key 456\n" + localMACs + "\nmac 9 192.168.0.99 203.0.113.2 key 456",
		},
		{
			name:   "the key of the WAN link equals the network's",
			change: func(in *Input) { in.Asked.RemoteConnections[0].TunnelKey = 123 },
			want:   strings.ReplaceAll(wholeRows, "456", "123"),
		},
		{
			name:   "encapsulation unset means vxlan",
			change: func(in *Input) { in.Asked.RemoteConnections[0].Encapsulation = "" },
			want:   wholeRows,
		},
		{
			name:   "no remote connection",
			change: func(in *Input) { in.Asked.RemoteConnections = nil },
			want:   noWANRows,
		},
		{
			name:   "no connection: nothing, and the remote connection says so",
			change: func(in *Input) { in.Asked.Connections = nil },
			want:   "nothing", problems: map[string]string{"rc": "!not connected to gateway g"},
		},
		{
			name:   "the cloud has no such network: nothing remains",
			change: func(in *Input) { in.Site = nil },
			want:   "nothing", problems: map[string]string{"c": "!no network " + net1, "rc": "!no network"},
		},
		{
			name:   "the cloud cannot be asked and never was",
			change: func(in *Input) { in.Site, in.CloudError = nil, "no route." },
			want:   "nothing", problems: map[string]string{"c": "cannot be asked about network " + net1 + ": no route.", "rc": "no route"},
		},
		{
			name:   "the cloud cannot be asked but was",
			change: func(in *Input) { in.CloudError = "no route" },
			want:   wholeRows, problems: map[string]string{"c": "said last is in use", "rc": "no route"},
		},
		{
			name:   "no segment",
			change: func(in *Input) { in.Site.Network.Segments = nil },
			want:   "nothing", problems: map[string]string{"c": "!has no segment", "rc": "!no segment"},
		},
		{
			name:   "a VLAN segment",
			change: func(in *Input) { in.Site.Network.Segments[0].Type = l2gw.TypeVLAN },
			want:   "nothing", problems: map[string]string{"c": "!one segment of type vlan", "rc": "!vlan"},
		},
		{
			name: "two segments",
			change: func(in *Input) {
				in.Site.Network.Segments = append(in.Site.Network.Segments, l2gw.Segment{Type: l2gw.TypeVLAN, ID: 5})
			},
			want: "nothing", problems: map[string]string{"c": "!segments of types vxlan, vlan", "rc": "!vxlan, vlan"},
		},
		{
			name:   "a network that a driver cannot serve",
			change: func(in *Input) { in.Site.Notes = []l2gw.Note{{Fatal: true, Reason: "It is of cheese."}} },
			want:   wholeRows, problems: map[string]string{"c": "!of cheese", "rc": "!of cheese"},
		},
		{
			name:   "a segmentation id out of range",
			change: func(in *Input) { in.Site.Network.Segments[0].ID = 1 << 24 },
			want:   "nothing", problems: map[string]string{"c": "!16777216", "rc": "!16777216"},
		},
		{
			name:   "the gateway is missing",
			change: func(in *Input) { delete(in.Asked.Gateways, "g") },
			want:   "nothing", problems: map[string]string{"c": "!Gateway g does not exist", "rc": "!Gateway g does not exist"},
		},
		{
			name:   "a host without endpoint",
			change: func(in *Input) { delete(in.Site.Endpoints, "a2") },
			want:   strings.NewReplacer("flood 10.0.0.12\n", "", "mac 2 - 10.0.0.12\n", "").Replace(wholeRows), problems: map[string]string{"c": `"a2" hosts 1 ports`},
		},
		{
			name:   "an endpoint that is no host's address",
			change: func(in *Input) { in.Site.Endpoints["a2"] = addr("224.0.0.1") },
			want:   strings.NewReplacer("flood 10.0.0.12\n", "", "mac 2 - 10.0.0.12\n", "").Replace(wholeRows), problems: map[string]string{"c": "224.0.0.1"},
		},
		{
			name:   "an endpoint of IPv6",
			change: func(in *Input) { in.Site.Endpoints["a2"] = addr("fd00::12") },
			want: fabricRows[:len(fabricRows)-len("flood 10.0.0.12\n")] + `flood 203.0.113.2 key 456
flood vxlan_over_ipv6 fd00::12
mac 1 192.168.0.11 10.0.0.11
mac 2 - vxlan_over_ipv6 fd00::12
mac 9 192.168.0.99 203.0.113.2 key 456`,
		},
		{
			name:   "an endpoint of IPv6, and a switch without",
			change: func(in *Input) { in.Site.Endpoints["a2"] = addr("fd00::12"); setPlain(in) },
			want:   strings.NewReplacer("flood 10.0.0.12\n", "", "mac 2 - 10.0.0.12\n", "").Replace(wholeRows), problems: map[string]string{"c": "vxlan_over_ipv6"},
		},
		{
			name:   "an endpoint that is the gateway itself",
			change: func(in *Input) { in.Site.Endpoints["a2"] = addr(gwAddr) },
			want:   strings.NewReplacer("flood 10.0.0.12\n", "", "mac 2 - 10.0.0.12\n", "").Replace(wholeRows), problems: map[string]string{"c": `"a2" has the tunnel address 10.0.0.2`},
		},
		{
			name:   "an endpoint of a host without ports makes no tunnel",
			change: func(in *Input) { in.Site.Endpoints["a9"] = addr("10.0.0.19") },
			want:   wholeRows,
		},
		{
			name:   "two hosts with one endpoint",
			change: func(in *Input) { in.Site.Endpoints["a2"] = addr(nodeA) },
			want:   strings.NewReplacer("flood 10.0.0.12\n", "", "10.0.0.12", "10.0.0.11").Replace(wholeRows),
		},
		{
			name:   "two ports with one MAC: the lower ID wins",
			change: func(in *Input) { in.Site.Ports[1].MAC = mac(1) },
			want:   strings.Replace(wholeRows, "mac 2 - 10.0.0.12\n", "", 1), problems: map[string]string{"c": `claimed twice: by port "p1"`},
		},
		{
			name:   "a port and a remote MAC: the port wins",
			change: func(in *Input) { in.Asked.RemoteHosts["rc"][0].MAC = mac(1) },
			want:   strings.Replace(wholeRows, "\nmac 9 192.168.0.99 203.0.113.2 key 456", "", 1), problems: map[string]string{"rc": `by port "p1"`},
		},
		{
			name:   "a port without host does not claim its MAC",
			change: func(in *Input) { in.Asked.RemoteHosts["rc"][0].MAC = mac(3) },
			want:   strings.Replace(wholeRows, "mac 9", "mac 3", 1),
		},
		{
			name: "MACs that are no host's",
			change: func(in *Input) {
				in.Site.Ports[1].MAC = l2gw.MAC{}
				in.Asked.RemoteHosts["rc"][0].MAC = l2gw.MAC{1, 0, 0x5e, 0, 0, 1}
			},
			want:     fabricRows + "flood 203.0.113.2 key 456\nmac 1 192.168.0.11 10.0.0.11",
			problems: map[string]string{"c": "00:00:00:00:00:00", "rc": "01:00:5e:00:00:01"},
		},
		{
			name: "an IPv4-mapped and a zoned address",
			change: func(in *Input) {
				in.Site.Ports[0].Addrs = []netip.Addr{addr("::ffff:192.168.0.11")}
				in.Site.Ports[1].Addrs = []netip.Addr{addr("fe80::2%eth0")}
				in.Site.Endpoints["a1"] = addr("::ffff:10.0.0.11")
			},
			want: strings.Replace(wholeRows, "mac 2 -", "mac 2 fe80::2", 1),
		},
		{
			name:   "a network name that no column holds",
			change: func(in *Input) { in.Site.Network.Name = "b\x00\xff" },
			want:   strings.Replace(wholeRows, `"blue"`, "\"b\uFFFD\uFFFD\"", 1),
		},
		{
			name: "the remote gateway is missing", change: func(in *Input) { delete(in.Asked.RemoteGateways, "r") },
			want: noWANRows, problems: map[string]string{"rc": "!Remote gateway r does not exist"},
		},
		{
			name: "a remote address of IPv6", change: func(in *Input) { setRemote(in, "fd00::2") },
			want: strings.ReplaceAll(wholeRows, "203.0.113.2", "vxlan_over_ipv6 fd00::2"),
		},
		{
			name: "a remote address of one link", change: func(in *Input) { setRemote(in, "fe80::2") },
			want: noWANRows, problems: map[string]string{"rc": "!fe80::2, which is valid on one link alone"},
		},
		{
			name: "another encapsulation", change: func(in *Input) { in.Asked.RemoteConnections[0].Encapsulation = l2gw.Geneve },
			want: strings.ReplaceAll(wholeRows, "203.0.113.2", "geneve_over_ipv4 203.0.113.2"),
		},
		{
			name: "another encapsulation over IPv6",
			change: func(in *Input) {
				in.Asked.RemoteConnections[0].Encapsulation = l2gw.GRE
				setRemote(in, "fd00::2")
			},
			want: strings.ReplaceAll(wholeRows, "203.0.113.2", "gre_over_ipv6 fd00::2"),
		},
		{
			name: "an encapsulation that the switch lacks",
			change: func(in *Input) {
				in.Asked.RemoteConnections[0].Encapsulation = l2gw.Geneve
				setPlain(in)
			},
			want: noWANRows, problems: map[string]string{"rc": `!does not offer tunnels of kind geneve_over_ipv4; its schema has vxlan_over_ipv4. The remote`},
		},
		{
			name: "a schema that takes any text",
			change: func(in *Input) {
				in.Asked.RemoteConnections[0].Encapsulation = l2gw.Geneve
				setSwitch(in, func(s *Switch) { s.Schema.Encapsulations = nil })
			},
			want: strings.ReplaceAll(wholeRows, "203.0.113.2", "geneve_over_ipv4 203.0.113.2"),
		},
		{
			name: "an encapsulation that nobody knows", change: func(in *Input) { in.Asked.RemoteConnections[0].Encapsulation = "stt" },
			want: noWANRows, problems: map[string]string{"rc": "!stt_over_ipv4 are not supported"},
		},
		{
			name: "a fabric of Geneve over IPv6 and IPv4",
			change: func(in *Input) {
				in.Site.Network.Segments[0].Type = l2gw.TypeGeneve
				in.Site.Endpoints["a1"] = addr("fd00::11")
			},
			want: `switch key 123 "blue" source_node
flood geneve_over_ipv4 10.0.0.12
flood 203.0.113.2 key 456
flood geneve_over_ipv6 fd00::11
mac 1 192.168.0.11 geneve_over_ipv6 fd00::11
mac 2 - geneve_over_ipv4 10.0.0.12
mac 9 192.168.0.99 203.0.113.2 key 456`,
		},
		{
			name: "a filter",
			change: func(in *Input) {
				in.Asked.RemoteConnections[0].Filter = "dhcp,gateway"
				in.Site.Gateways = []netip.Addr{addr("192.168.0.1"), addr("fd00::1"), addr("::ffff:192.168.0.2")}
			},
			want: wholeRows + "\nfilter/vxlan_over_ipv4/203.0.113.2/456 dhcp,gateway\ngateways 192.168.0.1,192.168.0.2,fd00::1",
		},
		{
			name: "a filter without flooding",
			change: func(in *Input) {
				in.Asked.RemoteConnections[0].Filter, in.Asked.RemoteConnections[0].Flood = "ra", false
			},
			want: strings.Replace(wholeRows, "flood 203", "accept 203", 1) + "\nfilter/vxlan_over_ipv4/203.0.113.2/456 ra",
		},
		{
			name: "a filter that the schema has no place for",
			change: func(in *Input) {
				in.Asked.RemoteConnections[0].Filter = "dhcp"
				in.Site.Gateways = []netip.Addr{addr("192.168.0.1")}
				setSwitch(in, func(s *Switch) { s.Schema.LogicalConfig = false })
			},
			want: noWANRows, problems: map[string]string{"rc": "!1.7.0 without Logical_Switch.other_config, which filters (dhcp) need"},
		},
		{
			name: "a filter that nobody knows", change: func(in *Input) { in.Asked.RemoteConnections[0].Filter = "cake" },
			want: noWANRows, problems: map[string]string{"rc": `!filter "cake" is none of`},
		},
		{
			name: "an unusable remote address", change: func(in *Input) { setRemote(in, "0.0.0.0") },
			want: noWANRows, problems: map[string]string{"rc": "!0.0.0.0"},
		},
		{
			name: "the remote address is the switch's own", change: func(in *Input) { setRemote(in, gwAddr) },
			want: noWANRows, problems: map[string]string{"rc": "!own tunnel address"},
		},
		{
			name: "the remote address is the switch's own WAN address",
			change: func(in *Input) {
				setSwitch(in, func(s *Switch) { s.OtherConfig = map[string]string{hwvtep.WANAddr: remote} })
			},
			want: noWANRows, problems: map[string]string{"rc": "!own tunnel address"},
		},
		{
			name: "a key out of range", change: func(in *Input) { in.Asked.RemoteConnections[0].TunnelKey = 1 << 24 },
			want: noWANRows, problems: map[string]string{"rc": "!16777216"},
		},
		{
			name: "key 0", change: func(in *Input) { in.Asked.RemoteConnections[0].TunnelKey = 0 },
			want: noWANRows, problems: map[string]string{"rc": "!outside 1-16777215"},
		},
		{
			name: "the remote gateway is a compute node, with another key",
			change: func(in *Input) {
				setRemote(in, nodeA)
			},
			want: fabricRows[:len(fabricRows)-len("flood 10.0.0.12\n")] + "flood 10.0.0.11 key 456\nflood 10.0.0.12\nmac 1 192.168.0.11 10.0.0.11\nmac 2 - 10.0.0.12\nmac 9 192.168.0.99 10.0.0.11 key 456",
		},
		{
			name: "the remote gateway is a compute node, with the same key",
			change: func(in *Input) {
				setRemote(in, nodeA)
				in.Asked.RemoteConnections[0].TunnelKey = 123
			},
			want: noWANRows, problems: map[string]string{"rc": "!could not be told apart"},
		},
		{
			name: "a schema without tunnel_key",
			change: func(in *Input) {
				setSwitch(in, func(s *Switch) { s.Schema.LocatorKeys, s.Schema.Version = false, "1.3.0" })
			},
			want: noWANRows, problems: map[string]string{"rc": "!version 1.3.0 without Physical_Locator.tunnel_key"},
		},
		{
			name:   "a schema without replication_mode",
			change: func(in *Input) { setSwitch(in, func(s *Switch) { s.Schema.Replication = false }) },
			want:   strings.Replace(wholeRows, "source_node", "", 1),
		},
		{
			name:   "an unknown switch gets its plan: a first contact must not find an empty one",
			change: func(in *Input) { in.Switches = nil },
			want:   wholeRows,
		},
		{
			name:   "a switch without tunnel address",
			change: func(in *Input) { setSwitch(in, func(s *Switch) { s.TunnelIPs = nil }) },
			want:   wholeRows, problems: map[string]string{"c": "!Set tunnel_ips"},
		},
		{
			name:   "a switch with an IPv6 tunnel address",
			change: func(in *Input) { setSwitch(in, func(s *Switch) { s.TunnelIPs = []netip.Addr{addr("fd00::1")} }) },
			want:   wholeRows,
		},
		{
			name: "interfaces with VLANs",
			change: func(in *Input) {
				withInterfaces(in, nil, l2gw.Interface{Name: "eth1", VLANs: []uint16{100, 0}}, l2gw.Interface{Name: "eth2", VLANs: []uint16{100}})
			},
			want: wholeRows + "\nbind eth1 0\nbind eth1 100\nbind eth2 100",
		},
		{
			name:   "interfaces by the connection's VLAN",
			change: func(in *Input) { withInterfaces(in, vlan(7), l2gw.Interface{Name: "eth1"}) },
			want:   wholeRows + "\nbind eth1 7",
		},
		{
			name:   "an interface without any VLAN",
			change: func(in *Input) { withInterfaces(in, nil, l2gw.Interface{Name: "eth1"}) },
			want:   wholeRows, problems: map[string]string{"c": "!has no VLAN"},
		},
		{
			name:   "a VLAN out of range",
			change: func(in *Input) { withInterfaces(in, vlan(4095), l2gw.Interface{Name: "eth1"}) },
			want:   wholeRows, problems: map[string]string{"c": "!VLAN 4095"},
		},
		{
			name:   "an unknown port",
			change: func(in *Input) { withInterfaces(in, vlan(7), l2gw.Interface{Name: "eth9"}) },
			want:   wholeRows, problems: map[string]string{"c": `!no port "eth9"`},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := base()
			if c.change != nil {
				c.change(&in)
			}
			out := Plan(in)
			if got := show(out.Switches["sw"]); got != c.want {
				t.Errorf("the switch must hold\n%s\nwant\n%s", got, c.want)
			}
			checkProblems(t, out, c.problems)
		})
	}
}

// checkProblems wants one problem for each of the named connections, and none
// for others.
func checkProblems(t *testing.T, out Output, want map[string]string) {
	t.Helper()
	for id, words := range want {
		words, wantFatal := strings.CutPrefix(words, "!")
		got := out.Problems[id]
		if len(got) != 1 || !strings.Contains(got[0].Reason, words) || got[0].Fatal != wantFatal {
			t.Errorf("problems of %s are %+v, want one with %q, fatal %v", id, got, words, wantFatal)
		}
	}
	for id, got := range out.Problems {
		if _, ok := want[id]; !ok {
			t.Errorf("unexpected problems of %s: %+v", id, got)
		}
		for _, p := range got {
			if !strings.HasSuffix(p.Reason, ".") {
				t.Errorf("not a sentence: %q", p.Reason)
			}
		}
	}
}
