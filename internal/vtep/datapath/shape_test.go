package datapath

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"landbridge/internal/hwvtep"
	"landbridge/internal/vtep/forwarding"
)

// places are the ends of tunnels by family: ours and the other's on each side.
var places = map[bool]struct{ node, fabric, wan, remote string }{
	false: {nodeA, fabricIP, wanIP, remoteA},
	true:  {"2001:db8::11", "2001:db8::1", "2001:db8:f::1", "2001:db8:f::2"},
}

const (
	keyIn  = 0xabcdef
	keyOut = 0x123456
)

// crossing is a network with a tunnel of one encapsulation on the fabric and of
// another on the WAN. The program takes the loopback device, by which test runs
// arrive, for the segmenter's end: what arrives there is finished.
func crossing(t testing.TB, in, out hwvtep.Encapsulation) *Datapath {
	t.Helper()
	d := open(t)
	from, to := places[encapsulations[in].v6], places[encapsulations[out].v6]
	n := model("n", tunnels{
		by(in, from.node, keyIn): {
			Group: forwarding.Fabric, Local: addr(from.fabric), Flood: true,
		},
		by(out, to.remote, keyOut): {
			Group: forwarding.WAN, Local: addr(to.wan), Flood: true,
		},
	}, nil)
	d.apply(t, changes{"n": n})
	d.segmenter.in = 1
	hops := map[Pair]NextHop{}
	for _, p := range d.Pairs() {
		hops[p] = toWAN
	}
	if err := d.SetNextHops(hops); err != nil {
		t.Fatal(err)
	}
	ensured(t, d)
	return d
}

// frame is one with two VLAN tags, of that many bytes of payload.
func frame(t testing.TB, payload int) string {
	t.Helper()
	buf := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{},
		&layers.Ethernet{SrcMAC: hostA[:], DstMAC: hostX[:], EthernetType: layers.EthernetTypeQinQ},
		&layers.Dot1Q{VLANIdentifier: 7, Priority: 5, Type: layers.EthernetTypeDot1Q},
		&layers.Dot1Q{VLANIdentifier: 42, Type: 0x88b5},
		gopacket.Payload(strings.Repeat("\xa5\x17\xff", payload)[:payload])); err != nil {
		t.Fatal(err)
	}
	return string(buf.Bytes())
}

// Every encapsulation becomes every other: the frame is the same to the byte,
// DSCP and ECN stay, lengths and checksums are right, and UDP over IPv6 has one
// unless it came from there without.
func TestEveryEncapsulationBecomesEvery(t *testing.T) {
	for _, in := range hwvtep.Encapsulations() {
		for _, out := range hwvtep.Encapsulations() {
			t.Run(fmt.Sprint(in, " to ", out), func(t *testing.T) {
				d := crossing(t, in, out)
				for _, checksum := range []bool{false, true} {
					for _, payload := range []int{40, 41, 511, 512, 1400, 3100} {
						becomes(t, d, in, out, checksum, frame(t, payload))
					}
				}
			})
		}
	}
}

