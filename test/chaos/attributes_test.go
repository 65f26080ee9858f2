package chaos

import (
	"context"
	"fmt"

	"landbridge/internal/lab/controlplane"
	"landbridge/internal/lab/rest"
)

// attributes gives what is asked for with a new object: one, or each of a bulk.
// It is not ok where there is nothing for it to stand on.
func (c *client) attributes(ctx context.Context, o *object) (list []rest.Object, ok bool) {
	on, ok := c.standsOn(ctx, o.op)
	if !ok {
		return nil, false
	}
	switch o.op.kind {
	case rest.Gateways:
		o.asked, o.attribute, o.value = gateway(o.op), "name", fmt.Sprint("gateway ", o.op.number)
	case rest.Connections:
		o.asked = connection(o.op, on[0])
	case rest.RemoteGateways:
		o.asked, o.attribute, o.value = rest.Object{}, "ipaddr", address(o.op)
	case rest.RemoteConnections:
		o.asked = remoteConnection(o.op, on[0], on[1])
	case rest.RemoteMACs:
		return o.macs(on[0].ids[0]), true
	}
	if o.attribute != "" {
		o.asked[o.attribute] = o.value
	}
	o.asked["description"] = o.tag
	return []rest.Object{o.asked}, true
}

// standsOn gives the objects that a new one refers to.
func (c *client) standsOn(ctx context.Context, o op) (on []*object, ok bool) {
	kinds := map[rest.Kind][]rest.Kind{
		rest.Connections: {rest.Gateways}, rest.RemoteConnections: {rest.Connections, rest.RemoteGateways}, rest.RemoteMACs: {rest.RemoteConnections},
	}[o.kind]
	for i, kind := range kinds {
		target := c.known(ctx, o, kind, o.on[i])
		if target == nil {
			return nil, false
		}
		on = append(on, target)
	}
	return on, true
}

// withPort tells whether a gateway has bare metal ports: its connections then
// say by which VLAN.
func withPort(place int) bool { return place%3 == 0 }

func gateway(o op) rest.Object {
	var devices []any
	for _, i := range o.devices {
		device := map[string]any{"device_name": controlplane.SwitchName(i)}
		if withPort(o.place) {
			device["interfaces"] = []any{map[string]any{"name": controlplane.Port}}
		}
		devices = append(devices, device)
	}
	return rest.Object{"devices": devices}
}

func connection(o op, gateway *object) rest.Object {
	c := rest.Object{"l2_gateway_id": gateway.ids[0], "network_id": controlplane.NetworkID(o.network)}
	if withPort(gateway.op.place) {
		c["segmentation_id"] = 100 + o.place
	}
	return c
}

// address is that of a remote gateway, of which no other has it at any time.
func address(o op) string {
	return fmt.Sprint("203.0.113.", 1+o.place+places[rest.RemoteGateways]*o.value)
}

func remoteConnection(o op, connection, remote *object) rest.Object {
	return rest.Object{
		"l2_gateway_id": connection.asked["l2_gateway_id"], "network_id": connection.asked["network_id"],
		"l2_remote_gateway_id": remote.ids[0], "segmentation_id": 5000 + o.place + 100*o.value, "flood": o.value%2 == 0,
		"encapsulation": []string{"vxlan", "geneve"}[o.value%2],
	}
}

// macs gives the remote MACs of a place, of which there are no others in the
// walk.
func (o *object) macs(connection string) (list []rest.Object) {
	for i := range max(o.op.many, 1) {
		list = append(list, rest.Object{
			"mac":            fmt.Sprintf("02:%02x:%02x:%02x:%02x:%02x", o.op.number>>16&255, o.op.number>>8&255, o.op.number&255, i>>8, i&255),
			"rgw_connection": connection, "description": o.tag,
		})
	}
	o.asked = list[0]
	return list
}

// changed gives the value that an update sets.
func changed(target *object, o op) string {
	if target.attribute == "ipaddr" {
		return address(o)
	}
	return fmt.Sprint("gateway, changed by ", o.number)
}
