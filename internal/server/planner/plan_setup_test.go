package planner

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
)

const (
	net1   = "11111111-0000-0000-0000-000000000001"
	nodeA  = "10.0.0.11"
	nodeB  = "10.0.0.12"
	gwAddr = "10.0.0.2"
	remote = "203.0.113.2"
)

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func mac(i int) l2gw.MAC { return l2gw.MAC{0xfa, 0x16, 0x3e, 0, 0, byte(i)} }

func schema() hwvtep.Schema {
	return hwvtep.Schema{
		Version: "1.7.0", LocatorKeys: true, Replication: true, OtherConfig: true, LogicalConfig: true,
		Encapsulations: hwvtep.Encapsulations(),
	}
}

func aSwitch(name, ip string) Switch {
	return Switch{
		PhysicalSwitch: hwvtep.PhysicalSwitch{
			Name: name, TunnelIPs: []netip.Addr{addr(ip)},
			Ports: []hwvtep.PhysicalPort{{Name: "eth1"}, {Name: "eth2"}},
		},
		Schema: schema(),
	}
}

// base is the state of the specification's picture: two compute nodes, one
// gateway of one device, one remote gateway behind key 456.
func base() Input {
	return Input{
		Owner: "landbridge", NetworkID: net1,
		Site: &l2gw.Site{
			Network: l2gw.Network{ID: net1, Name: "blue", MTU: 1450, Segments: []l2gw.Segment{{Type: l2gw.TypeVXLAN, ID: 123}}},
			Ports: []l2gw.Port{
				{ID: "p1", NetworkID: net1, MAC: mac(1), Addrs: []netip.Addr{addr("192.168.0.11"), addr("192.168.0.12")}, Host: "a1"},
				{ID: "p2", NetworkID: net1, MAC: mac(2), Host: "a2"},
				{ID: "p3", NetworkID: net1, MAC: mac(3)},
			},
			Endpoints: map[string]netip.Addr{"a1": addr(nodeA), "a2": addr(nodeB)},
		},
		Asked: l2gw.Asked{
			Gateways:       map[string]l2gw.Gateway{"g": {ID: "g", Name: "gw", Devices: []l2gw.Device{{ID: "d", Name: "sw"}}}},
			Connections:    []l2gw.Connection{{ID: "c", GatewayID: "g", NetworkID: net1}},
			RemoteGateways: map[string]l2gw.RemoteGateway{"r": {ID: "r", Addr: addr(remote)}},
			RemoteConnections: []l2gw.RemoteConnection{
				{ID: "rc", GatewayID: "g", NetworkID: net1, RemoteGatewayID: "r", TunnelKey: 456, Flood: true, Encapsulation: l2gw.VXLAN},
			},
			RemoteHosts: map[string][]l2gw.Host{"rc": {{MAC: mac(9), Addr: addr("192.168.0.99")}}},
		},
		Switches: map[string]Switch{"sw": aSwitch("sw", gwAddr)},
	}
}

// show writes what a switch must hold as sorted lines, the language of the
// expectations below.
func show(ls *hwvtep.LogicalSwitch) string {
	if ls == nil {
		return "nothing"
	}
	lines := []string{fmt.Sprintf("switch key %s %q %s", ls.Key, ls.Description, ls.Replication)}
	short := func(l hwvtep.Locator) string { return strings.TrimPrefix(l.String(), "vxlan_over_ipv4 ") }
	for _, row := range []struct{ word, mac string }{{"flood", hwvtep.UnknownDst}, {"accept", hwvtep.AcceptOnly}} {
		for _, l := range ls.Mcast[row.mac].Sorted(hwvtep.Locator.Compare) {
			lines = append(lines, row.word+" "+short(l))
		}
	}
	for _, u := range ls.Ucast.Sorted() {
		ip := "-"
		if u.Addr.IsValid() {
			ip = u.Addr.String()
		}
		lines = append(lines, fmt.Sprintf("mac %d %s %s", u.MAC[5], ip, short(u.Locator)))
	}
	config := ls.Config()
	for _, key := range slices.Sorted(maps.Keys(config)) {
		lines = append(lines, strings.TrimPrefix(key, "landbridge-")+" "+config[key])
	}
	for _, b := range ls.Bindings.Sorted(hwvtep.Binding.Compare) {
		lines = append(lines, fmt.Sprintf("bind %s %d", b.Port, b.VLAN))
	}
	return strings.Join(lines, "\n")
}

const (
	fabricRows = `switch key 123 "blue" source_node
flood 10.0.0.11
flood 10.0.0.12
`
	localMACs = `mac 1 192.168.0.11 10.0.0.11
mac 2 - 10.0.0.12`
	wholeRows = `switch key 123 "blue" source_node
flood 10.0.0.11
flood 10.0.0.12
flood 203.0.113.2 key 456
mac 1 192.168.0.11 10.0.0.11
mac 2 - 10.0.0.12
mac 9 192.168.0.99 203.0.113.2 key 456`
	noWANRows = fabricRows + localMACs
)

func vlan(v uint16) *uint16 { return &v }

// withInterfaces changes the gateway's device.
func withInterfaces(in *Input, defaultVLAN *uint16, interfaces ...l2gw.Interface) {
	in.Asked.Gateways["g"].Devices[0].Interfaces = interfaces
	in.Asked.Connections[0].VLAN = defaultVLAN
}

func setRemote(in *Input, ip string) {
	in.Asked.RemoteGateways["r"] = l2gw.RemoteGateway{ID: "r", Addr: addr(ip)}
}

func setSwitch(in *Input, change func(*Switch)) {
	s := in.Switches["sw"]
	change(&s)
	in.Switches["sw"] = s
}

// setPlain gives the switch the schema as it is without Landbridge's values.
func setPlain(in *Input) {
	setSwitch(in, func(s *Switch) { s.Schema.Encapsulations = []hwvtep.Encapsulation{hwvtep.VXLANOverIPv4} })
}
