package neutron

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"landbridge/internal/l2gw"
)

// TestNoEndpointIsLeft: with the last network a gateway's tunnel address goes,
// and each compute node keeps its own.
func TestNoEndpointIsLeft(t *testing.T) {
	a := newAttached(t)
	own := map[string]string{}
	for host, at := range map[string]string{"c1": "10.0.0.11", "c2": "10.0.0.12"} {
		a.addHost(host, at)
		own[host] = at
		a.fake.claim(host, at)
	}
	a.want([]l2gw.Service{service(net1, "10.0.0.1")})
	a.settled()
	if got := a.endpoints["landbridge-10.0.0.1"]; got != "10.0.0.1" {
		t.Errorf("endpoints %v", a.endpoints)
	}
	a.with(func() { a.tunnels, a.mute = nil, errors.New("no") })
	a.want(nil)
	if left, err := a.work(1); !left || err == nil {
		t.Errorf("%v, %v", left, err)
	}
	if len(a.agents) != 3 {
		t.Errorf("agents %v: who would know that there is something left to do?", a.agents)
	}
	a.with(func() { a.mute = nil })
	a.settled()
	if !maps.Equal(a.endpoints, own) {
		t.Errorf("endpoints %v, want %v", a.endpoints, own)
	}
	// All that flood hear of another that is still there, after ours has gone.
	if slices.Index(a.tunnels, "delete 10.0.0.1") != 0 || !slices.Contains(a.tunnels, "update 10.0.0.11") || !slices.Contains(a.tunnels, "update 10.0.0.12") {
		t.Errorf("compute nodes were told %q", a.tunnels)
	}
}

// A node whose agent is dead is left out, as is a gateway.
func TestComputeNodes(t *testing.T) {
	agent := func(host, addr, binary string, alive bool) agentDocument {
		a := agentDocument{Host: host, Binary: binary, Alive: alive}
		a.Configurations.TunnelingIP = addr
		return a
	}
	got := computeNodes([]agentDocument{
		agent("c1", "10.0.0.11", "neutron-openvswitch-agent", true), agent("c2", "10.0.0.12", "neutron-openvswitch-agent", false),
		agent("dhcp", "", "neutron-dhcp-agent", true), agent("landbridge-10.0.0.1", "10.0.0.1", binary, true),
	})
	if !slices.Equal(got, []computeNode{{"c1", addr("10.0.0.11")}}) {
		t.Error(got)
	}
}
