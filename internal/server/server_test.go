package server

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/rpc"
)

// planned waits until the whole plan has a logical switch on sw that satisfies
// ok, and gives it. A nil one is shown to ok too.
func (w *world) planned(network, what string, ok func(ls *hwvtep.LogicalSwitch) bool) *hwvtep.LogicalSwitch {
	w.t.Helper()
	var ls *hwvtep.LogicalSwitch
	testenv.Eventually(w.t, soon, what, func() error {
		p, err := w.server.Plan(context.Background(), []string{"sw"}, rpc.Since{})
		if err != nil {
			return err
		}
		if ls = p.Switches["sw"]["landbridge/"+network].Unpack(); !ok(ls) {
			return fmt.Errorf("the plan has %+v", ls)
		}
		return nil
	})
	return ls
}

func there(ls *hwvtep.LogicalSwitch) bool  { return ls != nil }
func absent(ls *hwvtep.LogicalSwitch) bool { return ls == nil }

func floods(addr string, key uint32) func(*hwvtep.LogicalSwitch) bool {
	l := hwvtep.Locator{Encapsulation: hwvtep.VXLANOverIPv4, Addr: netip.MustParseAddr(addr), Key: hwvtep.NewKey(key)}
	return func(ls *hwvtep.LogicalSwitch) bool { return ls != nil && ls.Mcast[hwvtep.UnknownDst].Has(l) }
}

func not(f func(*hwvtep.LogicalSwitch) bool) func(*hwvtep.LogicalSwitch) bool {
	return func(ls *hwvtep.LogicalSwitch) bool { return ls != nil && !f(ls) }
}

func (w *world) report(r rpc.Report) {
	w.t.Helper()
	if err := w.server.Report(context.Background(), r); err != nil {
		w.t.Fatal(err)
	}
}

// shows waits for the statuses of a connection and a remote connection, as
// "STATE words".
func (w *world) shows(s stretched, conn, rc string) {
	w.t.Helper()
	ctx := context.Background()
	match := func(got l2gw.Status, want string) error {
		state, words, _ := strings.Cut(want, " ")
		if string(got.State) != state || !strings.Contains(got.Reason, words) {
			return fmt.Errorf("status %s %q, want %q", got.State, got.Reason, want)
		}
		return nil
	}
	testenv.Eventually(w.t, soon, "the statuses", func() error {
		c, err := w.server.Connections().Get(ctx, s.conn.ID)
		if err != nil {
			return err
		}
		if rc == "" {
			return match(c.Status, conn)
		}
		r, err := w.server.RemoteConnections().Get(ctx, s.rc.ID)
		return errors.Join(err, match(c.Status, conn), match(r.Status, rc))
	})
}

func TestFromTheAPIToThePlanAndBack(t *testing.T) {
	w := newWorld(t).run()
	w.report(aReport("sw"))
	s := w.stretch(blue, "sw", "203.0.113.2", 456)
	w.shows(s, "PENDING rows are not yet", "PENDING rows are not yet")
	ls := w.planned(blue, "the remote locator", floods("203.0.113.2", 456))
	if ls.Key != hwvtep.NewKey(123) || ls.Ucast.Len() != 1 {
		t.Errorf("the plan has %+v", ls)
	}

	w.report(aReport("sw", ls))
	w.shows(s, "ACTIVE", "ACTIVE")
	unconfirmed := aReport("sw", ls)
	unconfirmed.Logical[ls.Name] = rpc.LogicalReport{Actual: hwvtep.Pack(ls)}
	w.report(unconfirmed)
	w.shows(s, "PENDING not yet confirmed", "PENDING not yet confirmed")
	faulty := aReport("sw", ls)
	faulty.Switches[0].Faults = []string{hwvtep.Fault{LogicalSwitch: ls.Name, Reason: "no link"}.String()}
	w.report(faulty)
	w.shows(s, "DOWN no link", "DOWN no link")
	w.report(rpc.Report{Database: dbAddress, Error: "connection refused"})
	w.shows(s, "DOWN "+dbAddress, "DOWN connection refused")
	if got := w.planned(blue, "the plan of a switch out of reach", there); !got.Equal(ls) {
		t.Errorf("the plan has changed to %+v", got)
	}
	w.report(aReport("sw", ls))
	w.shows(s, "ACTIVE", "ACTIVE")
}

