//go:build openstack

package openstack

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"landbridge/internal/lab/capture"
	"landbridge/internal/lab/openstack"
	"landbridge/internal/lab/rest"
	"landbridge/internal/lab/testenv"
)

// testRemoteMACs: whom an administrator has named, compute nodes know: they
// answer for them, and send straight to the gateway, also after their agent has
// begun anew and where the network comes later.
func testRemoteMACs(t *testing.T, w *clouds) {
	m := w.join(t)[w.a]
	named := func(vm *openstack.VM, create create) string {
		return create(t, rest.RemoteMACs, rest.Object{"mac": vm.MAC.String(), "ipaddr": vm.V4.String(), "rgw_connection": m.remoteConnection})
	}
	named(w.b.vms[0], w.a.make)
	departing := named(w.b.vms[1], w.a.leave)
	for _, host := range w.a.computes {
		w.knows(t, host, w.b.vms[:])
	}
	from, to := w.a.vms[0], w.b.vms[1]
	// Open vSwitch loses the first packet by a tunnel whose other end it has to
	// find; here that is the answer's.
	w.reaches(t, reachedWithin, from, to)
	wan, err := capture.Start(w.a.border.Namespace, openstack.WANLink)
	must(t, err)
	defer func() { must(t, wan.Close()) }()
	must(t, from.Namespace.ForgetNeighbours(openstack.VMLink))
	passes(t, from, to.V4, 0)
	packets, err := wan.Packets()
	must(t, err)
	if asked := capture.Select(packets, func(p capture.Packet) bool { return p.Frame.ARP == 1 && p.Frame.From == from.V4 }); len(asked) > 0 {
		t.Errorf("%s asks the other cloud: %s", from.Name, asked[0])
	}
	for _, host := range w.a.computes {
		host.Agent.Kill(t)
		host.Agent.Start(t)
		w.knows(t, host, w.b.vms[:])
	}
	// One that is deleted by a server which ends before it could tell anybody.
	w.a.RabbitMQ.Kill(t)
	must(t, w.a.border.API.Delete(t.Context(), rest.RemoteMACs, departing))
	w.a.border.Server.Kill(t)
	w.a.RabbitMQ.Start(t)
	w.a.border.Server.Start(t)
	for _, host := range w.a.computes {
		w.forgets(t, host, w.b.vms[1])
		w.knows(t, host, w.b.vms[:1])
	}
}

// forgets waits until a compute node does not answer for a VM any more.
func (w *clouds) forgets(t *testing.T, host *openstack.Compute, vm *openstack.VM) {
	t.Helper()
	testenv.Eventually(t, 2*backWithin, host.Name+" forgets who is remote no more", func() error {
		for _, flow := range host.Flows(t) {
			if containsAll(flow, []string{"table=21", "arp_tpa=" + vm.V4.String()}) {
				return fmt.Errorf("it has the flow %s", flow)
			}
		}
		return nil
	})
}

// knows waits until a compute node has flows for VMs behind the gateway: one
// that sends to them, and one that answers for them.
func (w *clouds) knows(t *testing.T, host *openstack.Compute, vms []*openstack.VM) {
	t.Helper()
	testenv.Eventually(t, backWithin, host.Name+" knows who is remote", func() error {
		flows := host.Flows(t)
		for _, vm := range vms {
			for _, parts := range [][]string{
				{"table=20", "dl_dst=" + vm.MAC.String()},
				{"table=21", "arp_tpa=" + vm.V4.String(), vm.MAC.String()},
			} {
				if !slices.ContainsFunc(flows, func(f string) bool { return containsAll(f, parts) }) {
					return fmt.Errorf("no flow with %q among\n%s", parts, strings.Join(flows, "\n"))
				}
			}
		}
		return nil
	})
}

func containsAll(text string, parts []string) bool {
	return !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(text, p) })
}
