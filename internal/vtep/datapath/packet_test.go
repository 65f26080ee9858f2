package datapath

import (
	"encoding/binary"
	"net"
	"net/netip"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"landbridge/internal/ethernet"
)

// Verdicts of the program.
const (
	passed    = 0xffffffff // TC_ACT_UNSPEC: left to the kernel
	dropped   = 2          // TC_ACT_SHOT
	forwarded = 7          // TC_ACT_REDIRECT
)

// packet is a tunnelled frame, as the tests write it and read it. The zero
// destination MAC of the outer frame is that of the loopback device, by which
// test runs arrive.
type packet struct {
	dstMAC, srcMAC      ethernet.MAC
	src, dst            string
	tos, ttl            uint8
	id                  uint16
	df                  bool
	srcPort, dstPort    uint16
	checksum            bool // of UDP
	vni                 uint32
	innerSrc, innerDst  ethernet.MAC
	payload             string
	innerVLAN           uint16
	moreFragments       bool
	fragmentOffset      uint16
	options             int // words
	udpLength, ipLength uint16
	flags               uint8 // of VXLAN; 0: as they should be
	reserved            bool  // sets all reserved bits of VXLAN but those of the flags
}

// build writes the packet with right lengths and checksums, but for what is
// set otherwise.
func (p packet) build(t testing.TB) []byte {
	t.Helper()
	eth := &layers.Ethernet{SrcMAC: p.srcMAC[:], DstMAC: p.dstMAC[:], EthernetType: layers.EthernetTypeIPv4}
	ip := &layers.IPv4{
		Version: 4, TOS: p.tos, TTL: or(p.ttl, 17), Id: p.id, Protocol: layers.IPProtocolUDP,
		SrcIP: net.ParseIP(p.src), DstIP: net.ParseIP(p.dst), FragOffset: p.fragmentOffset,
	}
	if p.df {
		ip.Flags |= layers.IPv4DontFragment
	}
	if p.moreFragments {
		ip.Flags |= layers.IPv4MoreFragments
	}
	for range p.options {
		ip.Options = append(ip.Options, layers.IPv4Option{OptionType: 1}, layers.IPv4Option{OptionType: 1},
			layers.IPv4Option{OptionType: 1}, layers.IPv4Option{OptionType: 1})
	}
	udp := &layers.UDP{SrcPort: layers.UDPPort(or(p.srcPort, 50123)), DstPort: layers.UDPPort(or(p.dstPort, 4789))}
	vxlan := &layers.VXLAN{ValidIDFlag: true, VNI: p.vni}
	inner := &layers.Ethernet{SrcMAC: p.innerSrc[:], DstMAC: p.innerDst[:], EthernetType: 0x88b5}
	stack := []gopacket.SerializableLayer{eth, ip, udp, vxlan, inner}
	if p.innerVLAN != 0 {
		inner.EthernetType = layers.EthernetTypeDot1Q
		stack = append(stack, &layers.Dot1Q{VLANIdentifier: p.innerVLAN, Type: 0x88b5})
	}
	stack = append(stack, gopacket.Payload(p.payload))
	if err := udp.SetNetworkLayerForChecksum(ip); err != nil {
		t.Fatal(err)
	}
	buf := gopacket.NewSerializeBuffer()
	opts := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(buf, opts, stack...); err != nil {
		t.Fatal(err)
	}
	return p.distort(buf.Bytes())
}

// distort sets what the serializer would set right.
func (p packet) distort(b []byte) []byte {
	udp := 34 + 4*p.options
	if !p.checksum {
		b[udp+6], b[udp+7] = 0, 0
	}
	if p.udpLength != 0 {
		binary.BigEndian.PutUint16(b[udp+4:], p.udpLength)
	}
	if p.ipLength != 0 {
		binary.BigEndian.PutUint16(b[16:], p.ipLength)
	}
	if p.flags != 0 {
		b[udp+8] = p.flags
	}
	if p.reserved {
		copy(b[udp+9:], "\xff\xff\xff")
		b[udp+15] = 0xff
	}
	return b
}

