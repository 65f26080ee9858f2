package l2gw_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"landbridge/internal/l2gw"
)

// broken is the error that a rule must give; the zero value: none.
type broken struct {
	code l2gw.Code
	kind string
	says []string // words of the message
}

func (b broken) check(t *testing.T, err error) {
	t.Helper()
	if b.kind == "" {
		if err != nil {
			t.Fatalf("refused: %v", err)
		}
		return
	}
	e, ok := errors.AsType[*l2gw.Error](err)
	if !ok {
		t.Fatalf("got %v, want kind %s", err, b.kind)
	}
	if e.Code != b.code || e.Kind != b.kind {
		t.Errorf("got code %d kind %s (%v), want code %d kind %s", e.Code, e.Kind, e, b.code, b.kind)
	}
	for _, word := range b.says {
		if !strings.Contains(e.Message, word) {
			t.Errorf("message %q does not say %q", e.Message, word)
		}
	}
}

func port(name string, vlans ...uint16) l2gw.Interface {
	return l2gw.Interface{Name: name, VLANs: vlans}
}

func gateway(id string, devices ...l2gw.Device) l2gw.Gateway {
	return l2gw.Gateway{ID: id, Devices: devices}
}

func device(name string, ports ...l2gw.Interface) l2gw.Device {
	return l2gw.Device{ID: "id-" + name, Name: name, Interfaces: ports}
}

func connection(gw, network string, vlan ...uint16) l2gw.Connection {
	c := l2gw.Connection{ID: gw + "+" + network, GatewayID: gw, NetworkID: network}
	if len(vlan) > 0 {
		c.VLAN = &vlan[0]
	}
	return c
}

func network(id string, segments ...l2gw.Segment) l2gw.Network {
	return l2gw.Network{ID: id, Segments: segments}
}

func vxlan(id uint32) l2gw.Segment { return l2gw.Segment{Type: l2gw.TypeVXLAN, ID: id} }

func TestInterfaceKind(t *testing.T) {
	mixed := broken{l2gw.Conflict, "L2GatewaySegmentationRequired", []string{"segmentation_id", "eth1", "sw1"}}
	for name, c := range map[string]struct {
		gw   l2gw.Gateway
		kind l2gw.InterfaceKind
		want broken
	}{
		"no interfaces":         {gw: gateway("g", device("sw1")), kind: l2gw.NoInterfaces},
		"untagged":              {gw: gateway("g", device("sw1", port("eth0"), port("eth1"))), kind: l2gw.Untagged},
		"tagged":                {gw: gateway("g", device("sw1", port("eth0", 1), port("eth1", 2, 3))), kind: l2gw.Tagged},
		"one device without":    {gw: gateway("g", device("sw1"), device("sw2", port("eth0", 1))), kind: l2gw.Tagged},
		"mixed on one device":   {gw: gateway("g", device("sw1", port("eth0", 1), port("eth1"))), want: mixed},
		"mixed the other way":   {gw: gateway("g", device("sw1", port("eth0"), port("eth1", 1))), want: mixed},
		"mixed between devices": {gw: gateway("g", device("sw0", port("eth0")), device("sw1", port("eth1", 1))), want: mixed},
	} {
		t.Run(name, func(t *testing.T) {
			kind, err := c.gw.InterfaceKind()
			c.want.check(t, err)
			if err == nil && kind != c.kind {
				t.Errorf("got %s, want %s", kind, c.kind)
			}
		})
	}
}

func TestGatewayWith(t *testing.T) {
	before := gateway("g", device("sw1", port("eth0", 1)), device("sw2", port("eth0", 2)))
	name := "new"
	for _, c := range []struct {
		name   string
		update l2gw.GatewayUpdate
		after  l2gw.Gateway
		want   broken
	}{
		{name: "nothing", after: before},
		{
			name: "rename", update: l2gw.GatewayUpdate{Name: &name},
			after: l2gw.Gateway{ID: "g", Name: "new", Devices: before.Devices},
		},
		{
			name:   "replace one device's interfaces",
			update: l2gw.GatewayUpdate{Devices: []l2gw.Device{{Name: "sw2", Interfaces: []l2gw.Interface{port("eth9", 9)}}}},
			after:  gateway("g", device("sw1", port("eth0", 1)), device("sw2", port("eth9", 9))),
		},
		{
			name: "without interfaces it keeps them", update: l2gw.GatewayUpdate{Devices: []l2gw.Device{{Name: "sw2"}}},
			after: before,
		},
		{
			name:   "an empty list clears them",
			update: l2gw.GatewayUpdate{Devices: []l2gw.Device{{Name: "sw2", Interfaces: []l2gw.Interface{}}}},
			after:  gateway("g", device("sw1", port("eth0", 1)), l2gw.Device{ID: "id-sw2", Name: "sw2", Interfaces: []l2gw.Interface{}}),
		},
		{
			name: "unknown device", update: l2gw.GatewayUpdate{Devices: []l2gw.Device{{Name: "sw3"}}},
			want: broken{l2gw.NotFound, "L2GatewayDeviceNotFound", []string{"device_name", "sw3"}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			after, err := before.With(c.update)
			c.want.check(t, err)
			if diff := cmp.Diff(c.after, after); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(gateway("g", device("sw1", port("eth0", 1)), device("sw2", port("eth0", 2))), before); diff != "" {
				t.Errorf("the gateway before has changed: %s", diff)
			}
		})
	}
}

