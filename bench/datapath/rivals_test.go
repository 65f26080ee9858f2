package datapath

import (
	"errors"
	"net"
	"net/netip"
	"path/filepath"
	"testing"

	"github.com/vishvananda/netlink"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/netns"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/vtep/datapath"
	"landbridge/internal/vtep/forwarding"
)

// The rivals, as the figures name them.
const (
	direct      = "no gateways"
	plain       = "plain IP forwarding"
	redirectTC  = "trivial TC redirect"
	redirectXDP = "trivial XDP redirect"
	bridge      = "Linux bridge"
	openvswitch = "Open vSwitch"
	oursTC      = "ours, TC"
	oursXDP     = "ours, XDP"
)

// rival is a world with gateways of one kind.
type rival struct {
	name string
	*world
	// next is where the first compute node sends its packets to.
	next      ethernet.MAC
	remote    string
	xdp       bool
	processes []int // whose CPU time is the gateways' too
}

// newRival makes a world in which nobody forwards yet. The compute nodes have
// their tunnel to the gateways, or where those only route, to each other.
func newRival(b *testing.B, name, label string, through bool) *rival {
	b.Helper()
	r := &rival{name: name, world: newWorld(b, label), next: fabric1MAC, remote: fabric1IP}
	far := fabric2IP
	if through {
		r.remote, far = compute2IP, compute1IP
	}
	r.overlay(b, r.remote, far)
	return r
}

func newPlain(b *testing.B) *rival {
	b.Helper()
	r := newRival(b, plain, "ip", true)
	for _, n := range []struct {
		ns      *netns.Namespace
		to, via string
	}{
		{r.compute1, "10.1.0.0/24", fabric1IP},
		{r.gateway1, "10.1.0.0/24", wan2IP},
		{r.gateway2, "10.0.0.0/24", wan1IP},
		{r.compute2, "10.0.0.0/24", fabric2IP},
	} {
		must(b, n.ns.AddRoute(netip.MustParsePrefix(n.to), netip.MustParseAddr(n.via)))
		must(b, n.ns.Sysctl("net/ipv4/ip_forward", "1"))
	}
	return r
}

// newDirect has no gateways: the compute nodes are joined.
func newDirect(b *testing.B, xdp bool) *rival {
	b.Helper()
	w := &world{compute1: testenv.Namespace(b, "d1"), compute2: testenv.Namespace(b, "d2")}
	must(b, errors.Join(w.compute1.NoIPv6(), w.compute2.NoIPv6()))
	join(b, end{w.compute1, computeLink, compute1MAC, compute1IP}, end{w.compute2, computeLink, compute2MAC, compute2IP})
	w.overlay(b, compute2IP, compute1IP)
	return &rival{name: direct, world: w, next: compute2MAC, remote: compute2IP, xdp: xdp}
}

// newRedirect has programs move packets from one link to the other, as they are:
// the compute nodes take each other for neighbours.
func newRedirect(b *testing.B, name string, xdp bool) *rival {
	b.Helper()
	label := "tc"
	if xdp {
		label = "xdp"
	}
	r := newRival(b, name, label, true)
	r.next, r.xdp = compute2MAC, xdp
	for _, gw := range []*netns.Namespace{r.gateway1, r.gateway2} {
		putTogether(b, gw)
		for from, to := range map[string]string{fabricLink: wanLink, wanLink: fabricLink} {
			programs := load(b, constants{out: uint32(indexOf(b, gw, to))})
			program := programs.BenchRedirectTc
			if xdp {
				program = programs.BenchRedirectXdp
			}
			onIngress(b, gw, from, program)
		}
	}
	for _, n := range []struct {
		ns  *netns.Namespace
		net *net.IPNet
		to  string
		mac ethernet.MAC
	}{
		{r.compute1, &net.IPNet{IP: net.IPv4(10, 1, 0, 0), Mask: net.CIDRMask(24, 32)}, compute2IP, compute2MAC},
		{r.compute2, &net.IPNet{IP: net.IPv4(10, 0, 0, 0), Mask: net.CIDRMask(24, 32)}, compute1IP, compute1MAC},
	} {
		must(b, n.ns.Netlink().RouteAdd(&netlink.Route{
			LinkIndex: indexOf(b, n.ns, computeLink), Scope: netlink.SCOPE_LINK, Dst: n.net,
		}))
		must(b, n.ns.AddNeighbour(computeLink, netip.MustParseAddr(n.to), n.mac))
	}
	return r
}

// newBridge joins two vxlan devices on each gateway. They flood to one address
// each, and learn.
func newBridge(b *testing.B) *rival {
	b.Helper()
	r := newRival(b, bridge, "br", false)
	bridged(b, r.gateway1, fabric1IP, compute1IP, wan1IP, wan2IP)
	bridged(b, r.gateway2, fabric2IP, compute2IP, wan2IP, wan1IP)
	return r
}

