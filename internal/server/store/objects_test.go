package store_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
)

// reporter is a test, or a run of a property.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
}

// same compares what is kept with what was given: nil is an empty list, and how
// often what a status is of has changed is told by tests of that alone.
func same(t reporter, what string, want, got any) {
	t.Helper()
	diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(l2gw.Status{}, "Asked"), cmpopts.EquateComparable(netip.Addr{}, hwvtep.Key{}))
	if diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func (on suite) TestGatewayIsKept(t *testing.T) {
	w := on.newWorld(t)
	asked := l2gw.Gateway{Name: "it's \\ \"a\" ? gateway; ü", ProjectID: "p1", Standard: l2gw.Standard{Description: "d"}, Devices: []l2gw.Device{
		device("sw2", port("eth9", 4094, 0, 7), port("eth1", 5)), device("sw1"),
	}}
	made := mustGateway(t)(w.Gateways().Create(t.Context(), asked))
	if made.ID == "" || made.Devices[0].ID == "" || made.Devices[0].ID == made.Devices[1].ID {
		t.Errorf("IDs are missing or not unique: %v", made)
	}
	if err := uuid.Validate(made.ID); err != nil {
		t.Error(err)
	}
	if asked.Devices[0].ID != "" {
		t.Error("the caller's devices have been written to")
	}
	want := asked
	want.ID, want.Standard = made.ID, fresh(t, asked.Standard, made.Standard)
	want.Devices = []l2gw.Device{asked.Devices[0], asked.Devices[1]}
	want.Devices[0].ID, want.Devices[1].ID = made.Devices[0].ID, made.Devices[1].ID
	same(t, "made", want, made)
	same(t, "shown", want, mustGateway(t)(w.Gateways().Get(t.Context(), made.ID)))
	same(t, "listed", []l2gw.Gateway{want}, listed(t, w.Gateways()))
}

// fresh checks the standard attributes of a new object, and gives them.
func fresh(t *testing.T, asked, made l2gw.Standard) l2gw.Standard {
	t.Helper()
	want := l2gw.Standard{Description: asked.Description, CreatedAt: made.CreatedAt, UpdatedAt: made.CreatedAt}
	age := time.Since(time.UnixMicro(int64(made.CreatedAt)))
	if made != want || age < 0 || age > time.Minute {
		t.Errorf("standard attributes %+v, %s old; want %+v", made, age, want)
	}
	return made
}

// mustGateway is must for the two results of a call.
func mustGateway(t testing.TB) func(v l2gw.Gateway, err error) l2gw.Gateway {
	return func(v l2gw.Gateway, err error) l2gw.Gateway {
		t.Helper()
		return must(t, v, err)
	}
}

func (on suite) TestGatewayUpdate(t *testing.T) {
	w := on.newWorld(t)
	g := w.gateway("g", device("sw1", port("eth0", 1)), device("sw2", port("eth0", 2)))
	name := "renamed"
	got := mustGateway(t)(w.Gateways().Update(t.Context(), g.ID, l2gw.GatewayUpdate{
		Name: &name, Devices: []l2gw.Device{{Name: "sw1"}, device("sw2", port("eth1", 3, 4))},
	}))
	want := g
	want.Name = name
	want.Revision, want.UpdatedAt = 1, got.UpdatedAt
	want.Devices = []l2gw.Device{g.Devices[0], {ID: g.Devices[1].ID, Name: "sw2", Interfaces: []l2gw.Interface{port("eth1", 3, 4)}}}
	same(t, "updated", want, got)
	same(t, "shown", want, mustGateway(t)(w.Gateways().Get(t.Context(), g.ID)))
	same(t, "nothing to update", want, mustGateway(t)(w.Gateways().Update(t.Context(), g.ID, l2gw.GatewayUpdate{})))
}