func TestEveryKindOfChangeReachesThePlan(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t).run()
	s := w.stretch(blue, "sw", "203.0.113.2", 456)
	w.planned(blue, "the remote locator", floods("203.0.113.2", 456))

	m := must[l2gw.RemoteMAC](t)(w.server.RemoteMACs().Create(ctx, l2gw.RemoteMAC{MAC: l2gw.MAC{2, 0, 0, 0, 0, 9}, RemoteConnectionID: s.rc.ID}))
	w.planned(blue, "the remote MAC", func(ls *hwvtep.LogicalSwitch) bool { return ls != nil && ls.Ucast.Len() == 2 })
	if err := w.server.RemoteMACs().Delete(ctx, m.ID); err != nil {
		t.Fatal(err)
	}
	w.planned(blue, "no remote MAC", func(ls *hwvtep.LogicalSwitch) bool { return ls != nil && ls.Ucast.Len() == 1 })

	next := netip.MustParseAddr("203.0.113.3")
	must[l2gw.RemoteGateway](t)(w.server.RemoteGateways().Update(ctx, s.remote.ID, l2gw.RemoteGatewayUpdate{Addr: &next}))
	w.planned(blue, "the moved locator", floods("203.0.113.3", 456))
	w.planned(blue, "no old locator", not(floods("203.0.113.2", 456)))

	w.cloud.change(func(c *fakeCloud) { c.sites[blue] = aSite(blue, 777) }, blue)
	w.planned(blue, "the new segmentation id", func(ls *hwvtep.LogicalSwitch) bool { return ls != nil && ls.Key == hwvtep.NewKey(777) })

	moved := aReport("sw")
	moved.Switches[0].TunnelIPs = []netip.Addr{netip.MustParseAddr("10.0.0.11")} // the compute node's
	w.report(moved)
	w.planned(blue, "a plan that follows the inventory", func(ls *hwvtep.LogicalSwitch) bool { return ls != nil && ls.Ucast.Len() == 0 })

	if err := w.server.RemoteConnections().Delete(ctx, s.rc.ID); err != nil {
		t.Fatal(err)
	}
	w.planned(blue, "no remote locator", not(floods("203.0.113.3", 456)))
	if err := w.server.Connections().Delete(ctx, s.conn.ID); err != nil {
		t.Fatal(err)
	}
	w.planned(blue, "nothing", absent)
	if err := w.server.Gateways().Delete(ctx, s.gw.ID); err != nil {
		t.Fatal(err)
	}
}

func TestAGatewaysUpdateIsPlanned(t *testing.T) {
	w := newWorld(t).run()
	ctx := context.Background()
	vlan := func(n uint16) []l2gw.Device {
		return []l2gw.Device{{Name: "sw", Interfaces: []l2gw.Interface{{Name: "eth1", VLANs: []uint16{n}}}}}
	}
	gw := must[l2gw.Gateway](t)(w.server.Gateways().Create(ctx, l2gw.Gateway{Devices: vlan(5)}))
	must[l2gw.Connection](t)(w.server.Connections().Create(ctx, l2gw.Connection{GatewayID: gw.ID, NetworkID: blue}))
	has := func(n uint16) func(*hwvtep.LogicalSwitch) bool {
		return func(ls *hwvtep.LogicalSwitch) bool {
			return ls != nil && ls.Bindings.Has(hwvtep.Binding{Switch: "sw", Port: "eth1", VLAN: n})
		}
	}
	w.planned(blue, "VLAN 5", has(5))
	must[l2gw.Gateway](t)(w.server.Gateways().Update(ctx, gw.ID, l2gw.GatewayUpdate{Devices: vlan(6)}))
	w.planned(blue, "VLAN 6", has(6))
}

func TestErrorsOfTheCloudReachTheAPI(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	for _, c := range []struct {
		name    string
		network string
		down    error
		want    l2gw.Code
	}{
		{"an unknown network", "22222222-0000-0000-0000-000000000000", nil, l2gw.NotFound},
		{"a cloud out of reach", blue, l2gw.Errorf(l2gw.Unavailable, "ServiceUnavailable", "no route"), l2gw.Unavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.cloud.down = c.down
			if _, err := w.server.Connections().Create(ctx, l2gw.Connection{NetworkID: c.network}); l2gw.CodeOf(err) != c.want {
				t.Errorf("connection: %v, want code %v", err, c.want)
			}
			if _, err := w.server.RemoteConnections().Create(ctx, l2gw.RemoteConnection{NetworkID: c.network}); l2gw.CodeOf(err) != c.want {
				t.Errorf("remote connection: %v, want code %v", err, c.want)
			}
		})
	}
	for name, err := range map[string]error{
		"connection":        w.server.Connections().Delete(ctx, blue),
		"remote connection": w.server.RemoteConnections().Delete(ctx, blue),
		"remote MAC":        w.server.RemoteMACs().Delete(ctx, blue),
	} {
		if l2gw.CodeOf(err) != l2gw.NotFound {
			t.Errorf("delete of an unknown %s: %v", name, err)
		}
	}
	if len(w.server.queue.wait.plan) > 0 {
		t.Errorf("failed changes have networks planned: %v", w.server.queue.wait.plan)
	}
}

