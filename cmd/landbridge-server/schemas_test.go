package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"landbridge/internal/lab/testenv"
	"landbridge/internal/vtep/database"
)

// TestSwitchesWithSchemasOfBothKinds: what a switch's schema lacks is said, what
// another's has is done, and what it gets later is done then.
func TestSwitchesWithSchemasOfBothKinds(t *testing.T) {
	p := newProgram(t, testenv.WithSchema(testenv.VTEPSchema))
	ours := testenv.StartOVSDB(t)
	p.db.VTEPCtl(t, "add-ps", "sw", "--", "set", "Physical_Switch", "sw", "tunnel_ips=10.0.0.2")
	ours.VTEPCtl(t, "add-ps", "sw2", "--", "set", "Physical_Switch", "sw2", "tunnel_ips=10.0.0.3")
	p.more = []string{"--switch", ours.Unix}
	p.start()
	remote := p.create("l2_remote_gateway", map[string]any{"name": "r", "ipaddr": "2001:db8::2"})
	stretched := func(device string) (connection string) {
		gw := p.create("l2_gateway", map[string]any{"name": device, "devices": []any{map[string]any{"device_name": device}}})
		p.create("l2_gateway_connection", map[string]any{"l2_gateway_id": gw, "network_id": network})
		return p.create("l2_remote_gateway_connection", map[string]any{
			"l2_gateway_id": gw, "network_id": network, "l2_remote_gateway_id": remote, "segmentation_id": 456,
			"encapsulation": "geneve", "filter": []string{"gateway", "dhcp"},
		})
	}
	const kind = "l2_remote_gateway_connection"
	lacking, having := stretched("sw"), stretched("sw2")
	p.shows(kind, lacking, "ERROR", `Switch "sw" does not offer tunnels of kind geneve_over_ipv6; its schema has vxlan_over_ipv4.`)
	p.shows(kind, having, "ACTIVE")
	holds(t, ours)
	if rows := p.db.Rows(t, "Physical_Locator"); strings.Contains(fmt.Sprint(rows), "2001:db8::2") {
		t.Errorf("the switch that lacks it has %v", rows)
	}

	if _, err := database.Upgrade(t.Context(), p.db.Unix, testenv.VTEPSchema, database.TLS{}); err != nil {
		t.Fatal(err)
	}
	p.shows(kind, lacking, "ACTIVE")
	holds(t, p.db)

	if _, err := p.call("DELETE", "l2-remote-gateway-connections/"+lacking, nil); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, 10*time.Second, "tunnel and filter are gone", func() error {
		if all := fmt.Sprint(p.db.Rows(t, "Physical_Locator"), p.db.Rows(t, "Logical_Switch")); strings.Contains(all, "2001:db8::2") {
			return fmt.Errorf("%s", all)
		}
		return nil
	})
}

// holds checks for the rows of the remote connection.
func holds(t *testing.T, db *testenv.OVSDB) {
	t.Helper()
	all := fmt.Sprint(db.Rows(t, "Physical_Locator"), db.Rows(t, "Logical_Switch"))
	for _, part := range []string{
		"dst_ip:2001:db8::2 encapsulation_type:geneve_over_ipv6 tunnel_key:456",
		"[landbridge-filter/geneve_over_ipv6/2001:db8::2/456 dhcp,gateway]", "[landbridge-gateways 192.168.0.1]",
	} {
		if !strings.Contains(all, part) {
			t.Errorf("%s is missing in %s", part, all)
		}
	}
}
