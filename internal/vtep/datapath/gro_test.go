package datapath

import (
	"testing"
	"time"

	"landbridge/internal/hwvtep"
)

// With the idle devices the kernel makes few packets of the many that TCP sends
// at wire size by a tunnel, be it VXLAN or Geneve; without, none.
func TestGRODevicesAggregate(t *testing.T) {
	for wan, fabric := range map[hwvtep.Encapsulation]hwvtep.Encapsulation{
		hwvtep.VXLANOverIPv4: hwvtep.VXLANOverIPv4, hwvtep.GeneveOverIPv4: hwvtep.VXLANOverIPv4,
		hwvtep.VXLANOverIPv6: hwvtep.VXLANOverIPv6, hwvtep.GeneveOverIPv6: hwvtep.VXLANOverIPv6,
	} {
		for _, gro := range []bool{true, false} {
			t.Run(map[bool]string{true: "with ", false: "without "}[gro]+string(wan), func(t *testing.T) {
				c := newClouds(t, func(c *clouds) { c.fabric, c.wan, c.checksum = fabric, wan, true })
				hard(t, c.gw1, "wan") // segmented and finished at the latest here
				offload(t, c.gw2, "wan", setGRO, 1)
				c.d2.cfg.GRO = gro
				c.resolve(t)
				answers(t, c.node1, host2, 10*time.Second)
				before := c.packets()
				transfer(t, c.node1, c.node2, host2)
				after := c.packets()
				came, left := after[0]-before[0], after[1]-before[1]
				t.Logf("%d packets came, %d left", came, left)
				if aggregated := left < came/3; aggregated != gro {
					t.Errorf("%d packets came, %d left", came, left)
				}
			})
		}
	}
}

// packets counts what came to the second gateway by the WAN, and left it.
func (c *clouds) packets() [2]uint64 {
	return [2]uint64{c.gw2.Link("wan").Attrs().Statistics.RxPackets, c.gw2.Link("fabric").Attrs().Statistics.TxPackets}
}
