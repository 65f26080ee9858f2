package datapath

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/vtep/forwarding"
)

// clouds is two compute nodes with the kernel's own vxlan devices, and a gateway
// beside each:
//
//	node1 ─ 123 ─ gw1 ─ 456 ─ gw2 ─ 789 ─ node2
type clouds struct {
	node1, gw1, gw2, node2 *testenv.NetNS
	d1, d2                 *Datapath
	dirs                   [2]string
	lease                  time.Duration
	checksum               bool                 // of UDP, in what the nodes send
	fabric                 hwvtep.Encapsulation // VXLAN over either
	wan                    hwvtep.Encapsulation
	xdp                    map[string]XDPMode
}

// plan has the underlay's addresses of clouds by family: of a node, of its
// gateway's two sides; the second cloud's have a 2 where the first's have a 1.
type plan struct{ node, fabric, wan, peer, length string }

func (c *clouds) plans(e hwvtep.Encapsulation) (first, second plan) {
	if encapsulations[e].v6 {
		return plan{"2001:db8:1::2", "2001:db8:1::1", "2001:db8:f::1", "2001:db8:f::2", "/64"},
			plan{"2001:db8:2::2", "2001:db8:2::1", "2001:db8:f::2", "2001:db8:f::1", "/64"}
	}
	return plan{"10.1.0.2", "10.1.0.1", "203.0.113.1", "203.0.113.2", "/24"},
		plan{"10.2.0.2", "10.2.0.1", "203.0.113.2", "203.0.113.1", "/24"}
}

// Addresses inside the stretched network.
const (
	host1 = "192.168.7.1"
	host2 = "192.168.7.2"
)

func newClouds(t *testing.T, options ...func(*clouds)) *clouds {
	t.Helper()
	c := &clouds{
		node1: testenv.NewNetNS(t, "node1"), gw1: testenv.NewNetNS(t, "gw1"),
		gw2: testenv.NewNetNS(t, "gw2"), node2: testenv.NewNetNS(t, "node2"),
		lease: time.Minute, fabric: hwvtep.VXLANOverIPv4, wan: hwvtep.VXLANOverIPv4,
	}
	for _, o := range options {
		o(c)
	}
	for _, n := range []*testenv.NetNS{c.node1, c.gw1, c.gw2, c.node2} {
		if !encapsulations[c.fabric].v6 && !encapsulations[c.wan].v6 {
			n.Sysctl("net/ipv6/conf/default/disable_ipv6", "1")
		}
	}
	testenv.Veth(t, c.node1, "under", c.gw1, "fabric")
	testenv.Veth(t, c.gw1, "wan", c.gw2, "wan")
	testenv.Veth(t, c.gw2, "fabric", c.node2, "under")
	one, two := c.plans(c.fabric)
	c.node1.AddAddr("under", one.node+one.length)
	c.gw1.AddAddr("fabric", one.fabric+one.length)
	c.gw2.AddAddr("fabric", two.fabric+two.length)
	c.node2.AddAddr("under", two.node+two.length)
	vxlan{123, one.node, one.fabric, c.checksum}.add(t, c.node1)
	vxlan{789, two.node, two.fabric, c.checksum}.add(t, c.node2)
	wan, _ := c.plans(c.wan)
	c.gw1.AddAddr("wan", wan.wan+wan.length)
	c.gw2.AddAddr("wan", wan.peer+wan.length)
	c.node1.AddAddr("vx", host1+"/24")
	c.node2.AddAddr("vx", host2+"/24")

	fs := testenv.BPFFS(t)
	c.dirs = [2]string{filepath.Join(fs, "gw1"), filepath.Join(fs, "gw2")}
	c.d1 = c.open(t, c.gw1, c.dirs[0])
	c.d2 = c.open(t, c.gw2, c.dirs[1])
	c.gw1.Do(func() { c.d1.apply(t, changes{"n": c.network(one, wan.wan, wan.peer, 123)}) })
	c.gw2.Do(func() { c.d2.apply(t, changes{"n": c.network(two, wan.peer, wan.wan, 789)}) })
	return c
}

func (c *clouds) network(p plan, local, remote string, key uint32) *forwarding.Network {
	return model("n", tunnels{
		by(c.fabric, p.node, key): {Local: addr(p.fabric), Flood: true},
		by(c.wan, remote, 456):    {Group: forwarding.WAN, Local: addr(local), Flood: true},
	}, nil)
}

func (c *clouds) open(t *testing.T, gw *testenv.NetNS, dir string, more ...string) *Datapath {
	t.Helper()
	var d *Datapath
	gw.Do(func() {
		d = openWith(t, Config{
			PinDir: dir, Interfaces: append([]string{"fabric", "wan"}, more...), XDP: c.xdp,
			Logger: slog.New(slog.DiscardHandler), Lease: c.lease, Segmenter: true,
			Sizes: Sizes{Tunnels: 64, Networks: 8, NextHops: 64, FDB: 64},
		})
	})
	t.Cleanup(func() { closed(t, d) })
	return d
}

// resolve sets the next hops that there are.
func (c *clouds) resolve(t *testing.T) {
	t.Helper()
	set := func(d *Datapath, gw *testenv.NetNS, link, local, remote string, peer *testenv.NetNS, peerLink string) {
		h := NextHop{
			IfIndex: gw.Link(link).Attrs().Index, Src: gw.MAC(link), Dst: peer.MAC(peerLink), MTU: 1500, Resolved: true,
		}
		if err := d.SetNextHop(addr(remote), addr(local), h); err != nil {
			t.Fatal(err)
		}
	}
	one, two := c.plans(c.fabric)
	wan, _ := c.plans(c.wan)
	set(c.d1, c.gw1, "fabric", one.fabric, one.node, c.node1, "under")
	set(c.d1, c.gw1, "wan", wan.wan, wan.peer, c.gw2, "wan")
	set(c.d2, c.gw2, "fabric", two.fabric, two.node, c.node2, "under")
	set(c.d2, c.gw2, "wan", wan.peer, wan.wan, c.gw1, "wan")
	c.ensure(t)
}

func (c *clouds) ensure(t *testing.T) {
	t.Helper()
	c.gw1.Do(func() { ensured(t, c.d1) })
	c.gw2.Do(func() { ensured(t, c.d2) })
}

func ensured(t testing.TB, d *Datapath) {
	t.Helper()
	if err := d.Ensure(); err != nil {
		t.Fatal(err)
	}
}

// offload switches an offload of a link (linux/ethtool.h: ETHTOOL_S…).
func offload(t *testing.T, n *testenv.NetNS, link string, command, value uint32) {
	t.Helper()
	n.Do(func() {
		if err := setOffload(link, command, value); err != nil {
			t.Fatalf("set offload %#x of %s in %s: %v", command, link, n.Name, err)
		}
	})
}