func TestTheNetworkIsGone(t *testing.T) {
	w := newWorld(t).run()
	w.report(aReport("sw"))
	s := w.stretch(blue, "sw", "203.0.113.2", 456)
	w.planned(blue, "the remote locator", floods("203.0.113.2", 456))
	w.cloud.change(func(c *fakeCloud) { delete(c.sites, blue) }, blue)
	w.planned(blue, "nothing: the id may be another network's soon", absent)
	w.shows(s, "ERROR no network", "ERROR no network")
	w.cloud.change(func(c *fakeCloud) { c.sites[blue] = aSite(blue, 9) }, blue)
	w.planned(blue, "the network again", floods("203.0.113.2", 456))
	w.shows(s, "PENDING", "PENDING")
}

func TestACloudOutOfReachKeepsThePlan(t *testing.T) {
	w := newWorld(t).run()
	s := w.stretch(blue, "sw", "203.0.113.2", 456)
	ls := w.planned(blue, "the remote locator", floods("203.0.113.2", 456))
	w.report(aReport("sw", ls))
	w.shows(s, "ACTIVE", "ACTIVE")
	w.cloud.change(func(c *fakeCloud) { c.down = errors.New("no route to the cloud") }, blue)
	w.shows(s, "ACTIVE no route to the cloud", "ACTIVE no route to the cloud")
	if got := w.planned(blue, "the plan", there); !got.Equal(ls) {
		t.Errorf("the plan has changed to %+v", got)
	}
	if err := w.server.RemoteConnections().Delete(context.Background(), s.rc.ID); err != nil {
		t.Fatal(err)
	}
	w.planned(blue, "what is asked still counts", not(floods("203.0.113.2", 456)))
	w.cloud.change(func(c *fakeCloud) { c.down = nil })
	ls = w.planned(blue, "the fabric", there)
	w.report(aReport("sw", ls))
	testenv.Eventually(t, soon, "the retry clears the status", func() error {
		c, err := w.server.Connections().Get(context.Background(), s.conn.ID)
		if err == nil && (c.Status != l2gw.Status{State: l2gw.Active}) {
			err = fmt.Errorf("%+v", c.Status)
		}
		return err
	})
}

func TestAnUnreadableNetworkDoesNotHoldUpOthers(t *testing.T) {
	w := newWorld(t)
	w.store.unreadable = red
	w.connect(red, "sw")
	w.connect(blue, "sw")
	w.server.queue.put(func(q *work) { addTo(q.plan, []string{red, blue}) }) // together
	w.run()
	testenv.Eventually(t, soon, "the work that is left", func() error {
		if s := w.server.State(); s.Networks != 1 || s.Failing != 1 {
			return fmt.Errorf("%+v", s)
		}
		return nil
	})
}

func TestTheHealthOfTheCloudIsShown(t *testing.T) {
	w := newWorld(t).run()
	s := w.connect(blue, "sw")
	ls := w.planned(blue, "the fabric", there)
	w.report(aReport("sw", ls))
	w.shows(s, "ACTIVE", "")
	w.cloud.change(func(c *fakeCloud) { c.health = errors.New("cloud.yaml:3: is wrong") }, blue)
	w.shows(s, "ACTIVE cloud.yaml:3: is wrong", "")
}

func TestAnUnknownDeviceIsExplained(t *testing.T) {
	w := newWorld(t).run()
	s := w.connect(blue, "sw")
	w.shows(s, "PENDING no agent has reported", "")
	w.report(rpc.Report{Database: dbAddress, Error: "connection refused"})
	w.shows(s, "DOWN "+dbAddress+" (connection refused)", "")
	w.report(aReport("another"))
	w.shows(s, "ERROR Physical_Switch named \"sw\"", "")
	w.report(aReport("sw"))
	w.shows(s, "PENDING rows", "")
}
