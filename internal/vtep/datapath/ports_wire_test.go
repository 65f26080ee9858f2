package datapath

import (
	"encoding/binary"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"testing"
	"time"
	"unsafe"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"golang.org/x/sys/unix"

	"landbridge/internal/ethernet"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/vtep/forwarding"
)

// metal is a gateway with an underlay, as wire has it, and two ports p1 and p2,
// whose interfaces are eth1 and eth2; server1 and server2 are at their far ends.
type metal struct {
	*wire
	d       *Datapath
	dir     string
	under   *server // the far end of the underlay
	servers map[string]*server
}

// server is the far end of a port.
type server struct {
	t  testing.TB
	fd int
}

// Servers: s1 is behind port p1, s2 behind p2.
var (
	hostS1 = ethernet.MAC{0x52, 0x54, 0, 0, 0, 1}
	hostS2 = ethernet.MAC{0x52, 0x54, 0, 0, 0, 2}
)

func onPort() forwarding.Tunnel { return forwarding.Tunnel{Group: forwarding.Ports, Flood: true} }

// redWithPorts is red with VLAN 100 of p1, untagged frames of p2 and VLAN 200 of p2.
func redWithPorts() *forwarding.Network {
	n := red()
	n.Tunnels[forwarding.OnPort("p1", 100)] = onPort()
	n.Tunnels[forwarding.OnPort("p2", 0)] = onPort()
	n.Tunnels[forwarding.OnPort("p2", 200)] = onPort()
	return n
}

func newMetal(t testing.TB, networks ...*forwarding.Network) *metal {
	t.Helper()
	m := &metal{wire: newWire(t), dir: filepath.Join(testenv.BPFFS(t), "gw"), servers: map[string]*server{}}
	m.under = m.farEnd("far")
	m.plug("1")
	m.plug("2")
	m.open()
	m.program(networks...)
	return m
}

// plug makes a port's interface and its far end.
func (m *metal) plug(number string) {
	m.t.Helper()
	testenv.Veth(m.t, m.gw, "eth"+number, m.peer, "server"+number)
	m.servers["p"+number] = m.farEnd("server" + number)
}

func (m *metal) farEnd(link string) *server {
	m.t.Helper()
	s := &server{t: m.t}
	m.peer.Do(func() { s.fd = rawSocket(m.t, m.peer.Link(link).Attrs().Index) })
	return s
}

// carried is a packet of a tunnel, with the frame inside as it is.
type carried struct {
	dstMAC, srcMAC ethernet.MAC
	ip             *layers.IPv4
	udp            *layers.UDP
	frame          []byte
}

// sendFrame sends a frame in a packet of the tunnel that another one shows.
func (m *metal) sendFrame(as packet, frame []byte) {
	m.t.Helper()
	as.dstMAC = m.gateway
	eth := &layers.Ethernet{SrcMAC: as.srcMAC[:], DstMAC: as.dstMAC[:], EthernetType: layers.EthernetTypeIPv4}
	ip := &layers.IPv4{Version: 4, TTL: 17, Protocol: layers.IPProtocolUDP, SrcIP: net.ParseIP(as.src), DstIP: net.ParseIP(as.dst)}
	udp := &layers.UDP{SrcPort: 50123, DstPort: 4789}
	if err := udp.SetNetworkLayerForChecksum(ip); err != nil {
		m.t.Fatal(err)
	}
	m.under.send(serialized(m.t, eth, ip, udp, &layers.VXLAN{ValidIDFlag: true, VNI: as.vni}, gopacket.Payload(frame)))
}

