package l2gw_test

import (
	"net/netip"
	"testing"

	"landbridge/internal/l2gw"
)

func remote(gw, network, to string, key uint32) l2gw.RemoteConnection {
	return l2gw.RemoteConnection{
		ID: gw + "+" + network + ">" + to, GatewayID: gw, NetworkID: network, RemoteGatewayID: to, TunnelKey: key,
	}
}

func TestWithTunnelKey(t *testing.T) {
	unsupported := broken{l2gw.Conflict, "L2GatewayNetworkUnsupported", []string{"network_id n1"}}
	for name, c := range map[string]struct {
		asked   uint32
		network l2gw.Network
		key     uint32
		want    broken
	}{
		"asked for":             {asked: 456, network: network("n1", vxlan(123)), key: 456},
		"the network's own":     {network: network("n1", vxlan(123)), key: 123},
		"asked for, no segment": {asked: 456, network: network("n1"), key: 456},
		"no segment":            {network: network("n1"), want: unsupported},
		"two segments":          {network: network("n1", vxlan(1), vxlan(2)), want: unsupported},
		"largest":               {network: network("n1", vxlan(l2gw.MaxTunnelKey)), key: 16777215},
		"too large": {
			network: network("n1", l2gw.Segment{Type: l2gw.TypeGRE, ID: 1 << 24}),
			want:    broken{l2gw.Conflict, "L2GatewayNetworkUnsupported", []string{"16777216", "give a segmentation_id"}},
		},
		"zero": {network: network("n1", vxlan(0)), want: unsupported},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := remote("g", "n1", "r", c.asked).WithTunnelKey(c.network)
			c.want.check(t, err)
			if err == nil && got.TunnelKey != c.key {
				t.Errorf("got key %d, want %d", got.TunnelKey, c.key)
			}
		})
	}
}

func TestCheckRemoteConnection(t *testing.T) {
	g, sharing, apart := gateway("g", device("sw1")), gateway("h", device("sw0"), device("sw1")), gateway("h", device("sw2"))
	exists := broken{l2gw.Conflict, "L2RemoteGatewayConnectionExists", []string{"n1", "g", "r"}}
	taken := broken{l2gw.Conflict, "L2RemoteGatewayDuplicateSegmentationID", []string{"segmentation_id 456", "r"}}
	for name, c := range map[string]struct {
		other l2gw.RemoteConnection
		on    l2gw.Gateway
		want  broken
	}{
		"same network, same key":                   {remote("g", "n1", "r", 456), g, exists},
		"same network, other key":                  {remote("g", "n1", "r", 9), g, exists},
		"same network to another remote":           {remote("g", "n1", "s", 456), g, broken{}},
		"same network on another gateway":          {remote("h", "n1", "r", 456), apart, broken{}},
		"same network on a gateway beside":         {remote("h", "n1", "r", 456), sharing, broken{}},
		"other network, same key":                  {remote("g", "n2", "r", 456), g, taken},
		"other network, other key":                 {remote("g", "n2", "r", 9), g, broken{}},
		"other network, same key, other remote":    {remote("g", "n2", "s", 456), g, broken{}},
		"other network, same key, other gateway":   {remote("h", "n2", "r", 456), apart, broken{}},
		"other network, same key, sharing gateway": {remote("h", "n2", "r", 456), sharing, taken},
	} {
		t.Run(name, func(t *testing.T) {
			others := []l2gw.RemoteServed{{Connection: c.other, Gateway: c.on}}
			c.want.check(t, l2gw.CheckRemoteConnection(remote("g", "n1", "r", 456), g, others))
		})
	}
}

// Where both rules are broken the answer does not depend on the order.
func TestRemoteConnectionExistsComesFirst(t *testing.T) {
	g := gateway("g", device("sw1"))
	twin := l2gw.RemoteServed{Connection: remote("g", "n1", "r", 9), Gateway: g}
	rival := l2gw.RemoteServed{Connection: remote("g", "n2", "r", 456), Gateway: g}
	for _, others := range [][]l2gw.RemoteServed{{twin, rival}, {rival, twin}} {
		err := l2gw.CheckRemoteConnection(remote("g", "n1", "r", 456), g, others)
		broken{l2gw.Conflict, "L2RemoteGatewayConnectionExists", nil}.check(t, err)
	}
}

func TestCheckRemoteGateway(t *testing.T) {
	a, b := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	others := []l2gw.RemoteGateway{{ID: "x", Addr: a}}
	for name, c := range map[string]struct {
		gw   l2gw.RemoteGateway
		want broken
	}{
		"another address": {gw: l2gw.RemoteGateway{ID: "y", Addr: b}},
		"itself":          {gw: l2gw.RemoteGateway{ID: "x", Addr: a}},
		"the same address": {
			gw:   l2gw.RemoteGateway{ID: "y", Addr: a},
			want: broken{l2gw.Conflict, "L2RemoteGatewayExists", []string{"ipaddr", "192.0.2.1"}},
		},
	} {
		t.Run(name, func(t *testing.T) { c.want.check(t, l2gw.CheckRemoteGateway(c.gw, others)) })
	}
}

func TestCheckRemoteMACs(t *testing.T) {
	mac := l2gw.MAC{2, 0, 0, 0, 0, 1}
	at := func(last byte, connection string) l2gw.RemoteMAC {
		return l2gw.RemoteMAC{MAC: l2gw.MAC{2, 0, 0, 0, 0, last}, RemoteConnectionID: connection}
	}
	others := []l2gw.RemoteMAC{{ID: "x", MAC: mac, RemoteConnectionID: "c"}}
	taken := func(last, connection string) broken {
		return broken{l2gw.Conflict, "L2RemoteMacExists", []string{"02:00:00:00:00:" + last, connection}}
	}
	for name, c := range map[string]struct {
		list []l2gw.RemoteMAC
		want broken
	}{
		"nothing":                  {},
		"another MAC":              {list: []l2gw.RemoteMAC{at(2, "c")}},
		"another connection":       {list: []l2gw.RemoteMAC{at(1, "d")}},
		"one that exists":          {list: []l2gw.RemoteMAC{at(2, "c"), at(1, "c")}, want: taken("01", "c")},
		"one twice":                {list: []l2gw.RemoteMAC{at(2, "d"), at(3, "d"), at(2, "d")}, want: taken("02", "d")},
		"one on three connections": {list: []l2gw.RemoteMAC{at(4, "c"), at(4, "d"), at(4, "e")}},
	} {
		t.Run(name, func(t *testing.T) { c.want.check(t, l2gw.CheckRemoteMACs(c.list, others)) })
	}
}

func TestRemoteGatewayWith(t *testing.T) {
	name, description, addr := "b", "far away", netip.MustParseAddr("::ffff:192.0.2.9")
	before := l2gw.RemoteGateway{ID: "x", Name: "a", Addr: netip.MustParseAddr("192.0.2.1")}
	want := before
	want.Name, want.Description, want.Addr = name, description, netip.MustParseAddr("192.0.2.9")
	if got := before.With(l2gw.RemoteGatewayUpdate{Name: &name, Description: &description, Addr: &addr}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := before.With(l2gw.RemoteGatewayUpdate{}); got != before {
		t.Errorf("an empty update made %+v", got)
	}
}
