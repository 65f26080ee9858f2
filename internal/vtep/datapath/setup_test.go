package datapath

import (
	"log/slog"
	"net/netip"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/vtep/forwarding"
)

// One gateway, as most tests have it: two compute nodes and two remote gateways
// in network red, one of each in blue.
const (
	fabricIP = "10.0.0.1"
	wanIP    = "203.0.113.1"
	nodeA    = "10.0.0.11"
	nodeB    = "10.0.0.12"
	remoteA  = "203.0.113.2"
	remoteB  = "203.0.113.3"
)

// Hosts: a lives on node A, b on node B, x behind remote gateway A.
var (
	hostA = ethernet.MAC{0xfa, 0x16, 0x3e, 0, 0, 0xa}
	hostB = ethernet.MAC{0xfa, 0x16, 0x3e, 0, 0, 0xb}
	hostX = ethernet.MAC{0xfa, 0x16, 0x3e, 0, 0, 0x1a}

	sameAddr = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })

	broadcast = ethernet.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

	toFabric = NextHop{IfIndex: 1, Src: ethernet.MAC{2, 0, 0, 0, 0, 1}, Dst: ethernet.MAC{2, 0, 0, 0, 0, 2}, MTU: 9000, Resolved: true}
	toWAN    = NextHop{IfIndex: 1, Src: ethernet.MAC{2, 0, 0, 0, 1, 1}, Dst: ethernet.MAC{2, 0, 0, 0, 1, 2}, MTU: 9000, Resolved: true}
)

func at(remote string, vni uint32) forwarding.Endpoint {
	return forwarding.To(hwvtep.VXLANOverIPv4, addr(remote), vni)
}

func by(e hwvtep.Encapsulation, remote string, key uint32) forwarding.Endpoint {
	return forwarding.To(e, addr(remote), key)
}

func fabric(flood bool) forwarding.Tunnel {
	return forwarding.Tunnel{Group: forwarding.Fabric, Local: addr(fabricIP), Flood: flood}
}

func wan(flood bool) forwarding.Tunnel {
	return forwarding.Tunnel{Group: forwarding.WAN, Local: addr(wanIP), Flood: flood}
}

type (
	tunnels = map[forwarding.Endpoint]forwarding.Tunnel
	entries = map[ethernet.MAC]forwarding.Endpoint
	changes = map[string]*forwarding.Network
)

func model(name string, t tunnels, fdb entries) *forwarding.Network {
	if fdb == nil {
		fdb = entries{}
	}
	return &forwarding.Network{
		Name: name, Tunnels: t, FDB: fdb,
		Neighbours: map[netip.Addr]ethernet.MAC{}, Gateways: hwvtep.Set[netip.Addr]{}, Routers: hwvtep.Set[ethernet.MAC]{},
	}
}

// open makes a datapath with a directory of its own. Its maps are small, so
// that tests may fill them.
func open(t testing.TB, interfaces ...string) *Datapath {
	t.Helper()
	return openAt(t, filepath.Join(testenv.BPFFS(t), "gw"), interfaces...)
}

func openAt(t testing.TB, dir string, interfaces ...string) *Datapath {
	t.Helper()
	d, err := Open(Config{
		PinDir: dir, Interfaces: interfaces, Logger: slog.New(slog.DiscardHandler),
		Sizes: Sizes{Tunnels: 512, Networks: 64, NextHops: 512, FDB: 1024},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, d) })
	return d
}

// closed closes a datapath that may be closed already.
func closed(t testing.TB, d *Datapath) {
	t.Helper()
	if err := d.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

// apply makes changes that have to succeed.
func (d *Datapath) apply(t testing.TB, c changes) {
	t.Helper()
	for name, err := range d.Apply(c) {
		t.Fatalf("apply %s: %v", name, err)
	}
}

// withRed gives a datapath with network red, whose next hops are resolved.
func withRed(t testing.TB) *Datapath {
	t.Helper()
	d := open(t)
	d.apply(t, changes{"red": red()})
	d.resolve(t)
	return d
}

// red has one tunnel to flood to on each side, so that a flooded packet is sent
// itself and no copy leaves.
func red() *forwarding.Network {
	return model("red", tunnels{
		at(nodeA, 123): fabric(true), at(nodeB, 123): fabric(false),
		at(remoteA, 456): wan(true), at(remoteB, 457): wan(false),
	}, entries{hostA: at(nodeA, 123), hostX: at(remoteA, 456)})
}

// resolve sets next hops for all pairs and renews their lease.
func (d *Datapath) resolve(t testing.TB) {
	t.Helper()
	hops := map[Pair]NextHop{}
	for _, p := range d.Pairs() {
		hops[p] = toFabric
		if p.Local == addr(wanIP) {
			hops[p] = toWAN
		}
	}
	if err := d.SetNextHops(hops); err != nil {
		t.Fatal(err)
	}
	if err := d.Ensure(); err != nil {
		t.Fatal(err)
	}
}

func (d *Datapath) drops(t testing.TB, r Reason) uint64 {
	t.Helper()
	c, err := d.Counters()
	if err != nil {
		t.Fatal(err)
	}
	return c.Drops[r]
}