func bridged(b *testing.B, gw *netns.Namespace, fabric, node, wan string, remotes ...string) {
	b.Helper()
	must(b, gw.AddBridge("br0"))
	for _, v := range []struct {
		device  netns.VXLAN
		remotes []string
	}{
		{netns.VXLAN{Name: "vxf", VNI: fabricVNI, Local: netip.MustParseAddr(fabric), Port: 4789}, []string{node}},
		{netns.VXLAN{Name: "vxw", VNI: wanVNI, Local: netip.MustParseAddr(wan), Port: 4789}, remotes},
	} {
		var to []netip.Addr
		for _, a := range v.remotes {
			to = append(to, netip.MustParseAddr(a))
		}
		must(b, errors.Join(gw.AddVXLAN(v.device), gw.SetMTU(v.device.Name, 1450), gw.Enslave(v.device.Name, "br0"), gw.SetFlood(v.device.Name, to)))
	}
}

// newOurs has our program forward, with its maps as vtepd would fill them.
func newOurs(b *testing.B, name string) *rival {
	b.Helper()
	r := newRival(b, name, map[string]string{oursTC: "our", oursXDP: "ourx"}[name], false)
	r.xdp = name == oursXDP
	g1 := gateway{r.gateway1, side{fabric1IP, fabricLink, fabric1MAC}, side{wan1IP, wanLink, wan1MAC}}
	g2 := gateway{r.gateway2, side{fabric2IP, fabricLink, fabric2MAC}, side{wan2IP, wanLink, wan2MAC}}
	g1.ours(b, peers{compute1IP: compute1MAC}, peers{wan2IP: wan2MAC}, r.xdp)
	g2.ours(b, peers{compute2IP: compute2MAC}, peers{wan1IP: wan1MAC}, r.xdp)
	return r
}

// side is one side of a gateway.
type side struct {
	ip, link string
	mac      ethernet.MAC
}

// gateway is a node that is to be a gateway of ours.
type gateway struct {
	*netns.Namespace
	fabric, wan side
}

// host is a MAC behind a tunnel address.
type host struct {
	mac    ethernet.MAC
	remote string
}

// peers are tunnel addresses and the MACs of their next hops.
type peers map[string]ethernet.MAC

// ours runs a datapath with one network on a gateway, and gives the directory of
// what it pins. Some MACs may be behind the remotes named.
func (g gateway) ours(b *testing.B, nodes, remotes peers, xdp bool, known ...host) (dir string) {
	b.Helper()
	network := forwarding.Network{Name: "n", Tunnels: map[forwarding.Endpoint]forwarding.Tunnel{}, FDB: map[ethernet.MAC]forwarding.Endpoint{}}
	hops := map[datapath.Pair]datapath.NextHop{}
	add := func(group forwarding.Group, s side, vni uint32, to peers) {
		index := indexOf(b, g.Namespace, s.link)
		for remote, mac := range to {
			local, remote := netip.MustParseAddr(s.ip), netip.MustParseAddr(remote)
			e := forwarding.To(hwvtep.VXLANOverIPv4, remote, vni)
			network.Tunnels[e] = forwarding.Tunnel{Group: group, Local: local, Flood: true}
			hops[datapath.Pair{Local: local, Remote: remote}] = datapath.NextHop{IfIndex: index, Src: s.mac, Dst: mac, MTU: 1500, Resolved: true}
			for _, h := range known {
				if h.remote == remote.String() {
					network.FDB[h.mac] = e
				}
			}
		}
	}
	add(forwarding.Fabric, g.fabric, fabricVNI, nodes)
	add(forwarding.WAN, g.wan, wanVNI, remotes)
	cfg := datapath.Config{PinDir: filepath.Join(testenv.BPFFS(b), "gw"), Interfaces: []string{g.fabric.link, g.wan.link}, GRO: true}
	if xdp {
		cfg.XDP = map[string]datapath.XDPMode{g.fabric.link: datapath.XDPNative, g.wan.link: datapath.XDPNative}
	}
	var d *datapath.Datapath
	must(b, g.Do(func() (err error) {
		if d, err = datapath.Open(cfg); err != nil {
			return err
		}
		return errors.Join(d.SetNextHops(hops), d.Ensure())
	}))
	b.Cleanup(func() { must(b, errors.Join(d.Close(), g.Do(func() error { return datapath.Remove(cfg.PinDir) }))) })
	for name, err := range d.Apply(map[string]*forwarding.Network{"n": &network}) {
		b.Fatalf("%s: %v", name, err)
	}
	return cfg.PinDir
}

// putTogether has the kernel put together what comes in tunnels (GRO), as it does
// beside ours: the socket of such a device makes it look inside.
func putTogether(b *testing.B, gw *netns.Namespace) {
	b.Helper()
	must(b, gw.AddLink(&netlink.Vxlan{LinkAttrs: netlink.LinkAttrs{Name: "gro"}, FlowBased: true, Port: 4789}))
}
