package datapath

import (
	"net"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"landbridge/internal/hwvtep"
)

// shaped is a frame in a tunnel of any encapsulation, as tests write and read
// it. What an encapsulation lacks is zero.
type shaped struct {
	encapsulation hwvtep.Encapsulation
	src, dst      string
	tos, ttl      uint8
	srcPort       uint16
	flowLabel     uint32
	checksum      bool // of UDP
	key           uint32
	frame         string
}

func (s shaped) v6() bool { return encapsulations[s.encapsulation].v6 }

func (s shaped) gre() bool { return encapsulationOf(s.encapsulation) == kernelEncapsulationENCAP_GRE }

// network gives the layers below the tunnel's own.
func (s shaped) network() (gopacket.NetworkLayer, []gopacket.SerializableLayer) {
	eth := &layers.Ethernet{SrcMAC: make([]byte, 6), DstMAC: make([]byte, 6), EthernetType: layers.EthernetTypeIPv4}
	protocol := layers.IPProtocolUDP
	if s.gre() {
		protocol = layers.IPProtocolGRE
	}
	if !s.v6() {
		ip := &layers.IPv4{Version: 4, TOS: s.tos, TTL: s.ttl, Id: 77, Protocol: protocol, SrcIP: net.ParseIP(s.src), DstIP: net.ParseIP(s.dst)}
		return ip, []gopacket.SerializableLayer{eth, ip}
	}
	eth.EthernetType = layers.EthernetTypeIPv6
	ip := &layers.IPv6{
		Version: 6, TrafficClass: s.tos, FlowLabel: s.flowLabel, HopLimit: s.ttl, NextHeader: protocol,
		SrcIP: net.ParseIP(s.src), DstIP: net.ParseIP(s.dst),
	}
	return ip, []gopacket.SerializableLayer{eth, ip}
}

func (s shaped) build(t testing.TB) []byte {
	t.Helper()
	network, stack := s.network()
	udp := &layers.UDP{SrcPort: layers.UDPPort(s.srcPort), DstPort: 4789}
	if err := udp.SetNetworkLayerForChecksum(network); err != nil {
		t.Fatal(err)
	}
	switch encapsulationOf(s.encapsulation) {
	case kernelEncapsulationENCAP_VXLAN:
		stack = append(stack, udp, &layers.VXLAN{ValidIDFlag: true, VNI: s.key})
	case kernelEncapsulationENCAP_GENEVE:
		udp.DstPort = 6081
		stack = append(stack, udp, &layers.Geneve{Protocol: layers.EthernetTypeTransparentEthernetBridging, VNI: s.key})
	case kernelEncapsulationENCAP_GRE:
		stack = append(stack, &layers.GRE{Protocol: layers.EthernetTypeTransparentEthernetBridging, KeyPresent: true, Key: s.key})
	}
	buf := gopacket.NewSerializeBuffer()
	opts := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(buf, opts, append(stack, gopacket.Payload(s.frame))...); err != nil {
		t.Fatal(err)
	}
	b := buf.Bytes()
	if udp := b[len(b)-len(s.frame)-16:]; !s.gre() && !s.checksum {
		udp[6], udp[7] = 0, 0
	}
	return b
}

// decodeShaped reads a packet, and checks the checksums and lengths of its outer
// headers: of what is inside tests know each byte.
func decodeShaped(t testing.TB, b []byte) (s shaped) {
	t.Helper()
	g := gopacket.NewPacket(b, layers.LayerTypeEthernet, gopacket.Default)
	family, kind := "", ""
	for _, l := range g.Layers() {
		var length int // by its header, of this layer and what it carries
		switch l := l.(type) {
		case *layers.IPv4:
			family, length = "_over_ipv4", int(l.Length)
			s.src, s.dst, s.tos, s.ttl = l.SrcIP.String(), l.DstIP.String(), l.TOS, l.TTL
		case *layers.IPv6:
			family, length = "_over_ipv6", int(l.Length)+40
			s.src, s.dst, s.tos, s.ttl, s.flowLabel = l.SrcIP.String(), l.DstIP.String(), l.TrafficClass, l.HopLimit, l.FlowLabel
		case *layers.UDP:
			length = int(l.Length)
			s.srcPort, s.checksum = uint16(l.SrcPort), l.Checksum != 0
		case *layers.VXLAN:
			kind, s.key, s.frame = "vxlan", l.VNI, string(l.Payload)
		case *layers.Geneve:
			kind, s.key, s.frame = "geneve", l.VNI, string(l.Payload)
		case *layers.GRE:
			kind, s.key, s.frame = "gre", l.Key, string(l.Payload)
		}
		if have := len(l.LayerContents()) + len(l.LayerPayload()); length != 0 && length != have {
			t.Fatalf("%s has %d bytes, its header says %d: %x", l.LayerType(), have, length, b)
		}
		if kind != "" {
			break
		}
	}
	s.encapsulation = hwvtep.Encapsulation(kind + family)
	if wrong := wrongChecksums(t, g, true); len(wrong) > 0 {
		t.Fatalf("wrong checksums in %x: %+v", b, wrong)
	}
	return s
}
