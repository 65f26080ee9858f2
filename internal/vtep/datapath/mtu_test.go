package datapath

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"landbridge/internal/ethernet"
)

// narrow is a gateway whose way to the WAN takes less than that to the fabric.
func narrow(t testing.TB, mtu int) *Datapath {
	t.Helper()
	d := withGuarded(t)
	d.narrow(t, mtu)
	return d
}

func (d *Datapath) narrow(t testing.TB, mtu int) {
	t.Helper()
	hop := toWAN
	hop.MTU = mtu
	if err := d.SetNextHop(addr(remoteA), addr(wanIP), hop); err != nil {
		t.Fatal(err)
	}
}

func tcpOf(flags func(*layers.TCP), options ...layers.TCPOption) *layers.TCP {
	tcp := &layers.TCP{SrcPort: 40000, DstPort: 443, Seq: 0x01020304, Window: 0xffff, Options: options}
	flags(tcp)
	return tcp
}

func ack(tcp *layers.TCP) { tcp.ACK = true }

func filled(n int) gopacket.Payload { return bytes.Repeat([]byte("0123456789abcdef"), n/16+1)[:n] }

// segment is a TCP packet of host A for X, of so many bytes of IP.
func segment(t testing.TB, size int, v6 bool, tags ...gopacket.SerializableLayer) []byte {
	t.Helper()
	if v6 {
		return framed(t, hostA, hostX, append(tags, addressing6(ip6A, ip6X, layers.IPProtocolTCP), tcpOf(ack), filled(size-60))...)
	}
	return framed(t, hostA, hostX, append(tags, addressing4(ipA, ipX, layers.IPProtocolTCP), tcpOf(ack), filled(size-40))...)
}

func TestTooBigIsTold(t *testing.T) {
	tag := &layers.Dot1Q{VLANIdentifier: 42}
	for name, test := range map[string]struct {
		mtu   int
		inner []byte
		open  bool // the outer checksum is not finished
		want  int
	}{
		"IPv4":                          {1400, segment(t, 1351, false), false, 1350},
		"IPv6":                          {1400, segment(t, 1351, true), false, 1350},
		"IPv4, tagged":                  {1400, segment(t, 1351, false, tag), false, 1346},
		"IPv6, tagged":                  {1400, segment(t, 1351, true, tag), false, 1346},
		"IPv4, unfinished":              {1400, segment(t, 1351, false), true, 1350},
		"IPv6, unfinished":              {1400, segment(t, 1351, true), true, 1350},
		"IPv4, the least":               {626, segment(t, 577, false), false, 576},
		"IPv6, the least":               {1330, segment(t, 1281, true), false, 1280},
		"IPv4 that may be cut":          {1400, fragmentable(segment(t, 1400, false)), false, 1350},
		"UDP":                           {1400, framed(t, hostA, hostX, addressing4(ipA, ipX, layers.IPProtocolUDP), &layers.UDP{SrcPort: 1, DstPort: 2}, filled(1372)), false, 1350},
		"ping":                          {1400, framed(t, hostA, hostX, addressing4(ipA, ipX, layers.IPProtocolICMPv4), &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(8, 0)}, filled(1372)), false, 1350},
		"another protocol, odd in size": {1400, framed(t, hostA, hostX, addressing4(ipA, ipX, 132), filled(1379)), false, 1350},
	} {
		t.Run(name, func(t *testing.T) {
			d := narrow(t, test.mtu)
			in := fromA.with(func(p *packet) { p.checksum = test.open }).carrying(t, test.inner)
			if test.open {
				binary.BigEndian.PutUint16(in[40:], pseudoHeader(in))
			}
			verdict, out := d.run(t, in)
			if verdict != forwarded {
				t.Fatalf("verdict %d", int32(verdict))
			}
			p, g := inside(t, out)
			if p.dst != nodeA || p.vni != 123 || p.checksum {
				t.Errorf("sent to %+v", p)
			}
			wantTooBig(t, g, test.inner, test.want)
			if c, err := d.Counters(); err != nil || c.TooBigTold != 1 || c.Drops[TooBig] != 1 {
				t.Errorf("counted %+v, %v", c, err)
			}
		})
	}
}

func fragmentable(b []byte) []byte {
	b[20] &^= 0x40
	binary.BigEndian.PutUint16(b[24:], 0)
	binary.BigEndian.PutUint16(b[24:], ^sum16(b[14:34]))
	return b
}

func sum16(b []byte) uint16 {
	var sum uint32
	for i := 0; i < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return uint16(sum)
}

// wantTooBig checks a message about a frame.
func wantTooBig(t testing.TB, g gopacket.Packet, sent []byte, mtu int) {
	t.Helper()
	eth := g.Layers()[0].(*layers.Ethernet)
	if ethernet.MAC(eth.SrcMAC) != hostX || ethernet.MAC(eth.DstMAC) != hostA {
		t.Errorf("from %s to %s", eth.SrcMAC, eth.DstMAC)
	}
	if wrong := wrongChecksums(t, g, false); len(wrong) > 0 {
		t.Errorf("wrong checksums: %+v in %v", wrong, g)
	}
	l3 := 14
	if tag, ok := g.Layer(layers.LayerTypeDot1Q).(*layers.Dot1Q); ok {
		l3 = 18
		if tag.VLANIdentifier != 42 {
			t.Errorf("tag %d", tag.VLANIdentifier)
		}
	}
	var quote []byte
	if icmp, ok := g.Layer(layers.LayerTypeICMPv4).(*layers.ICMPv4); ok {
		ip := g.Layer(layers.LayerTypeIPv4).(*layers.IPv4)
		if ip.SrcIP.String() != ipX || ip.DstIP.String() != ipA || icmp.TypeCode != layers.CreateICMPv4TypeCode(3, 4) || int(icmp.Seq) != mtu {
			t.Errorf("%+v %+v, want MTU %d", ip, icmp, mtu)
		}
		quote = icmp.Payload
	} else {
		ip, icmp := g.Layer(layers.LayerTypeIPv6).(*layers.IPv6), g.Layer(layers.LayerTypeICMPv6).(*layers.ICMPv6)
		if ip.SrcIP.String() != ip6X || ip.DstIP.String() != ip6A || icmp.TypeCode != layers.CreateICMPv6TypeCode(2, 0) ||
			int(binary.BigEndian.Uint32(icmp.Payload)) != mtu {
			t.Errorf("%+v %+v, want MTU %d", ip, icmp, mtu)
		}
		quote = icmp.Payload[4:]
	}
	wantQuote(t, quote, sent[l3:])
}

