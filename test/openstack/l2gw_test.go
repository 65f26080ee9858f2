//go:build openstack

package openstack

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"landbridge/internal/lab/openstack"
)

// device is a device of a gateway as the client "openstack l2gw" shows it.
type device struct {
	Name       string  `json:"device_name"`
	Interfaces []iface `json:"interfaces"`
}

type iface struct {
	Name  string   `json:"name"`
	VLANs []string `json:"segmentation_id"`
}

// shownGateway is a gateway as the client shows it.
type shownGateway struct {
	ID, Tenant, Name string
	Devices          []device
}

// shownConnection is a connection as the client shows it.
type shownConnection struct {
	ID, Tenant string
	Gateway    string `json:"L2 GateWay ID"`
	Network    string `json:"Network ID"`
	VLAN       string `json:"Segmentation ID"`
}

// withoutKeystone is the client as it is told of a server that asks nobody.
func (w *world) withoutKeystone() openstack.Client {
	return w.Client(nil, "openstack", "--os-auth-type", "none", "--os-endpoint", serverURL, "l2gw")
}

func testGateways(t *testing.T, w *world) {
	w.serve(t)
	l2gw := w.withoutKeystone()
	var made, shown shownGateway
	l2gw.JSON(t, &made, "create", "one", "--device", "name=sw1,interface_names=p1|100#200;p2|5", "--device", "name=sw2")
	want := shownGateway{made.ID, "default", "one", []device{
		{"sw1", []iface{{"p1", []string{"100", "200"}}, {"p2", []string{"5"}}}},
		// The client gives a device without interfaces those of the one before.
		{"sw2", []iface{{"p1", []string{"100", "200"}}, {"p2", []string{"5"}}}},
	}}
	if d := cmp.Diff(want, made); d != "" {
		t.Errorf("made (-want +got):\n%s", d)
	}
	l2gw.JSON(t, &shown, "show", "one")
	if d := cmp.Diff(made, shown); d != "" {
		t.Errorf("shown (-made +got):\n%s", d)
	}
	var updated shownGateway
	l2gw.JSON(t, &updated, "update", made.ID, "--name", "two", "--device", "name=sw1,interface_names=p3|7")
	want.Name, want.Devices[0].Interfaces = "two", []iface{{"p3", []string{"7"}}}
	if d := cmp.Diff(want, updated); d != "" {
		t.Errorf("updated (-want +got):\n%s", d)
	}
	if errs := l2gw.Fails(t, "create", "bad", "--device", "name=sw1,interface_names=p1|5000"); !strings.Contains(errs, "5000") {
		t.Errorf("a VLAN that does not exist: %q", errs)
	}
	var all []shownGateway
	l2gw.JSON(t, &all, "list")
	if d := cmp.Diff([]shownGateway{updated}, all); d != "" {
		t.Errorf("listed (-want +got):\n%s", d)
	}
	if errs := l2gw.Fails(t, "delete", "two", "three"); !strings.Contains(errs, made.ID+" deleted") || !strings.Contains(errs, "three") {
		t.Errorf("the client says %q", errs)
	}
	if out := l2gw.Run(t, "list"); strings.TrimSpace(out) != "" {
		t.Errorf("left: %s", out)
	}
}

// testConnections: the client asks for networks at the same URL, which shows the
// cloud's where no Neutron is behind it.
func testConnections(t *testing.T, w *world) {
	w.serve(t)
	l2gw := w.withoutKeystone()
	gateway := w.create(t, "", "l2_gateway", object{"name": "ports", "devices": []object{
		{"device_name": "sw1", "interfaces": []object{{"name": "p1"}}},
	}})
	var made, shown shownConnection
	l2gw.JSON(t, &made, "connection", "create", "ports", "blue", "--default-segmentation-id", "77")
	want := shownConnection{made.ID, "default", gateway.id(), w.blue, "77"}
	if made != want {
		t.Errorf("made %+v, want %+v", made, want)
	}
	l2gw.JSON(t, &shown, "connection", "show", made.ID)
	if shown != want {
		t.Errorf("shown %+v, want %+v", shown, want)
	}
	var all []shownConnection
	l2gw.JSON(t, &all, "connection", "list")
	if len(all) != 1 || all[0] != want {
		t.Errorf("listed %+v, want %+v", all, want)
	}
	if errs := l2gw.Fails(t, "delete", "ports"); !strings.Contains(errs, "used") && !strings.Contains(errs, "in use") {
		t.Errorf("the client says %q", errs)
	}
	l2gw.Run(t, "connection", "delete", made.ID)
	if out := l2gw.Run(t, "connection", "list"); strings.TrimSpace(out) != "" {
		t.Errorf("left: %s", out)
	}
}
