//go:build openstack

package openstack

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"landbridge/internal/lab/ping"
	"landbridge/internal/lab/testenv"
)

// testComputeNodes: VMs of two compute nodes reach each other, also when one has
// moved, and when an agent has begun anew.
func testComputeNodes(t *testing.T, c *Cloud) {
	one, other := c.AddCompute(t), c.AddCompute(t)
	empty := one.Flows(t)
	n := c.CreateNetwork(t, "green", Subnet{
		Prefix: netip.MustParsePrefix("192.0.2.0/24"), First: netip.MustParseAddr("192.0.2.10"), Last: netip.MustParseAddr("192.0.2.19"),
	}, Subnet{
		Prefix: netip.MustParsePrefix("2001:db8::/64"), First: netip.MustParseAddr("2001:db8::10"), Last: netip.MustParseAddr("2001:db8::1f"),
	})
	if n.MTU != 1450 || n.VNI < 1000 || n.VNI > 1999 {
		t.Errorf("the network is %+v", n)
	}
	vm, peer := c.Boot(t, "vm", one, n), c.Boot(t, "peer", other, n)
	answers(t, vm, peer.V4)
	answers(t, peer, vm.V6)
	if flows := strings.Join(one.Flows(t), "\n"); !strings.Contains(flows, "arp_tpa="+peer.V4.String()) {
		t.Errorf("%s does not answer for %s:\n%s", one.Name, peer.V4, flows)
	}
	vm.Move(t, other)
	vm.AwaitActive(t)
	answers(t, vm, peer.V4)
	other.Agent.Kill(t)
	other.Agent.Start(t)
	vm.Move(t, one)
	vm.AwaitActive(t)
	answers(t, vm, peer.V4)
	if got := c.Agents(t); !slices.Contains(got, "c1 neutron-openvswitch-agent Open vSwitch agent") || len(got) != 2 {
		t.Errorf("agents %q", got)
	}
	vm.Delete(t)
	peer.Delete(t)
	if got := c.Ports(t); len(got) != 0 {
		t.Errorf("ports %+v", got)
	}
	testenv.Eventually(t, startWithin, "no flows of the network are left", func() error {
		if got := one.Flows(t); !slices.Equal(got, empty) {
			return errors.New(strings.Join(got, "\n"))
		}
		return nil
	})
	c.DeleteNetwork(t, n)
}

// answers waits until an address answers a VM.
func answers(t *testing.T, vm *VM, addr netip.Addr) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startWithin)
	defer cancel()
	must(t, ping.Until(ctx, vm.Namespace, addr, 20*time.Millisecond))
}