func becomes(t *testing.T, d *Datapath, in, out hwvtep.Encapsulation, checksum bool, f string) {
	t.Helper()
	from, to := places[encapsulations[in].v6], places[encapsulations[out].v6]
	sent := shaped{
		encapsulation: in, src: from.node, dst: from.fabric, tos: 0xb9, ttl: 9,
		srcPort: 51234, flowLabel: 0xabcde, checksum: checksum, key: keyIn, frame: f,
	}
	verdict, b := d.run(t, sent.build(t))
	if verdict != forwarded {
		t.Fatalf("%d bytes of frame: verdict %d", len(f), int32(verdict))
	}
	got := decodeShaped(t, b)
	want := shaped{
		encapsulation: out, src: to.wan, dst: to.remote, tos: 0xb9, ttl: 64, key: keyOut, frame: f,
		srcPort: sent.srcPort, flowLabel: got.flowLabel,
	}
	if sent.gre() {
		want.srcPort = max(got.srcPort, 0xc000)
	}
	if want.checksum = checksum && !sent.gre() || want.v6() && shapeOf(in) != shapeOf(out); want.gre() {
		want.srcPort, want.checksum = 0, false
	}
	if shapeOf(in) == shapeOf(out) && want.v6() {
		want.flowLabel = sent.flowLabel
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(shaped{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	eth := gopacket.NewPacket(b, layers.LayerTypeEthernet, gopacket.Default).LinkLayer().(*layers.Ethernet)
	if string(eth.SrcMAC) != string(toWAN.Src[:]) || string(eth.DstMAC) != string(toWAN.Dst[:]) {
		t.Errorf("from %s to %s", eth.SrcMAC, eth.DstMAC)
	}
}

// flow is a frame of an inner flow.
func flow(t testing.TB, port int) string {
	t.Helper()
	ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolUDP, SrcIP: addr(host1).AsSlice(), DstIP: addr(host2).AsSlice()}
	udp := &layers.UDP{SrcPort: layers.UDPPort(port), DstPort: 53}
	if err := udp.SetNetworkLayerForChecksum(ip); err != nil {
		t.Fatal(err)
	}
	buf := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true},
		&layers.Ethernet{SrcMAC: hostA[:], DstMAC: hostX[:], EthernetType: layers.EthernetTypeIPv4}, ip, udp, gopacket.Payload("hello")); err != nil {
		t.Fatal(err)
	}
	return string(buf.Bytes())
}

// What leaves UDP or IPv6 behind gets the entropy of its inner flow anew: always
// the same for one flow, and many for many.
func TestEntropy(t *testing.T) {
	const flows = 64
	for _, out := range []hwvtep.Encapsulation{hwvtep.VXLANOverIPv4, hwvtep.GeneveOverIPv6, hwvtep.GREOverIPv6} {
		t.Run(string(out), func(t *testing.T) {
			d := crossing(t, hwvtep.GREOverIPv4, out)
			seen := map[[2]uint32]bool{}
			for i := range 2 * flows {
				s := shaped{
					encapsulation: hwvtep.GREOverIPv4, src: nodeA, dst: fabricIP, ttl: 64, key: keyIn, frame: flow(t, 1000+i%flows),
				}
				_, b := d.run(t, s.build(t))
				// The kernel's hash, not ours, tells flows apart: in test runs too.
				seen[entropyOf(b)] = true
			}
			if len(seen) < flows*3/4 || len(seen) > flows {
				t.Errorf("%d flows have %d", flows, len(seen))
			}
		})
	}
}

// entropyOf gives what routers of the underlay hash of a packet of ours.
func entropyOf(b []byte) [2]uint32 {
	g := gopacket.NewPacket(b, layers.LayerTypeEthernet, gopacket.Lazy)
	var label, port uint32
	if ip, ok := g.NetworkLayer().(*layers.IPv6); ok {
		label = ip.FlowLabel
	}
	if udp, ok := g.TransportLayer().(*layers.UDP); ok {
		port = uint32(udp.SrcPort)
	}
	return [2]uint32{label, port}
}

