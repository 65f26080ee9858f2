package datapath

import (
	"testing"
	"time"

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
					pings(t, c.node1, host2, 20)
					transfer(t, c.node1, c.node2, host2)
					transfer(t, c.node2, c.node1, host1)
					c.wantNoErrors(t)
				})
			}
		}
	}
}

// wantNoErrors wants no gateway to have dropped anything, and no node to have
// got what was damaged.
func (c *clouds) wantNoErrors(t *testing.T) {
	t.Helper()
	for _, d := range []*Datapath{c.d1, c.d2} {
		counters, err := d.Counters()
		if err != nil {
			t.Fatal(err)
		}
		for reason, n := range counters.Drops {
			if n != 0 {
				t.Errorf("%d dropped: %s", n, reason)
			}
		}
	}
	for _, n := range []*testenv.NetNS{c.node1, c.node2} {
		for _, counter := range []string{"Tcp InCsumErrors", "Udp InCsumErrors", "Ip InHdrErrors"} {
			if v := snmp(t, n, counter); v != 0 {
				t.Errorf("%s: %s %d", n.Name, counter, v)
			}
		}
	}
}
