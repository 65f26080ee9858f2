package datapath

import (
	"bytes"
	"fmt"
	"maps"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/vtep/forwarding"
)

// Addresses inside the network of the servers at ports.
const (
	ipS1, ipS2   = "192.168.7.31", "192.168.7.32"
	ip6S1, ip6S2 = "fd00::31", "fd00::32"
)

// guardedMetal is a gateway with two ports, one tagged and one not, and a tunnel
// to the WAN of any encapsulation. All hosts are known.
type guardedMetal struct {
	*metal
	n   *forwarding.Network
	e   hwvtep.Encapsulation
	far side // the WAN
}

// atPort is a server behind a port.
type atPort struct {
	side
	*server
	vlan uint16 // 0: untagged
	link string // the gateway's
}

func (m *guardedMetal) ports() [2]atPort {
	s1 := side{name: "tagged port", host: hostS1, other: hostX, ip4: ipS1, ip6: ip6S1, other4: ipX, other6: ip6X}
	s2 := side{name: "untagged port", host: hostS2, other: hostX, ip4: ipS2, ip6: ip6S2, other4: ipX, other6: ip6X}
	return [2]atPort{{s1, m.servers["p1"], 100, "eth1"}, {s2, m.servers["p2"], 0, "eth2"}}
}

// sends puts a frame on the server's link as the port wants it.
func (p atPort) sends(frame []byte) { p.send(p.onLink(frame)) }

func (p atPort) onLink(frame []byte) []byte {
	if p.vlan == 0 {
		return frame
	}
	return tagged(frame, 0x8100, p.vlan)
}

// gets wants the next frame at the server.
func (p atPort) gets(what string, frame []byte) {
	p.t.Helper()
	if got, want := p.next(), p.onLink(frame); !bytes.Equal(got, want) {
		p.t.Errorf("%s: the %s gets\n%x, want\n%x", what, p.name, got, want)
	}
}

// next waits for a frame.
func (s *server) next() []byte {
	s.t.Helper()
	buf, oob := make([]byte, 65536), make([]byte, 256)
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		if n, oobn, _, _, err := unix.Recvmsg(s.fd, buf, oob, 0); err == nil {
			return withTag(s.t, append([]byte(nil), buf[:n]...), oob[:oobn])
		}
	}
	s.t.Error("no frame")
	return nil
}

// wanGets wants the next packet of the WAN.
func (m *guardedMetal) wanGets(t *testing.T, what string, frame []byte) {
	t.Helper()
	want := m.far
	want.leaving.tos = 0
	want.wants(t, what, forwarded, m.under.next(), is(frame))
}

// wanSends puts a frame into the tunnel.
func (m *guardedMetal) wanSends(t *testing.T, frame []byte) {
	t.Helper()
	b := m.far.carrying(t, frame)
	copy(b, m.gateway[:])
	m.under.send(b)
}

// set programs the network, changed, with a way to the WAN of that MTU, and
// interfaces of ports of that.
func (m *guardedMetal) set(t *testing.T, wanMTU, portMTU int, change func(*forwarding.Network)) {
	t.Helper()
	n := *m.n
	n.Tunnels = maps.Clone(n.Tunnels)
	change(&n)
	for _, p := range m.ports() {
		if err := m.gw.Netlink().LinkSetMTU(m.gw.Link(p.link), portMTU); err != nil {
			t.Fatal(err)
		}
	}
	m.hop.MTU = wanMTU
	m.program(&n)
}

// overPortsAndEncapsulations runs a test with a tunnel of each encapsulation and
// each port.
func overPortsAndEncapsulations(t *testing.T, test func(*testing.T, *guardedMetal, atPort)) {
	base := newMetal(t)
	for _, e := range hwvtep.Encapsulations() {
		c := guardedCrossing{in: hwvtep.VXLANOverIPv4, out: e}
		tunnel := c.wan()
		n := model("n", tunnels{
			tunnel:                       {Group: forwarding.WAN, Local: addr(c.sides()[1].arriving.dst), Flood: true},
			forwarding.OnPort("p1", 100): onPort(), forwarding.OnPort("p2", 0): onPort(),
		}, entries{hostX: tunnel, hostS1: forwarding.OnPort("p1", 100), hostS2: forwarding.OnPort("p2", 0)})
		n.Neighbours = map[netip.Addr]ethernet.MAC{
			addr(ipX): hostX, addr(ip6X): hostX, addr(ipS1): hostS1, addr(ip6S1): hostS1, addr(ipS2): hostS2, addr(ip6S2): hostS2,
		}
		n.Gateways.Add(addr(router4))
		n.Gateways.Add(addr(router6))
		n.Routers.Add(routerMAC)
		m := &guardedMetal{base, n, e, c.sides()[1]}
		for _, p := range m.ports() {
			n.Name = fmt.Sprint(e, ", ", p.name) // what a network has spent is spent
			t.Run(n.Name, func(t *testing.T) { test(t, m, p) })
		}
	}
}
