package datapath

import (
	"encoding/binary"
	"net"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"landbridge/internal/ethernet"
	"landbridge/internal/lab/netns"
)

// constants are what the benchmark's programs are loaded with.
type constants struct {
	frame           []byte // what the source sends and the drivers show
	out             uint32 // interface index
	networks, hosts uint32 // what the drivers choose from; 0: one
	firstVNI        uint32 // 0: one
}

// load loads the benchmark's programs, with counters of their own.
func load(b *testing.B, c constants) *benchObjects {
	b.Helper()
	spec, err := loadBench()
	must(b, err)
	var words [14]uint64
	for i := 0; i+8 <= len(c.frame) && i < 8*len(words); i += 8 {
		words[i/8] = binary.LittleEndian.Uint64(c.frame[i:])
	}
	must(b, spec.Variables["frame"].Set(words))
	must(b, spec.Variables["out_ifindex"].Set(c.out))
	must(b, spec.Variables["networks"].Set(max(c.networks, 1)))
	must(b, spec.Variables["hosts"].Set(max(c.hosts, 1)))
	must(b, spec.Variables["first_vni"].Set(max(c.firstVNI, 1)))
	objects := &benchObjects{}
	must(b, spec.LoadAndAssign(objects, nil))
	b.Cleanup(func() { _ = objects.Close() })
	return objects
}

// onIngress attaches a program to what arrives by a link, by TC or by XDP, and
// gives what takes it off.
func onIngress(b *testing.B, ns *netns.Namespace, name string, program *ebpf.Program) (detach func()) {
	b.Helper()
	var l link.Link
	must(b, ns.Do(func() (err error) {
		i, err := net.InterfaceByName(name)
		if err != nil {
			return err
		}
		if program.Type() == ebpf.XDP {
			l, err = link.AttachXDP(link.XDPOptions{Interface: i.Index, Program: program, Flags: link.XDPDriverMode})
			return err
		}
		l, err = link.AttachTCX(link.TCXOptions{Interface: i.Index, Program: program, Attach: ebpf.AttachTCXIngress, Anchor: link.Head()})
		return err
	}))
	b.Cleanup(func() { _ = l.Close() }) // where detach has not
	return func() { must(b, l.Close()) }
}

// arrivedAt tells how many packets have reached a sink.
func arrivedAt(b *testing.B, sink *benchObjects) (n uint64) {
	b.Helper()
	must(b, sink.Arrived.Get(&n))
	return n
}

// outer is what the small packets differ in: addresses and key of the tunnel.
type outer struct {
	src, dst       ethernet.MAC
	srcIP, dstIP   string
	vni            uint32
	innerDst, from ethernet.MAC
}

// packet makes a small packet in a tunnel: 62 bytes of UDP inside, 66 with their
// checksum, and outside no UDP checksum.
func (o outer) packet(b *testing.B) []byte {
	b.Helper()
	ip := func(src, dst string) *layers.IPv4 {
		return &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolUDP, SrcIP: net.ParseIP(src), DstIP: net.ParseIP(dst)}
	}
	options := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	buf, innerIP := gopacket.NewSerializeBuffer(), ip(host1IP, host2IP)
	udp := &layers.UDP{SrcPort: 5000, DstPort: 5000}
	must(b, udp.SetNetworkLayerForChecksum(innerIP))
	must(b, gopacket.SerializeLayers(buf, options,
		&layers.Ethernet{SrcMAC: o.from[:], DstMAC: o.innerDst[:], EthernetType: layers.EthernetTypeIPv4},
		innerIP, udp, gopacket.Payload(make([]byte, 20))))
	inner, outerIP := buf.Bytes(), ip(o.srcIP, o.dstIP)
	udp = &layers.UDP{SrcPort: 50000, DstPort: 4789}
	must(b, udp.SetNetworkLayerForChecksum(outerIP))
	buf = gopacket.NewSerializeBuffer()
	must(b, gopacket.SerializeLayers(buf, options,
		&layers.Ethernet{SrcMAC: o.src[:], DstMAC: o.dst[:], EthernetType: layers.EthernetTypeIPv4}, outerIP, udp,
		&layers.VXLAN{ValidIDFlag: true, VNI: o.vni}, gopacket.Payload(inner)))
	out := buf.Bytes()
	out[40], out[41] = 0, 0
	return out
}

func must(b testing.TB, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
