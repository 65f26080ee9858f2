package datapath

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
)

// TCP crosses from the kernel's vxlan devices by a WAN of every encapsulation
// and back. The kernel's super-packets, with checksums that it puts in late,
// become another shape on the way, and every checksum that it then finds is
// right: over IPv6 it takes no packet without.
func TestTCPThroughEveryEncapsulation(t *testing.T) {
	for _, fabric := range []hwvtep.Encapsulation{hwvtep.VXLANOverIPv4, hwvtep.VXLANOverIPv6} {
		for _, wan := range hwvtep.Encapsulations() {
			for name, checksum := range map[string]bool{"": false, ", checksums": true} {
				if !checksum && fabric == hwvtep.VXLANOverIPv6 {
					continue // always
				}
				t.Run(string(fabric+" by "+wan)+name, func(t *testing.T) {
					c := newClouds(t, func(c *clouds) { c.fabric, c.wan, c.checksum = fabric, wan, checksum })
					c.resolve(t)
					answers(t, c.node1, host2, 10*time.Second)
					before := c.dropped(t) // what nodes send before there are next hops
					pings(t, c.node1, host2, 20)
					transfer(t, c.node1, c.node2, host2)
					transfer(t, c.node2, c.node1, host1)
					c.wantNoErrors(t, before)
				})
			}
		}
	}
}

// dropped gives what each gateway has dropped.
func (c *clouds) dropped(t *testing.T) (out [2]map[Reason]uint64) {
	t.Helper()
	for i, d := range []*Datapath{c.d1, c.d2} {
		counters, err := d.Counters()
		if err != nil {
			t.Fatal(err)
		}
		out[i] = counters.Drops
	}
	return out
}

// wantNoErrors wants no gateway to have dropped anything since, and no node to
// have got what was damaged.
func (c *clouds) wantNoErrors(t *testing.T, before [2]map[Reason]uint64) {
	t.Helper()
	if diff := cmp.Diff(before, c.dropped(t)); diff != "" {
		t.Errorf("dropped (-before +after)\n%s", diff)
	}
	for _, n := range []*testenv.NetNS{c.node1, c.node2} {
		for _, counter := range []string{"Tcp InCsumErrors", "Udp InCsumErrors", "Ip InHdrErrors"} {
			if v := snmp(t, n, counter); v != 0 {
				t.Errorf("%s: %s %d", n.Name, counter, v)
			}
		}
	}
}