func (on suite) TestConnectionStartsPending(t *testing.T) {
	w := on.newWorld(t)
	g := w.gateway("g", device("sw1", port("eth0")))
	c := w.connection(g, "n1", vlan(0))
	if c.Status.State != l2gw.Pending || c.Status.Reason == "" {
		t.Errorf("status %+v, want PENDING with a reason", c.Status)
	}
	if c.VLAN == nil || *c.VLAN != 0 {
		t.Errorf("VLAN %v, want 0", c.VLAN)
	}
	same(t, "listed", []l2gw.Connection{c}, listed(t, w.Connections()))
	r := w.remoteConnection(g, "n1", w.remoteGateway("192.0.2.1"), 0)
	if r.Status.State != l2gw.Pending || r.Status.Reason == "" {
		t.Errorf("status %+v, want PENDING with a reason", r.Status)
	}
	if r.TunnelKey != 123 || r.Encapsulation != l2gw.VXLAN || !r.Flood {
		t.Errorf("got %+v, want the network's key 123, vxlan, flood", r)
	}
	same(t, "listed", []l2gw.RemoteConnection{r}, listed(t, w.RemoteConnections()))
}

func (on suite) TestRemoteConnectionKeepsWhatWasAsked(t *testing.T) {
	w := on.newWorld(t)
	g, to := w.gateway("g", device("sw1")), w.remoteGateway("2001:db8::1")
	w.connection(g, "n1", nil)
	asked := l2gw.RemoteConnection{
		ProjectID: "p", GatewayID: g.ID, NetworkID: "n1", RemoteGatewayID: to.ID,
		TunnelKey: l2gw.MaxTunnelKey, Encapsulation: l2gw.Geneve, Filter: l2gw.NewWANFilter(l2gw.WANFilterWords()...),
	}
	made, err := w.RemoteConnections().Create(t.Context(), asked, network("n1", 5))
	must(t, made, err)
	asked.ID, asked.Status, asked.Standard = made.ID, made.Status, fresh(t, asked.Standard, made.Standard)
	same(t, "made", asked, made)
	shown, err := w.RemoteConnections().Get(t.Context(), made.ID)
	same(t, "shown", asked, must(t, shown, err))
}

func (on suite) TestRemoteGatewayUpdate(t *testing.T) {
	w := on.newWorld(t)
	g := w.remoteGateway("192.0.2.1")
	to, name := addr("2001:db8::2"), "moved"
	got, err := w.RemoteGateways().Update(t.Context(), g.ID, l2gw.RemoteGatewayUpdate{Name: &name, Addr: &to})
	must(t, got, err)
	g.Name, g.Addr = name, to
	g.Revision, g.UpdatedAt = 1, got.UpdatedAt
	same(t, "updated", g, got)
	same(t, "listed", []l2gw.RemoteGateway{g}, listed(t, w.RemoteGateways()))
	w.remoteGateway("192.0.2.1") // its address is free again
}

func (on suite) TestRemoteMACIsKept(t *testing.T) {
	w := on.newWorld(t)
	g := w.gateway("g", device("sw1"))
	w.connection(g, "n1", nil)
	c := w.remoteConnection(g, "n1", w.remoteGateway("192.0.2.1"), 0)
	bare := w.remoteMAC(c, "02:00:00:00:00:01")
	asked := newMAC(c.ID, "02:00:00:00:00:02")
	asked.Addr = addr("2001:db8::5")
	full, err := w.RemoteMACs().Create(t.Context(), asked)
	must(t, full, err)
	asked.ID, asked.Standard = full.ID, fresh(t, asked.Standard, full.Standard)
	same(t, "made", asked, full)
	same(t, "listed", []l2gw.RemoteMAC{bare, full}, listed(t, w.RemoteMACs()))
	if bare.Addr.IsValid() {
		t.Errorf("address %v, want none", bare.Addr)
	}
}

func (on suite) TestListIsInOrderOfCreation(t *testing.T) {
	w := on.newWorld(t)
	var want []string
	for i := range 50 {
		want = append(want, w.gateway(fmt.Sprint(i), device("sw")).ID)
	}
	if err := w.Gateways().Delete(t.Context(), want[7]); err != nil {
		t.Fatal(err)
	}
	want = append(want[:7], want[8:]...)
	name := "changed last"
	mustGateway(t)(w.Gateways().Update(t.Context(), want[3], l2gw.GatewayUpdate{Name: &name}))
	var got []string
	for _, g := range listed(t, w.Gateways()) {
		got = append(got, g.ID)
	}
	same(t, "order", want, got)
}
