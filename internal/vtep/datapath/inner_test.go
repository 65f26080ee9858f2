package datapath

import (
	"net"
	"net/netip"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"landbridge/internal/ethernet"
	"landbridge/internal/vtep/forwarding"
)

// Addresses inside the networks, of the hosts of setup_test.go.
const (
	ipA, ipB, ipX    = "192.168.7.10", "192.168.7.11", "192.168.7.26"
	ip6A, ip6B, ip6X = "fd00::a", "fd00::b", "fd00::1a"
	router4, router6 = "192.168.7.1", "fe80::1"
)

var routerMAC = ethernet.MAC{0xfa, 0x16, 0x3e, 0, 0, 1}

// guarded is red with addresses that are known, on both sides.
func guarded(changes ...func(*forwarding.Network)) *forwarding.Network {
	n := red()
	n.Neighbours = map[netip.Addr]ethernet.MAC{
		addr(ipA): hostA, addr(ip6A): hostA, addr(ipX): hostX, addr(ip6X): hostX,
	}
	n.Gateways, n.Routers = map[netip.Addr]struct{}{}, map[ethernet.MAC]struct{}{}
	for _, change := range changes {
		change(n)
	}
	return n
}

func withGuarded(t testing.TB, changing ...func(*forwarding.Network)) *Datapath {
	t.Helper()
	d := open(t)
	d.apply(t, changes{"red": guarded(changing...)})
	d.resolve(t)
	return d
}

// framed writes an Ethernet frame, lengths and checksums right.
func framed(t testing.TB, src, dst ethernet.MAC, stack ...gopacket.SerializableLayer) []byte {
	t.Helper()
	eth := &layers.Ethernet{SrcMAC: src[:], DstMAC: dst[:]}
	all := []gopacket.SerializableLayer{eth}
	into := &eth.EthernetType
	var network gopacket.NetworkLayer
	for _, l := range stack {
		switch l := l.(type) {
		case *layers.Dot1Q:
			*into = layers.EthernetTypeDot1Q
			into = &l.Type
		case *layers.ARP:
			*into = layers.EthernetTypeARP
		case *layers.IPv4:
			*into, network = layers.EthernetTypeIPv4, l
		case *layers.IPv6:
			*into, network = layers.EthernetTypeIPv6, l
		case interface {
			SetNetworkLayerForChecksum(l gopacket.NetworkLayer) error
		}:
			if err := l.SetNetworkLayerForChecksum(network); err != nil {
				t.Fatal(err)
			}
		}
		all = append(all, l)
	}
	buf := gopacket.NewSerializeBuffer()
	opts := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(buf, opts, all...); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// carrying writes the packet with a frame of its own inside.
func (p packet) carrying(t testing.TB, inner []byte) []byte {
	t.Helper()
	ip := &layers.IPv4{
		Version: 4, TOS: p.tos, TTL: or(p.ttl, 17), Id: p.id, Protocol: layers.IPProtocolUDP,
		SrcIP: net.ParseIP(p.src), DstIP: net.ParseIP(p.dst),
	}
	udp := &layers.UDP{SrcPort: layers.UDPPort(or(p.srcPort, 50123)), DstPort: 4789}
	vxlan := &layers.VXLAN{ValidIDFlag: true, VNI: p.vni}
	return p.distort(framed(t, p.srcMAC, p.dstMAC, ip, udp, vxlan, gopacket.Payload(inner)))
}

// inside gives the tunnel's packet and the frame in it; all checksums are right.
func inside(t testing.TB, b []byte) (packet, gopacket.Packet) {
	t.Helper()
	p := decode(t, b)
	return p, gopacket.NewPacket(b[innerAt:], layers.LayerTypeEthernet, gopacket.Default)
}

// innerAt is INNER_AT in bpf/packet.h.
const innerAt = 50

func addressing4(src, dst string, proto layers.IPProtocol) *layers.IPv4 {
	return &layers.IPv4{Version: 4, TTL: 64, Protocol: proto, SrcIP: net.ParseIP(src).To4(), DstIP: net.ParseIP(dst).To4(), Flags: layers.IPv4DontFragment}
}

func addressing6(src, dst string, next layers.IPProtocol) *layers.IPv6 {
	return &layers.IPv6{Version: 6, HopLimit: 255, NextHeader: next, SrcIP: net.ParseIP(src), DstIP: net.ParseIP(dst)}
}
