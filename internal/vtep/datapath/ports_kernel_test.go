package datapath

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/ping"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/vtep/forwarding"
)

// rack is a bare metal server behind a port, untagged, and a compute node with
// the kernel's own vxlan device:
//
//	server ─ port p1 ─ gw ─ 123 ─ node
type rack struct {
	server, gw, node *testenv.NetNS
	d                *Datapath
	dir              string
}

func newRack(t *testing.T, over hwvtep.Encapsulation, local, remote string, checksum bool) *rack {
	t.Helper()
	r := &rack{
		server: testenv.NewNetNS(t, "server"), gw: testenv.NewNetNS(t, "gw"), node: testenv.NewNetNS(t, "node"),
		dir: filepath.Join(testenv.BPFFS(t), "gw"),
	}
	for _, n := range []*testenv.NetNS{r.server, r.gw} {
		n.Sysctl("net/ipv6/conf/default/accept_ra", "0")
	}
	testenv.Veth(t, r.gw, "fabric", r.node, "under")
	r.plug(t)
	r.gw.AddAddr("fabric", local)
	r.node.AddAddr("under", remote)
	l, n := hostOf(local), hostOf(remote)
	vxlan{123, n, l, checksum}.add(t, r.node)
	r.node.AddAddr("vx", host1+"/24")
	r.open(t)
	r.gw.Do(func() {
		r.d.apply(t, changes{"n": model("n", tunnels{
			by(over, n, 123):           {Local: addr(l), Flood: true},
			forwarding.OnPort("p1", 0): onPort(),
		}, nil)})
		hop := NextHop{
			IfIndex: r.gw.Link("fabric").Attrs().Index, Src: r.gw.MAC("fabric"), Dst: r.node.MAC("under"), MTU: 1500, Resolved: true,
		}
		if err := r.d.SetNextHop(addr(n), addr(l), hop); err != nil {
			t.Fatal(err)
		}
		ensured(t, r.d)
	})
	return r
}

func hostOf(prefix string) string { return netip.MustParsePrefix(prefix).Addr().String() }

// plug makes the port's interface and the server's, which is given its addresses.
func (r *rack) plug(t *testing.T) {
	t.Helper()
	testenv.Veth(t, r.gw, "eth1", r.server, "eth0")
	if err := r.server.Netlink().LinkSetHardwareAddr(r.server.Link("eth0"), net.HardwareAddr(hostS1[:])); err != nil {
		t.Fatal(err)
	}
	r.server.AddAddr("eth0", host2+"/24")
	if err := r.server.Netlink().LinkSetMTU(r.server.Link("eth0"), 1400); err != nil {
		t.Fatal(err)
	}
}

func (r *rack) open(t *testing.T) {
	t.Helper()
	r.gw.Do(func() {
		r.d = openWith(t, Config{
			PinDir: r.dir, Interfaces: []string{"fabric"}, Ports: map[string]string{"p1": "eth1"}, Segmenter: true,
			Logger: slog.New(slog.DiscardHandler), Lease: time.Minute,
			Sizes: Sizes{Tunnels: 64, Networks: 8, NextHops: 64, FDB: 64},
		})
	})
	d := r.d
	t.Cleanup(func() { closed(t, d) })
}

