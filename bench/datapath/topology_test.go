package datapath

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"unsafe"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"landbridge/internal/ethernet"
	"landbridge/internal/lab/netns"
	"landbridge/internal/lab/testenv"
)

// The links: a compute node has one, a gateway two.
const (
	computeLink = "eth0"
	fabricLink  = "fabric0"
	wanLink     = "wan0"
)

// Tunnel addresses and keys. Inside, hosts are 192.168.7.1 and .2.
const (
	compute1IP, compute2IP        = "10.0.0.11", "10.1.0.11"
	fabric1IP, fabric2IP          = "10.0.0.1", "10.1.0.1"
	wan1IP, wan2IP                = "203.0.113.1", "203.0.113.2"
	host1IP, host2IP              = "192.168.7.1", "192.168.7.2"
	fabricVNI, wanVNI      uint32 = 123, 456
)

// Addresses of the links.
var (
	compute1MAC = ethernet.MAC{2, 0, 0, 0, 1, 0x11}
	fabric1MAC  = ethernet.MAC{2, 0, 0, 0, 1, 1}
	wan1MAC     = ethernet.MAC{2, 0, 0, 0, 9, 1}
	wan2MAC     = ethernet.MAC{2, 0, 0, 0, 9, 2}
	fabric2MAC  = ethernet.MAC{2, 0, 0, 0, 2, 1}
	compute2MAC = ethernet.MAC{2, 0, 0, 0, 2, 0x11}
	host1MAC    = ethernet.MAC{0xfa, 0x16, 0x3e, 0, 0, 1}
	host2MAC    = ethernet.MAC{0xfa, 0x16, 0x3e, 0, 0, 2}
)

// world is compute – gateway – WAN – gateway – compute, and who forwards there.
type world struct {
	compute1, gateway1, gateway2, compute2 *netns.Namespace
}

// newWorld makes links and addresses; nothing forwards yet.
func newWorld(b *testing.B, label string) *world {
	b.Helper()
	w := &world{
		testenv.Namespace(b, label+"-c1"), testenv.Namespace(b, label+"-g1"),
		testenv.Namespace(b, label+"-g2"), testenv.Namespace(b, label+"-c2"),
	}
	for _, ns := range []*netns.Namespace{w.compute1, w.gateway1, w.gateway2, w.compute2} {
		must(b, ns.NoIPv6())
	}
	join(b, end{w.compute1, computeLink, compute1MAC, compute1IP}, end{w.gateway1, fabricLink, fabric1MAC, fabric1IP})
	join(b, end{w.gateway1, wanLink, wan1MAC, wan1IP}, end{w.gateway2, wanLink, wan2MAC, wan2IP})
	join(b, end{w.compute2, computeLink, compute2MAC, compute2IP}, end{w.gateway2, fabricLink, fabric2MAC, fabric2IP})
	return w
}

// end is one end of a link.
type end struct {
	ns   *netns.Namespace
	name string
	mac  ethernet.MAC
	ip   string
}

// join makes a link whose ends know each other's MACs. GRO gives each end NAPI,
// without which it takes nothing that XDP sends.
func join(b *testing.B, one, two end) {
	b.Helper()
	must(b, netns.Veth(one.ns, one.name, two.ns, two.name))
	for _, e := range []struct{ here, there end }{{one, two}, {two, one}} {
		must(b, e.here.ns.SetMAC(e.here.name, e.here.mac))
		must(b, e.here.ns.AddAddr(e.here.name, netip.PrefixFrom(netip.MustParseAddr(e.here.ip), 24)))
		must(b, e.here.ns.AddNeighbour(e.here.name, netip.MustParseAddr(e.there.ip), e.there.mac))
		must(b, ethtool(e.here.ns, e.here.name, unix.ETHTOOL_SGRO, 1))
	}
}

// overlay gives both compute nodes a host each, in a tunnel to some address.
// remoteIP is the address that each node sends to.
func (w *world) overlay(b *testing.B, remote1, remote2 string) {
	b.Helper()
	for _, n := range []struct {
		ns                       *netns.Namespace
		local, remote, host, far string
		mac, farMAC              ethernet.MAC
	}{
		{w.compute1, compute1IP, remote1, host1IP, host2IP, host1MAC, host2MAC},
		{w.compute2, compute2IP, remote2, host2IP, host1IP, host2MAC, host1MAC},
	} {
		tunnel := netns.VXLAN{Name: "vx", VNI: fabricVNI, Local: netip.MustParseAddr(n.local), Port: 4789}
		must(b, errors.Join(
			n.ns.AddVXLAN(tunnel),
			n.ns.SetMAC("vx", n.mac),
			n.ns.SetMTU("vx", 1450),
			n.ns.SetFlood("vx", []netip.Addr{netip.MustParseAddr(n.remote)}),
			n.ns.AddAddr("vx", netip.PrefixFrom(netip.MustParseAddr(n.host), 24)),
			n.ns.AddNeighbour("vx", netip.MustParseAddr(n.far), n.farMAC),
		))
	}
}

// wireSize has the first compute node put nothing but whole packets on its link,
// or (not on) leave the cutting to whoever is last.
func (w *world) wireSize(b *testing.B, on bool) {
	b.Helper()
	value := uint32(1)
	if on {
		value = 0
	}
	for _, feature := range []uint32{unix.ETHTOOL_STSO, unix.ETHTOOL_SGSO, unix.ETHTOOL_SGRO} {
		must(b, ethtool(w.compute1, computeLink, feature, value))
	}
}

// ethtool sets one value of a link.
func ethtool(ns *netns.Namespace, name string, command, value uint32) error {
	data := [2]uint32{command, value}
	request := struct {
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [16]byte // the rest of struct ifreq
	}{data: unsafe.Pointer(&data)}
	copy(request.name[:unix.IFNAMSIZ-1], name)
	return ns.Do(func() error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer func() { _ = unix.Close(fd) }()
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request))); errno != 0 {
			return fmt.Errorf("set feature %#x of %s in %s: %w", command, name, ns.Name, errno)
		}
		return nil
	})
}

// indexOf gives the index of a link.
func indexOf(b *testing.B, ns *netns.Namespace, name string) int {
	b.Helper()
	var l netlink.Link
	l, err := ns.Link(name)
	must(b, err)
	return l.Attrs().Index
}