func wantQuote(t testing.TB, quote, sent []byte) {
	t.Helper()
	if want := sent[:512]; !bytes.Equal(want, quote) { // QUOTE_LEN
		t.Errorf("quoted\n%x, sent\n%x", quote, want)
	}
}

// What fits, and what nobody may be told of.
func TestTooBigIsNotTold(t *testing.T) {
	icmp := func(kind, code uint8) []byte {
		return framed(t, hostA, hostX, addressing4(ipA, ipX, layers.IPProtocolICMPv4), &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(kind, code)}, filled(1400))
	}
	later := segment(t, 1400, false)
	later[21] = 99
	for name, test := range map[string]struct {
		mtu   int
		inner []byte
		fits  bool
	}{
		"fits":                       {1400, segment(t, 1350, false), true},
		"fits, IPv6":                 {1400, segment(t, 1350, true), true},
		"MTU not known":              {0, segment(t, 3000, false), true},
		"error":                      {1400, icmp(3, 1), false},
		"error of IPv6":              {1400, framed(t, hostA, hostX, addressing6(ip6A, ip6X, layers.IPProtocolICMPv6), &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(2, 0)}, filled(1400)), false},
		"later fragment":             {1400, later, false},
		"from nobody":                {1400, framed(t, hostA, hostX, addressing4("0.0.0.0", ipX, 17), filled(1400)), false},
		"from nobody, IPv6":          {1400, framed(t, hostA, hostX, addressing6("::", ip6X, 17), filled(1400)), false},
		"to a group":                 {1400, framed(t, hostA, hostX, addressing4(ipA, "224.0.0.5", 17), filled(1400)), false},
		"to a group of IPv6":         {1400, framed(t, hostA, hostX, addressing6(ip6A, "ff02::5", 17), filled(1400)), false},
		"to all":                     {1400, framed(t, hostA, hostX, addressing4(ipA, "255.255.255.255", 17), filled(1400)), false},
		"smaller than IPv4 allows":   {625, segment(t, 700, false), false},
		"smaller than IPv6 allows":   {1329, segment(t, 1400, true), false},
		"smaller than the header is": {40, segment(t, 1400, false), false},
		"not IP":                     {1400, framed(t, hostA, hostX, filled(1400)), false},
		"not the version":            {1400, copyInto(segment(t, 1400, false), 14, 0x55), false},
	} {
		t.Run(name, func(t *testing.T) {
			d := narrow(t, test.mtu)
			verdict, out := d.run(t, fromA.carrying(t, test.inner))
			switch {
			case test.fits && (verdict != forwarded || decode(t, out).dst != remoteA):
				t.Errorf("verdict %d", int32(verdict))
			case !test.fits && (verdict != dropped || d.drops(t, TooBig) != 1):
				t.Errorf("verdict %d, counted %d", int32(verdict), d.drops(t, TooBig))
			}
		})
	}
	t.Run("flooded", func(t *testing.T) {
		d := narrow(t, 1400)
		in := copyOver(segment(t, 1400, false), []byte{2, 0, 0, 0, 9, 9})
		if verdict, _ := d.run(t, fromA.carrying(t, in)); verdict != dropped || d.drops(t, TooBig) != 1 {
			t.Errorf("verdict %d, counted %d", int32(verdict), d.drops(t, TooBig))
		}
	})
}

func copyInto(b []byte, at int, v byte) []byte {
	b[at] = v
	return b
}

// A super-packet is judged by what it will be cut into. One that does not fit is
// cut first: its segments are answered.
func TestTooBigSegments(t *testing.T) {
	for _, v6 := range []bool{false, true} {
		headers := map[bool]int{false: 40, true: 60}[v6]
		for size, fits := range map[int]bool{1350 - headers: true, 1351 - headers: false} {
			d := narrow(t, 1400)
			d.segmenter.out = 0
			ensured(t, d)
			in := fromA.carrying(t, segment(t, 3000, v6))
			verdict, _ := d.runAs(t, in, skbuff{IfIndex: 1, GSOSize: uint32(size), GSOSegs: 3})
			if (verdict == forwarded) != fits || (d.drops(t, NoSegmenter) == 0) != fits {
				t.Errorf("segments of %d bytes: verdict %d, %d sent to the segmenter", size, int32(verdict), d.drops(t, NoSegmenter))
			}
		}
	}
}

func TestTooBigIsToldSoOften(t *testing.T) {
	d := narrow(t, 1400)
	in := fromA.carrying(t, segment(t, 1400, false))
	for range 2000 {
		d.run(t, in)
	}
	c, err := d.Counters()
	// 250 at once, and 500 a second.
	if err != nil || c.TooBigTold < 250 || c.TooBigTold >= 2000 || c.Drops[TooBig] != 2000 {
		t.Errorf("told %d of %d, %v", c.TooBigTold, c.Drops[TooBig], err)
	}
}