func TestCheckGatewayUpdate(t *testing.T) {
	none, untagged := gateway("g", device("sw1")), gateway("g", device("sw1", port("eth0")))
	tagged := gateway("g", device("sw1", port("eth0", 7)))
	inUse := broken{l2gw.Conflict, "L2GatewayInUse", []string{"devices", "g+n1"}}
	one := []l2gw.Connection{connection("g", "n1")}
	foreign := []l2gw.Served{{
		Connection: connection("h", "n2"), Gateway: gateway("h", device("sw1", port("eth0", 9))),
	}}
	for name, c := range map[string]struct {
		before, after l2gw.Gateway
		connections   []l2gw.Connection
		others        []l2gw.Served
		want          broken
	}{
		"kind changes, not connected":      {before: none, after: tagged},
		"none to untagged, connected":      {before: none, after: untagged, connections: one, want: inUse},
		"untagged to tagged, connected":    {before: untagged, after: tagged, connections: one, want: inUse},
		"tagged to none, connected":        {before: tagged, after: none, connections: one, want: inUse},
		"same kind, connected":             {before: tagged, after: gateway("g", device("sw1", port("eth0", 8))), connections: one},
		"to mixed":                         {before: none, after: gateway("g", device("sw1", port("a"), port("b", 1))), want: broken{l2gw.Conflict, "L2GatewaySegmentationRequired", nil}},
		"onto another network's VLAN":      {before: tagged, after: gateway("g", device("sw1", port("eth0", 9))), connections: one, others: foreign, want: broken{l2gw.Conflict, "L2GatewayDuplicateSegmentationID", []string{"9", "eth0", "sw1", "n2"}}},
		"onto the VLAN, but not connected": {before: tagged, after: gateway("g", device("sw1", port("eth0", 9))), others: foreign},
	} {
		t.Run(name, func(t *testing.T) {
			c.want.check(t, l2gw.CheckGatewayUpdate(c.before, c.after, c.connections, c.others))
		})
	}
}

func TestCheckConnection(t *testing.T) {
	none, untagged := gateway("g", device("sw1")), gateway("g", device("sw1", port("eth0")))
	tagged := gateway("g", device("sw1", port("eth0", 7)))
	good := network("n1", vxlan(123))
	invalid := broken{l2gw.Invalid, "InvalidInput", []string{"segmentation_id", "g"}}
	unsupported := broken{l2gw.Conflict, "L2GatewayNetworkUnsupported", []string{"network_id n1"}}
	taken := broken{l2gw.Conflict, "L2GatewayDuplicateSegmentationID", []string{"segmentation_id 7", "eth0", "sw1", "n2"}}
	on := func(gw l2gw.Gateway, network string, vlan ...uint16) []l2gw.Served {
		return []l2gw.Served{{Connection: connection(gw.ID, network, vlan...), Gateway: gw}}
	}
	other := func(d ...l2gw.Device) l2gw.Gateway { return gateway("h", d...) }
	for name, c := range map[string]struct {
		gw      l2gw.Gateway
		vlan    []uint16
		network l2gw.Network
		others  []l2gw.Served
		want    broken
	}{
		"gateway without interfaces":           {gw: none, network: good},
		"without interfaces, VLAN given":       {gw: none, vlan: []uint16{5}, network: good},
		"untagged with VLAN":                   {gw: untagged, vlan: []uint16{5}, network: good},
		"untagged with VLAN 0":                 {gw: untagged, vlan: []uint16{0}, network: good},
		"untagged without VLAN":                {gw: untagged, network: good, want: invalid},
		"tagged":                               {gw: tagged, network: good},
		"tagged with VLAN":                     {gw: tagged, vlan: []uint16{5}, network: good, want: invalid},
		"no segment":                           {gw: none, network: network("n1"), want: unsupported},
		"two segments":                         {gw: none, network: network("n1", vxlan(1), vxlan(2)), want: unsupported},
		"VLAN network":                         {gw: none, network: network("n1", l2gw.Segment{Type: l2gw.TypeVLAN, ID: 5}), want: unsupported},
		"GRE network":                          {gw: none, network: network("n1", l2gw.Segment{Type: l2gw.TypeGRE, ID: 5})},
		"body before network":                  {gw: untagged, network: network("n1"), want: invalid},
		"the same again":                       {gw: none, network: good, others: on(none, "n1"), want: broken{l2gw.Conflict, "L2GatewayConnectionExists", []string{"n1", "g"}}},
		"second network, no interfaces":        {gw: none, network: good, others: on(none, "n2")},
		"second network, other VLAN":           {gw: untagged, vlan: []uint16{7}, network: good, others: on(untagged, "n2", 8)},
		"second network, same VLAN":            {gw: untagged, vlan: []uint16{7}, network: good, others: on(untagged, "n2", 7), want: taken},
		"second network on tagged":             {gw: tagged, network: good, others: on(tagged, "n2"), want: taken},
		"other gateway, same port and VLAN":    {gw: tagged, network: good, others: on(other(device("sw1", port("eth0"))), "n2", 7), want: taken},
		"other gateway, same network":          {gw: tagged, network: good, others: on(other(device("sw1", port("eth0", 7))), "n1")},
		"other gateway, other port":            {gw: tagged, network: good, others: on(other(device("sw1", port("eth1", 7))), "n2")},
		"other gateway, same port, other VLAN": {gw: tagged, network: good, others: on(other(device("sw1", port("eth0", 8))), "n2")},
	} {
		t.Run(name, func(t *testing.T) {
			c.want.check(t, l2gw.CheckConnection(connection("g", "n1", c.vlan...), c.gw, c.network, c.others))
		})
	}
}
