//go:build openstack

package openstack

import (
	"net/netip"
	"testing"
	"time"

	"landbridge/internal/lab/capture"
	"landbridge/internal/lab/openstack"
	"landbridge/internal/lab/ping"
)

// testApart stretches two networks at once. Their VMs have the same addresses,
// and red has on the WAN the id that blue has inside cloud A: nothing may be
// taken for the other.
func testApart(t *testing.T, w *clouds) {
	stretched := w.join(t)
	listeners := w.listen(t, w.vms()...)
	red := map[*site]*openstack.Network{}
	var vms []*openstack.VM
	for _, s := range []*site{w.a, w.b} {
		n := s.CreateNetwork(t, "red", openstack.Subnet{
			Prefix: netip.MustParsePrefix("192.168.50.0/24"), First: s.vms[0].V4, Last: s.vms[0].V4.Next(),
		})
		t.Cleanup(func() { s.DeleteNetwork(t, n) })
		red[s] = n
		vms = append(vms, s.Boot(t, "red-"+s.name, s.computes[0], n))
	}
	for s, n := range red {
		s.stretch(t, n, w.a.blue.VNI, stretched[s])
	}
	w.reaches(t, reachedWithin, vms[0], vms[1])
	passes(t, vms[1], vms[0].V4, 0)
	passes(t, w.a.vms[0], w.b.vms[0].V4, 0)
	// The network comes to compute nodes that did not have it.
	vms = append(vms, w.newcomer(t, w.a, w.a.computes[1], red[w.a], vms[1]), w.newcomer(t, w.b, w.b.computes[1], red[w.b], vms[0]))
	for vm, c := range w.listen(t, vms...) {
		listeners[vm] = c
	}
	for i, asks := range append(w.vms(), vms...) {
		w.broadcastsStay(t, asks, netip.AddrFrom4([4]byte{192, 168, 50, 200 + byte(i)}), listeners)
	}
}

// listen captures what VMs hear.
func (w *clouds) listen(t *testing.T, vms ...*openstack.VM) map[*openstack.VM]*capture.Capture {
	t.Helper()
	out := map[*openstack.VM]*capture.Capture{}
	for _, vm := range vms {
		c, err := capture.Start(vm.Namespace, openstack.VMLink)
		must(t, err)
		t.Cleanup(func() { must(t, c.Close()) })
		out[vm] = c
	}
	return out
}

// broadcastsStay lets a VM ask for an address that nobody has. All VMs of its
// network have to hear each request once, and none of the other network.
func (w *clouds) broadcastsStay(t *testing.T, asks *openstack.VM, addr netip.Addr, listeners map[*openstack.VM]*capture.Capture) {
	t.Helper()
	_, err := ping.Count(t.Context(), asks.Namespace, addr, 20, 5*time.Millisecond)
	must(t, err)
	sent := requests(t, listeners[asks], addr)
	if sent == 0 {
		t.Errorf("%s does not ask for %s", asks.Name, addr)
	}
	for vm, c := range listeners {
		want := 0
		if vm.Network.Name == asks.Network.Name {
			want = sent
		}
		if heard := requests(t, c, addr); heard != want {
			t.Errorf("%s asks %d times for %s; %s hears %d requests, not %d", asks.Name, sent, addr, vm.Name, heard, want)
		}
	}
}

// requests counts the requests of ARP for an address.
func requests(t *testing.T, c *capture.Capture, addr netip.Addr) int {
	t.Helper()
	packets, err := c.Packets()
	must(t, err)
	return len(capture.Select(packets, func(p capture.Packet) bool { return p.Frame.ARP == 1 && p.Frame.To == addr }))
}