func serialized(t testing.TB, stack ...gopacket.SerializableLayer) []byte {
	t.Helper()
	buf := gopacket.NewSerializeBuffer()
	opts := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(buf, opts, stack...); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// arrived gives what came out of tunnels, by tunnel, with right checksums.
func (m *metal) arrived(atLeast int) map[forwarding.Endpoint][]carried {
	m.t.Helper()
	out := map[forwarding.Endpoint][]carried{}
	for _, b := range m.under.received(atLeast) {
		g := gopacket.NewPacket(b, layers.LayerTypeEthernet, gopacket.Lazy)
		udp, ok := g.Layer(layers.LayerTypeUDP).(*layers.UDP)
		if !ok || udp.DstPort != 4789 {
			continue // the kernel's own: ARP, ICMP
		}
		eth, ip := g.Layer(layers.LayerTypeEthernet).(*layers.Ethernet), g.Layer(layers.LayerTypeIPv4).(*layers.IPv4)
		if err, check := ip.VerifyChecksum(); err != nil || !check.Valid || int(ip.Length) != len(b)-14 || int(udp.Length) != len(b)-34 {
			m.t.Fatalf("checksum %+v (%v) or length %d, %d of %x", check, err, ip.Length, udp.Length, b)
		}
		e := at(ip.DstIP.String(), binary.BigEndian.Uint32(udp.Payload[4:])>>8)
		out[e] = append(out[e], carried{ethernet.MAC(eth.DstMAC), ethernet.MAC(eth.SrcMAC), ip, udp, udp.Payload[8:]})
	}
	return out
}

func (m *metal) open() {
	m.t.Helper()
	m.gw.Do(func() {
		m.d = openWith(m.t, Config{
			PinDir: m.dir, Interfaces: []string{"under"}, Ports: map[string]string{"p1": "eth1", "p2": "eth2"}, Segmenter: true,
			Logger: slog.New(slog.DiscardHandler), Sizes: Sizes{Tunnels: 512, Networks: 64, NextHops: 512, FDB: 1024},
		})
	})
	d := m.d
	m.t.Cleanup(func() { closed(m.t, d) })
}

// program makes the datapath have these networks and no others.
func (m *metal) program(networks ...*forwarding.Network) {
	m.t.Helper()
	m.gw.Do(func() {
		want := map[string]forwarding.Network{}
		for _, n := range networks {
			want[n.Name] = *n
		}
		m.d.apply(m.t, forwarding.Changes(m.d.Networks(), want))
		m.resolve(m.d)
	})
}

// rawSocket hears all frames that come by a link, with their tags.
func rawSocket(t testing.TB, ifIndex int) int {
	t.Helper()
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	timeout := unix.NsecToTimeval(int64(100 * time.Millisecond))
	if err := errors.Join(
		unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1),
		unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_AUXDATA, 1),
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout),
		unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: ethPAll, Ifindex: ifIndex}),
	); err != nil {
		t.Fatal(err)
	}
	return fd
}

func (s *server) send(frame []byte) {
	s.t.Helper()
	if _, err := unix.Write(s.fd, frame); err != nil {
		s.t.Fatal(err)
	}
}

// received gives the frames that came, tags and all: at least so many, until
// there is silence.
func (s *server) received(atLeast int) [][]byte {
	s.t.Helper()
	var out [][]byte
	buf, oob := make([]byte, 65536), make([]byte, 256)
	for deadline := time.Now().Add(10 * time.Second); ; {
		n, oobn, _, _, err := unix.Recvmsg(s.fd, buf, oob, 0)
		if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
			if len(out) >= atLeast || time.Now().After(deadline) {
				return out
			}
			continue
		}
		if err != nil {
			s.t.Fatal(err)
		}
		out = append(out, withTag(s.t, append([]byte(nil), buf[:n]...), oob[:oobn]))
	}
}

// withTag puts a tag back that the kernel has taken off.
func withTag(t testing.TB, frame, oob []byte) []byte {
	t.Helper()
	msgs, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range msgs {
		if m.Header.Level != unix.SOL_PACKET || m.Header.Type != unix.PACKET_AUXDATA {
			continue
		}
		aux := (*unix.TpacketAuxdata)(unsafe.Pointer(&m.Data[0]))
		if aux.Status&unix.TP_STATUS_VLAN_VALID != 0 {
			return tagged(frame, aux.Vlan_tpid, aux.Vlan_tci)
		}
	}
	return frame
}

// tagged puts a tag before what the frame has.
func tagged(frame []byte, tpid, tci uint16) []byte {
	out := append([]byte(nil), frame[:12]...)
	out = binary.BigEndian.AppendUint16(out, tpid)
	out = binary.BigEndian.AppendUint16(out, tci)
	return append(out, frame[12:]...)
}

// etherFrame is an Ethernet frame, untagged.
func etherFrame(src, dst ethernet.MAC, etherType uint16, payload string) []byte {
	out := append(dst[:], src[:]...)
	out = binary.BigEndian.AppendUint16(out, etherType)
	return append(out, payload...)
}