// What is no plain tunnel packet is dropped for a reason of its own, where it
// was meant for a tunnel address; anywhere else it is the kernel's.
func TestBadTunnelHeaders(t *testing.T) {
	for name, test := range map[string]struct {
		encapsulation hwvtep.Encapsulation
		change        func([]byte) []byte
		want          Reason // "": passed
	}{
		"Geneve options":         {hwvtep.GeneveOverIPv4, set(42, 1), GeneveOptions},
		"Geneve version":         {hwvtep.GeneveOverIPv4, set(42, 0x40), BadGeneve},
		"Geneve control":         {hwvtep.GeneveOverIPv4, set(43, 0x80), BadGeneve},
		"Geneve critical":        {hwvtep.GeneveOverIPv4, set(43, 0x40), BadGeneve},
		"Geneve with IP in it":   {hwvtep.GeneveOverIPv4, set(44, 0x08), BadGeneve},
		"Geneve over IPv6":       {hwvtep.GeneveOverIPv6, set(62, 2), GeneveOptions},
		"GRE without key":        {hwvtep.GREOverIPv4, set(34, 0), BadGRE},
		"GRE with checksum":      {hwvtep.GREOverIPv4, set(34, 0xa0), BadGRE},
		"GRE with sequence":      {hwvtep.GREOverIPv6, set(54, 0x30), BadGRE},
		"GRE version 1":          {hwvtep.GREOverIPv4, set(35, 1), BadGRE},
		"GRE with IP in it":      {hwvtep.GREOverIPv4, set(36, 0x08), ""},
		"GRE key of 32 bits":     {hwvtep.GREOverIPv4, set(38, 1), UnknownVNI},
		"IPv6 fragment":          {hwvtep.VXLANOverIPv6, extension(44, 0), Fragment},
		"IPv6 later fragment":    {hwvtep.VXLANOverIPv6, extension(44, 8), ""},
		"IPv6 options":           {hwvtep.VXLANOverIPv6, extension(60, 0), IPOptions},
		"IPv6 routing, GRE":      {hwvtep.GREOverIPv6, extension(43, 0), IPOptions},
		"IPv6 length too large":  {hwvtep.VXLANOverIPv6, set(18, 9), Truncated},
		"IPv6 length too small":  {hwvtep.GREOverIPv6, set(19, 7), Truncated},
		"to nobody, IPv6":        {hwvtep.VXLANOverIPv6, set(53, 9), ""},
		"from nobody, IPv6":      {hwvtep.VXLANOverIPv6, set(37, 9), UnknownSender},
		"IPv6 that is no tunnel": {hwvtep.VXLANOverIPv6, set(20, 6), ""},
		"unknown key":            {hwvtep.GREOverIPv6, set(61, 9), UnknownVNI},
	} {
		t.Run(name, func(t *testing.T) {
			d := crossing(t, test.encapsulation, hwvtep.VXLANOverIPv4)
			d.segmenter.in = 0
			ensured(t, d)
			from := places[encapsulations[test.encapsulation].v6]
			s := shaped{encapsulation: test.encapsulation, src: from.node, dst: from.fabric, ttl: 1, key: keyIn, frame: frame(t, 100)}
			verdict, _ := d.run(t, test.change(s.build(t)))
			if test.want == "" {
				if verdict != passed {
					t.Errorf("verdict %d", int32(verdict))
				}
				return
			}
			if n := d.drops(t, test.want); verdict != dropped || n != 1 {
				c, _ := d.Counters()
				t.Errorf("verdict %d, counted %d: %v", int32(verdict), n, c.Drops)
			}
		})
	}
}

func set(at int, to byte) func([]byte) []byte {
	return func(b []byte) []byte {
		b[at] = to
		return b
	}
}

// extension puts an extension header of 8 bytes behind the IPv6 header.
func extension(kind, fragment byte) func([]byte) []byte {
	return func(b []byte) []byte {
		header := []byte{b[20], 0, 0, fragment, 0, 0, 0, 0}
		b[20] = kind
		b[19] += 8
		return append(append(b[:54:54], header...), b[54:]...)
	}
}

// Super-packets cannot be given another shape here: they go to the segmenter,
// as they came.
func TestSuperPacketsGoToTheSegmenter(t *testing.T) {
	d := crossing(t, hwvtep.VXLANOverIPv4, hwvtep.GREOverIPv4)
	d.segmenter = segmenter{out: 1}
	ensured(t, d)
	s := shaped{encapsulation: hwvtep.VXLANOverIPv4, src: nodeA, dst: fabricIP, ttl: 9, key: keyIn, frame: frame(t, 3000)}
	in := s.build(t)
	verdict, out := d.runAs(t, in, skbuff{IfIndex: 1, GSOSize: 1400, GSOSegs: 3})
	if verdict != forwarded || string(out) != string(in) {
		t.Errorf("verdict %d, changed %t", int32(verdict), string(out) != string(in))
	}
	d.segmenter = segmenter{}
	ensured(t, d)
	if verdict, _ := d.runAs(t, in, skbuff{IfIndex: 1, GSOSize: 1400, GSOSegs: 3}); verdict != dropped || d.drops(t, NoSegmenter) != 1 {
		t.Errorf("without one: verdict %d, counted %d", int32(verdict), d.drops(t, NoSegmenter))
	}
}
