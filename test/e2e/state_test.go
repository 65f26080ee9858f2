package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"landbridge/internal/lab"
	"landbridge/internal/vtep"
)

// state asks a gateway's vtepd what its datapath holds.
func state(t *testing.T, g *lab.GatewayNode) vtep.State {
	t.Helper()
	body, err := g.VTEPD(t.Context(), "/state")
	if err != nil {
		t.Fatal(err)
	}
	var s vtep.State
	if err := json.Unmarshal(body, &s); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return s
}

// tunnels gives what the datapath holds on behalf of the control plane, as
// text: tunnels, static addresses, next hops. What it has learned, and its
// counters, are not in it.
func tunnels(t *testing.T, g *lab.GatewayNode) []string {
	t.Helper()
	s := state(t, g)
	var out []string
	for _, n := range s.Networks {
		for _, u := range n.Tunnels {
			out = append(out, fmt.Sprintf("%s: tunnel %s %s VNI %d from %s, flood %v", n.Name, u.Side, u.Remote, u.VNI, u.Local, u.Flood))
		}
		for _, f := range n.FDB {
			if f.Static {
				out = append(out, fmt.Sprintf("%s: %s behind %s VNI %d", n.Name, f.MAC, f.Remote, f.VNI))
			}
		}
	}
	for _, h := range s.NextHops {
		out = append(out, fmt.Sprintf("next hop from %s to %s", h.Local, h.Remote))
	}
	return out
}

// learnedBehind gives the MACs that the datapath has behind a tunnel address.
func learnedBehind(t *testing.T, g *lab.GatewayNode, remote netip.Addr) []string {
	t.Helper()
	var out []string
	for _, n := range state(t, g).Networks {
		for _, f := range n.FDB {
			if f.Remote == remote {
				out = append(out, f.MAC.String())
			}
		}
	}
	return out
}

// wanTunnel tells whether the datapath has a tunnel on the WAN.
func wanTunnel(t *testing.T, g *lab.GatewayNode) bool {
	t.Helper()
	return slices.ContainsFunc(tunnels(t, g), func(s string) bool { return strings.Contains(s, "tunnel wan") })
}

// sameRows compares databases, but for what vtepd writes of learned addresses:
// that depends on what VMs have said meanwhile.
func sameRows(a, b map[string][]string) bool {
	without := func(m map[string][]string) map[string][]string {
		m = maps.Clone(m)
		delete(m, "Ucast_Macs_Local")
		return m
	}
	return maps.EqualFunc(without(a), without(b), slices.Equal)
}
