package e2e

import (
	"testing"

	"landbridge/internal/lab"
	"landbridge/internal/lab/rest"
)

// statuses asks for what cannot be, and looks whether that is said.
func (w *world) statuses(t *testing.T) {
	t.Cleanup(func() { takeBack(t, w.a) })
	network := w.a.Cloud.Network(lab.Blue).ID
	make := func(k rest.Kind, o rest.Object) string {
		t.Helper()
		made, err := w.a.API.Create(t.Context(), k, o)
		if err != nil {
			t.Fatal(err)
		}
		return made.ID()
	}
	unknown := make(rest.Gateways, rest.Object{"devices": []rest.Object{{"device_name": "no-such-switch"}}})
	shows(t, w.a, rest.Connections,
		make(rest.Connections, rest.Object{"l2_gateway_id": unknown, "network_id": network}),
		"ERROR", "no-such-switch", w.a.Database())

	gateway := make(rest.Gateways, rest.Object{"devices": []rest.Object{{"device_name": w.a.Cloud.Gateway.Name}}})
	connection := make(rest.Connections, rest.Object{"l2_gateway_id": gateway, "network_id": network})
	shows(t, w.a, rest.Connections, connection, "ACTIVE")
	for _, c := range []struct {
		address, encapsulation, status, words string
	}{
		{"203.0.113.2", "geneve", "ACTIVE", ""},
		{"203.0.113.3", "gre", "ACTIVE", ""},
		{w.a.Cloud.Gateway.WAN.Addr().String(), "vxlan", "ERROR", "own tunnel address"},
		{"2001:db8::2", "geneve", "DOWN", "geneve_over_ipv6 2001:db8::2"}, // the gateways have IPv4 alone
		{"203.0.113.77", "vxlan", "ACTIVE", ""},                           // the way there is known, whoever is at its end
	} {
		remote := make(rest.RemoteGateways, rest.Object{"ipaddr": c.address})
		id := make(rest.RemoteConnections, rest.Object{
			"l2_gateway_id": gateway, "network_id": network, "l2_remote_gateway_id": remote, "encapsulation": c.encapsulation,
		})
		shows(t, w.a, rest.RemoteConnections, id, c.status, c.words)
		shows(t, w.a, rest.Connections, connection, "ACTIVE") // the rest is not concerned
	}
}

// unconfirmed makes a connection while the dataplane is away: it is PENDING,
// for as long as nobody carries it out.
func (w *world) unconfirmed(t *testing.T) {
	if err := w.a.Kill(lab.VTEPD); err != nil {
		t.Fatal(err)
	}
	made := w.connect(t)
	shows(t, w.a, rest.RemoteConnections, made["a"].RemoteConnection, "PENDING", w.a.Cloud.Gateway.Name, "not yet confirmed")
	if err := w.a.Start(t.Context(), lab.VTEPD); err != nil {
		t.Fatal(err)
	}
	w.active(t, made)
	w.reach(t, "vm-a1", "vm-b1")
}
