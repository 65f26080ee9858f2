//go:build openstack

package openstack

import (
	"net/netip"
	"testing"

	"landbridge/internal/ethernet"
	"landbridge/internal/lab/capture"
	"landbridge/internal/lab/openstack"
)

// crossing watches both sides of a gateway.
type crossing struct {
	site   *site
	fabric *capture.Capture
	wan    *capture.Capture
}

// crossings watches both gateways.
func (w *clouds) crossings(t *testing.T) (out []crossing) {
	t.Helper()
	for _, s := range []*site{w.a, w.b} {
		c := crossing{site: s}
		for link, to := range map[string]**capture.Capture{openstack.UnderlayLink: &c.fabric, openstack.WANLink: &c.wan} {
			got, err := capture.Start(s.border.Namespace, link)
			must(t, err)
			t.Cleanup(func() { must(t, got.Close()) })
			*to = got
		}
		out = append(out, c)
	}
	return out
}

// echo is a kind of packets that VMs of the two clouds send each other.
type echo struct {
	src, dst ethernet.MAC
	from, to netip.Addr
	icmp     uint8
}

// whole wants all packets of pings that came by one side of the gateway to have
// left by the other. There are none on their way any more.
func (c crossing) whole(t *testing.T) {
	t.Helper()
	inside, outside := c.echoes(t, c.fabric, c.site.blue.VNI), c.echoes(t, c.wan, blueKey)
	if len(inside) == 0 {
		t.Errorf("nothing crossed gateway %s", c.site.name)
	}
	for e, n := range inside {
		if m := outside[e]; m != n {
			t.Errorf("gateway %s: %d packets of %+v inside, %d outside", c.site.name, n, e, m)
		}
	}
}

// echoes counts the packets of pings between the clouds in tunnels of a VNI.
func (c crossing) echoes(t *testing.T, of *capture.Capture, vni uint32) map[echo]int {
	t.Helper()
	packets, err := of.Packets()
	must(t, err)
	out := map[echo]int{}
	for _, p := range packets {
		f := p.Frame
		if p.Is(vni) && f.Protocol == 1 && c.local(f.From) != c.local(f.To) {
			out[echo{f.Src, f.Dst, f.From, f.To, f.ICMP}]++
		}
	}
	return out
}

// local tells whether an address is a VM's of the site that was there from the
// beginning.
func (c crossing) local(addr netip.Addr) bool {
	return addr == c.site.vms[0].V4 || addr == c.site.vms[1].V4
}