// decode reads a packet and checks its checksums.
func decode(t testing.TB, b []byte) packet {
	t.Helper()
	g := gopacket.NewPacket(b, layers.LayerTypeEthernet, gopacket.Default)
	vxlan, ok := g.Layer(layers.LayerTypeVXLAN).(*layers.VXLAN)
	if !ok {
		t.Fatalf("no VXLAN in %x: %v", b, g.ErrorLayer())
	}
	if wrong := wrongChecksums(t, g, true); len(wrong) > 0 {
		t.Fatalf("wrong checksums in %x: %+v", b, wrong)
	}
	eth := g.Layer(layers.LayerTypeEthernet).(*layers.Ethernet)
	ip := g.Layer(layers.LayerTypeIPv4).(*layers.IPv4)
	udp := g.Layer(layers.LayerTypeUDP).(*layers.UDP)
	inner := gopacket.NewPacket(vxlan.Payload, layers.LayerTypeEthernet, gopacket.Default).Layers()
	innerEth := inner[0].(*layers.Ethernet)
	p := packet{
		dstMAC: ethernet.MAC(eth.DstMAC), srcMAC: ethernet.MAC(eth.SrcMAC),
		src: ip.SrcIP.String(), dst: ip.DstIP.String(), tos: ip.TOS, ttl: ip.TTL, id: ip.Id,
		df:      ip.Flags&layers.IPv4DontFragment != 0,
		srcPort: uint16(udp.SrcPort), dstPort: uint16(udp.DstPort), checksum: udp.Checksum != 0,
		vni: vxlan.VNI, innerSrc: ethernet.MAC(innerEth.SrcMAC), innerDst: ethernet.MAC(innerEth.DstMAC),
		payload:  string(innerEth.Payload),
		reserved: vxlan.Contents[1]|vxlan.Contents[2]|vxlan.Contents[3]|vxlan.Contents[7] != 0,
	}
	if tag, ok := inner[min(1, len(inner)-1)].(*layers.Dot1Q); ok {
		p.innerVLAN, p.payload = tag.VLANIdentifier, string(tag.Payload)
	}
	return p
}

// wrongChecksums gives those of the first layers that are wrong; of all, where
// outer is not asked for.
func wrongChecksums(t testing.TB, g gopacket.Packet, outer bool) (wrong []gopacket.ChecksumMismatch) {
	t.Helper()
	var network gopacket.NetworkLayer
	for _, l := range g.Layers() {
		if n, ok := l.(gopacket.NetworkLayer); ok {
			network = n
		}
		c, ok := l.(interface {
			SetNetworkLayerForChecksum(l gopacket.NetworkLayer) error
		})
		if !ok {
			continue
		}
		if err := c.SetNetworkLayerForChecksum(network); err != nil {
			t.Fatal(err)
		}
	}
	err, all := g.VerifyChecksums()
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range all {
		if !outer || w.LayerIndex <= outerLayers {
			wrong = append(wrong, w)
		}
	}
	return wrong
}

// outerLayers is the index of UDP in a tunnelled packet.
const outerLayers = 2

// skbuff is the start of struct __sk_buff, for test runs.
type skbuff struct {
	_        [4]uint32
	Protocol uint32
	_        [5]uint32
	IfIndex  uint32
	_        [30]uint32
	GSOSegs  uint32
	_        [2]uint32
	GSOSize  uint32
	_        [3]uint32
}

// run gives the verdict on a packet and what has become of it.
func (d *Datapath) run(t testing.TB, in []byte) (verdict uint32, out []byte) {
	t.Helper()
	return d.runAs(t, in, skbuff{IfIndex: 1})
}

func (d *Datapath) runAs(t testing.TB, in []byte, ctx skbuff) (verdict uint32, out []byte) {
	t.Helper()
	return runProgram(t, d.kernel.LandbridgeIngress, in, ctx)
}

// runPort is run for a frame that arrives by the interface of port p1, untagged.
func (d *Datapath) runPort(t testing.TB, in []byte) (verdict uint32, out []byte) {
	t.Helper()
	return runProgram(t, d.kernel.LandbridgePort, in, d.byTestPort())
}

func runProgram(t testing.TB, program *ebpf.Program, in []byte, ctx skbuff) (verdict uint32, out []byte) {
	t.Helper()
	opts := &ebpf.RunOptions{Data: in, DataOut: make([]byte, len(in)+256), Context: ctx}
	verdict, err := program.Run(opts)
	if err != nil {
		t.Fatalf("run the program on %x: %v", in, err)
	}
	return verdict, opts.DataOut
}

func or[T comparable](v, other T) T {
	var zero T
	if v == zero {
		return other
	}
	return v
}

func addr(s string) netip.Addr  { return netip.MustParseAddr(s) }
func mac(s string) ethernet.MAC { return ethernet.MustParseMAC(s) }
