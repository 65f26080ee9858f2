package e2e

import (
	"net/netip"
	"testing"

	"landbridge/internal/hwvtep"
	"landbridge/internal/lab"
	"landbridge/internal/lab/capture"
	"landbridge/internal/lab/testenv"
)

// TestAnotherController drives vtepd as any controller may that speaks
// hardware_vtep: there is no server here, only rows.
func TestAnotherController(t *testing.T) {
	w := newQuietWorld(t, lab.TwoClouds(name("ctl")))
	if err := w.RunGateways(t.Context(), lab.OVSDB, lab.VTEPD); err != nil {
		t.Fatal(err)
	}
	wan := w.capture(t, "wan", "to-b")
	asks := lab.Asks(w.Spec, lab.Blue, lab.WANKey)
	for cloud, g := range w.Gateways {
		network := g.Cloud.Network(lab.Blue)
		flood := []testenv.Row{{"dst_ip": asks[cloud].Remote.String(), "tunnel_key": lab.WANKey}}
		for _, c := range g.Cloud.Computes {
			flood = append(flood, testenv.Row{"dst_ip": c.Addr.Addr().String()})
			w.tunnelTo(t, c, network, g.Cloud.Gateway.Fabric.Addr())
		}
		writeSwitch(t, g, network.VNI, flood)
	}
	w.reach(t, "vm-a1", "vm-b1")
	for _, pair := range [][2]string{{"vm-a1", "vm-b1"}, {"vm-a2", "vm-b1"}, {"vm-b1", "vm-a1"}, {"vm-b1", "vm-a2"}} {
		w.reach(t, pair[0], pair[1])
		if r := w.count(t, pair[0], w.Spec.VM(pair[1]).Addr.Addr()); r.Lost() != 0 || r.Duplicates != 0 {
			t.Errorf("%s to %s: %s", pair[0], pair[1], r)
		}
	}
	if got := capture.VNIs(packets(t, wan)); len(got) != 1 || got[0] != lab.WANKey {
		t.Errorf("VNIs on the WAN: %v", got)
	}
}

// tunnelTo adds a gateway to what a compute node floods to.
func (w *world) tunnelTo(t *testing.T, c lab.Compute, n lab.Network, gateway netip.Addr) {
	t.Helper()
	ns, device := w.node(t, c.Name), lab.VXLANLink(n)
	flood, err := ns.Flood(device)
	if err != nil {
		t.Fatal(err)
	}
	if err := ns.SetFlood(device, append(flood, gateway)); err != nil {
		t.Fatal(err)
	}
}

// writeSwitch writes a logical switch that floods to locators.
func writeSwitch(t *testing.T, g *lab.GatewayNode, key uint32, flood []testenv.Row) {
	t.Helper()
	named := func(name string) []any { return []any{"named-uuid", name} }
	insert := func(table, name string, row testenv.Row) testenv.Row {
		return testenv.Row{"op": "insert", "table": table, "uuid-name": name, "row": row}
	}
	operations := []any{insert("Logical_Switch", "ls", testenv.Row{"name": "another's", "tunnel_key": key})}
	var set []any
	for i, locator := range flood {
		name := "locator" + string(rune('a'+i))
		locator["encapsulation_type"] = string(hwvtep.VXLANOverIPv4)
		operations = append(operations, insert("Physical_Locator", name, locator))
		set = append(set, named(name))
	}
	operations = append(operations,
		insert("Physical_Locator_Set", "set", testenv.Row{"locators": []any{"set", set}}),
		insert("Mcast_Macs_Remote", "mcast", testenv.Row{
			"MAC": hwvtep.UnknownDst, "logical_switch": named("ls"), "locator_set": named("set"),
		}))
	(&testenv.OVSDB{Unix: g.Database()}).Transact(t, operations...)
}
