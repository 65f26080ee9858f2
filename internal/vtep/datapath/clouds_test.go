package datapath

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"landbridge/internal/lab/testenv"
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
	checksum               bool // of UDP, in what the nodes send
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
		lease: time.Minute,
	}
	for _, o := range options {
		o(c)
	}
	for _, n := range []*testenv.NetNS{c.node1, c.gw1, c.gw2, c.node2} {
		n.Sysctl("net/ipv6/conf/default/disable_ipv6", "1")
	}
	testenv.Veth(t, c.node1, "under", c.gw1, "fabric")
	testenv.Veth(t, c.gw1, "wan", c.gw2, "wan")
	testenv.Veth(t, c.gw2, "fabric", c.node2, "under")
	c.node1.AddAddr("under", "10.1.0.2/24")
	c.gw1.AddAddr("fabric", "10.1.0.1/24")
	c.gw1.AddAddr("wan", "203.0.113.1/24")
	c.gw2.AddAddr("wan", "203.0.113.2/24")
	c.gw2.AddAddr("fabric", "10.2.0.1/24")
	c.node2.AddAddr("under", "10.2.0.2/24")
	vxlan{123, "10.1.0.2", "10.1.0.1", c.checksum}.add(t, c.node1)
	vxlan{789, "10.2.0.2", "10.2.0.1", c.checksum}.add(t, c.node2)
	c.node1.AddAddr("vx", host1+"/24")
	c.node2.AddAddr("vx", host2+"/24")

	fs := testenv.BPFFS(t)
	c.dirs = [2]string{filepath.Join(fs, "gw1"), filepath.Join(fs, "gw2")}
	c.d1 = c.open(t, c.gw1, c.dirs[0])
	c.d2 = c.open(t, c.gw2, c.dirs[1])
	c.d1.apply(t, changes{"n": model("n", tunnels{
		at("10.1.0.2", 123):    {Local: addr("10.1.0.1"), Flood: true},
		at("203.0.113.2", 456): {Group: 1, Local: addr("203.0.113.1"), Flood: true},
	}, nil)})
	c.d2.apply(t, changes{"n": model("n", tunnels{
		at("10.2.0.2", 789):    {Local: addr("10.2.0.1"), Flood: true},
		at("203.0.113.1", 456): {Group: 1, Local: addr("203.0.113.2"), Flood: true},
	}, nil)})
	return c
}

func (c *clouds) open(t *testing.T, gw *testenv.NetNS, dir string) *Datapath {
	t.Helper()
	var d *Datapath
	gw.Do(func() {
		d = openWith(t, Config{
			PinDir: dir, Interfaces: []string{"fabric", "wan"}, Logger: slog.New(slog.DiscardHandler), Lease: c.lease,
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
	set(c.d1, c.gw1, "fabric", "10.1.0.1", "10.1.0.2", c.node1, "under")
	set(c.d1, c.gw1, "wan", "203.0.113.1", "203.0.113.2", c.gw2, "wan")
	set(c.d2, c.gw2, "fabric", "10.2.0.1", "10.2.0.2", c.node2, "under")
	set(c.d2, c.gw2, "wan", "203.0.113.2", "203.0.113.1", c.gw1, "wan")
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
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = unix.Close(fd) }()
		if err := ethtool(fd, link, command, value); err != nil {
			t.Fatalf("set offload %#x of %s in %s: %v", command, link, n.Name, err)
		}
	})
}
