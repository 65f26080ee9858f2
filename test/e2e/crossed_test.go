package e2e

import (
	"net/netip"
	"slices"
	"testing"

	"landbridge/internal/ethernet"
	"landbridge/internal/lab"
	"landbridge/internal/lab/capture"
)

// TestIDsMayCross joins two networks at once. Each uses inside cloud A the id
// that the other has on the WAN, and in cloud B the other's id of cloud A; their
// VMs have the same addresses. Nothing may be taken for the other.
func TestIDsMayCross(t *testing.T) {
	spec := lab.TwoClouds(name("cross"))
	b := &spec.Clouds[1]
	red := lab.Network{ID: "4ed00000-0000-4000-8000-00000000000b", Name: lab.Red, VNI: lab.VNIOfA}
	b.Networks = append(b.Networks, red)
	b.VMs = append(b.VMs, lab.VM{ // the addresses of vm-a2, which is of the other network
		Name: "red-b1", PortID: "900e0000-0000-4000-8000-0000000000a2", Network: red.ID, Host: "b1",
		MAC: ethernet.MustParseMAC("fa:16:3e:00:00:a2"), Addr: spec.VM("vm-a2").Addr,
	})
	w := newWorld(t, spec)
	wan := w.capture(t, "wan", "to-a")
	made := w.join(t)
	w.joinMore(t, made, lab.Red, lab.VNIOfA)

	listeners := map[string]*capture.Capture{}
	for _, vm := range []string{"vm-a2", "vm-b1", "red-a2", "red-b1"} {
		listeners[vm] = w.capture(t, vm, vmLink)
	}
	w.reach(t, "vm-a1", "vm-b1")
	w.reach(t, "red-a1", "red-b1")
	for _, pair := range [][2]string{{"vm-a1", "vm-b1"}, {"red-b1", "red-a1"}, {"red-a1", "red-b1"}, {"vm-b1", "vm-a2"}, {"red-b1", "red-a2"}} {
		if r := w.count(t, pair[0], w.Spec.VM(pair[1]).Addr.Addr()); r.Lost() != 0 || r.Duplicates != 0 {
			t.Errorf("%s to %s: %s", pair[0], pair[1], r)
		}
	}
	if got := capture.VNIs(packets(t, wan)); !slices.Equal(got, []uint32{lab.VNIOfA, lab.WANKey}) {
		t.Errorf("VNIs on the WAN: %v", got)
	}
	for i, asks := range []string{"vm-a1", "red-a1", "vm-b1", "red-b1"} {
		w.broadcastsStay(t, asks, netip.AddrFrom4([4]byte{192, 168, 50, 200 + byte(i)}), listeners)
	}
}

// joinMore stretches another network through the gateways that there are.
func (w *world) joinMore(t *testing.T, made map[string]lab.Connected, network string, key uint32) {
	t.Helper()
	for cloud, c := range made {
		more, err := w.Gateways[cloud].Stretch(t.Context(), network, key, c)
		if err != nil {
			t.Fatal(err)
		}
		w.active(t, map[string]lab.Connected{cloud: more})
	}
	w.tunnelled(t, network)
}

// broadcastsStay lets a VM ask for an address that nobody has, and looks which
// VMs hear it: all of its network, none of the other.
func (w *world) broadcastsStay(t *testing.T, asks string, address netip.Addr, listeners map[string]*capture.Capture) {
	t.Helper()
	w.count(t, asks, address)
	for vm, c := range listeners {
		heard := capture.Select(packets(t, c), func(p capture.Packet) bool { return p.Frame.ARP == 1 && p.Frame.To == address })
		if same := w.networkName(vm) == w.networkName(asks); same != (len(heard) > 0) {
			t.Errorf("%s asks for %s, and %s hears it %d times", asks, address, vm, len(heard))
		}
	}
}

func (w *world) networkName(vm string) string {
	for _, c := range w.Spec.Clouds {
		for _, n := range c.Networks {
			if n.ID == w.Spec.VM(vm).Network {
				return n.Name
			}
		}
	}
	return ""
}