// Bulk TCP between a bare metal server and the kernel's own VTEP arrives whole,
// with right checksums, whoever segments it.
func TestTCPOfPorts(t *testing.T) {
	v4 := func(t *testing.T, checksum bool) *rack {
		return newRack(t, hwvtep.VXLANOverIPv4, "10.1.0.1/24", "10.1.0.2/24", checksum)
	}
	v6 := func(t *testing.T, checksum bool) *rack {
		return newRack(t, hwvtep.VXLANOverIPv6, "2001:db8::1/64", "2001:db8::2/64", checksum)
	}
	nothing := func(*testing.T, *rack) {}
	hardened := func(t *testing.T, r *rack) {
		hard(t, r.server, "eth0")
		hard(t, r.node, "under")
		hard(t, r.gw, "eth1")
		hard(t, r.gw, "fabric")
	}
	for name, test := range map[string]struct {
		build    func(*testing.T, bool) *rack
		checksum bool
		set      func(*testing.T, *rack)
	}{
		"super-packets":                  {v4, false, nothing},
		"super-packets, UDP checksums":   {v4, true, nothing},
		"packets of wire size":           {v4, false, hardened},
		"IPv6, super-packets":            {v6, true, nothing},
		"IPv6, packets of wire size":     {v6, true, hardened},
		"finished by the gateway's port": {v4, false, func(t *testing.T, r *rack) { hard(t, r.gw, "eth1"); hard(t, r.gw, "fabric") }},
	} {
		t.Run(name, func(t *testing.T) {
			r := test.build(t, test.checksum)
			test.set(t, r)
			answers(t, r.node, host2, 10*time.Second)
			transfer(t, r.node, r.server, host2)
			transfer(t, r.server, r.node, host1)
			for _, n := range []*testenv.NetNS{r.server, r.node} {
				for _, counter := range []string{"Tcp InCsumErrors", "Udp InCsumErrors", "Ip InHdrErrors"} {
					if v := snmp(t, n, counter); v != 0 {
						t.Errorf("%s: %s %d", n.Name, counter, v)
					}
				}
			}
			if n := r.d.drops(t, NoSegmenter) + r.d.drops(t, NoReshape); n != 0 {
				t.Errorf("%d packets had no way into another shape", n)
			}
		})
	}
}

// A port's interface that comes back has another index. Its VLANs go on by
// themselves, also where the process was not there meanwhile.
func TestPortInterfaceComesBack(t *testing.T) {
	r := newRack(t, hwvtep.VXLANOverIPv4, "10.1.0.1/24", "10.1.0.2/24", false)
	answers(t, r.node, host2, 10*time.Second)
	want := r.d.Networks()
	r.gw.DelLink("eth1")
	r.gw.Do(func() {
		if states, _ := r.d.FollowPorts(); len(states) != 1 || states[0].Present {
			t.Errorf("%+v", states)
		}
	})
	if c := r.d.census(t); c.Arrivals != 1 || c.Hops != 1 {
		t.Errorf("the interface that is gone is still in the maps: %+v", c)
	}
	r.plug(t)
	r.gw.Do(func() { ensured(t, r.d) })
	answers(t, r.node, host2, 10*time.Second)
	closed(t, r.d)
	r.open(t)
	wantNetworks(t, r.d, want)
	answers(t, r.node, host2, 10*time.Second)
	closed(t, r.d)
	r.gw.DelLink("eth1")
	r.plug(t)
	r.open(t)
	r.gw.Do(func() {
		n := want["n"]
		r.d.apply(t, changes{"n": &n})
		ensured(t, r.d)
	})
	wantNetworks(t, r.d, want)
	answers(t, r.node, host2, 10*time.Second)
}

// Ports hear all frames while they are ports, and nothing is left on them after.
func TestPortsAreLeftAsTheyWere(t *testing.T) {
	r := newRack(t, hwvtep.VXLANOverIPv4, "10.1.0.1/24", "10.1.0.2/24", false)
	promiscuous := func() bool { return r.gw.Link("eth1").Attrs().RawFlags&unix.IFF_PROMISC != 0 }
	if !promiscuous() {
		t.Error("a port takes its own frames only")
	}
	answers(t, r.node, host2, 10*time.Second)
	closed(t, r.d)
	r.gw.Do(func() {
		if err := Remove(r.dir); err != nil {
			t.Fatal(err)
		}
	})
	if promiscuous() {
		t.Error("what was a port takes all frames")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := ping.Until(ctx, lab(t, r.node), addr(host2), 20*time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the server is still reached: %v", err)
	}
}
