package store_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"landbridge/internal/ethernet"
	"landbridge/internal/l2gw"
	"landbridge/internal/server/store"
)

const unknownID = "00000000-0000-4000-8000-000000000000"

// world is a store with makers that fail the test where they cannot make.
type world struct {
	t *testing.T
	*store.Store
}

func (on suite) newWorld(t *testing.T) world {
	t.Helper()
	return world{t, open(t, on.New(t).DSN)}
}

func open(t *testing.T, dsn string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func must[T any](t testing.TB, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// network is a VXLAN network that the cloud knows; its ID is its name.
func network(id string, vni uint32) l2gw.Network {
	return l2gw.Network{ID: id, Segments: []l2gw.Segment{{Type: l2gw.TypeVXLAN, ID: vni}}}
}

func device(name string, interfaces ...l2gw.Interface) l2gw.Device {
	return l2gw.Device{Name: name, Interfaces: interfaces}
}

func port(name string, vlans ...uint16) l2gw.Interface {
	return l2gw.Interface{Name: name, VLANs: vlans}
}

func vlan(v uint16) *uint16 { return &v }

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func (w world) gateway(name string, devices ...l2gw.Device) l2gw.Gateway {
	w.t.Helper()
	g, err := w.Gateways().Create(w.t.Context(), l2gw.Gateway{Name: name, ProjectID: "p", Devices: devices})
	return must(w.t, g, err)
}

func (w world) connection(g l2gw.Gateway, networkID string, vlan *uint16) l2gw.Connection {
	w.t.Helper()
	c, err := w.connect(g.ID, networkID, vlan)
	return must(w.t, c, err)
}

func (w world) connect(gatewayID, networkID string, vlan *uint16) (l2gw.Connection, error) {
	v := l2gw.Connection{ProjectID: "p", GatewayID: gatewayID, NetworkID: networkID, VLAN: vlan}
	return w.Connections().Create(w.t.Context(), v, network(networkID, 123))
}

func (w world) remoteGateway(ip string) l2gw.RemoteGateway {
	w.t.Helper()
	g, err := w.RemoteGateways().Create(w.t.Context(), l2gw.RemoteGateway{Name: "to " + ip, ProjectID: "p", Addr: addr(ip)})
	return must(w.t, g, err)
}

func (w world) remoteConnection(g l2gw.Gateway, networkID string, to l2gw.RemoteGateway, key uint32) l2gw.RemoteConnection {
	w.t.Helper()
	c, err := w.connectRemote(g.ID, networkID, to.ID, key)
	return must(w.t, c, err)
}

func (w world) connectRemote(gatewayID, networkID, remoteID string, key uint32) (l2gw.RemoteConnection, error) {
	return w.RemoteConnections().Create(w.t.Context(), l2gw.RemoteConnection{
		ProjectID: "p", GatewayID: gatewayID, NetworkID: networkID, RemoteGatewayID: remoteID, TunnelKey: key, Flood: true,
	}, network(networkID, 123))
}

func (w world) remoteMAC(c l2gw.RemoteConnection, mac string) l2gw.RemoteMAC {
	w.t.Helper()
	m, err := w.RemoteMACs().Create(w.t.Context(), newMAC(c.ID, mac))
	return must(w.t, m, err)
}

func newMAC(connectionID, mac string) l2gw.RemoteMAC {
	return l2gw.RemoteMAC{ProjectID: "p", MAC: ethernet.MustParseMAC(mac), RemoteConnectionID: connectionID}
}

// kindOf is the kind of an l2gw.Error, "" of no error, the words of a fault.
func kindOf(err error) string {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*l2gw.Error](err); ok {
		return e.Kind
	}
	return "fault: " + err.Error()
}

// checkError compares an error with a code, a kind and words of the message.
func checkError(t testing.TB, err error, code l2gw.Code, kind string, says ...string) {
	t.Helper()
	if kindOf(err) != kind || err != nil && l2gw.CodeOf(err) != code {
		t.Fatalf("got %q code %d (%v), want %q code %d", kindOf(err), l2gw.CodeOf(err), err, kind, code)
	}
	for _, word := range says {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("message %q does not say %q", err, word)
		}
	}
}
