package datapath

import (
	"encoding/binary"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

func syn(tcp *layers.TCP) { tcp.SYN = true }

func option(kind uint8, data ...byte) layers.TCPOption {
	return layers.TCPOption{OptionType: layers.TCPOptionKind(kind), OptionLength: uint8(len(data) + 2), OptionData: data}
}

func mss(n uint16) layers.TCPOption { return option(2, byte(n>>8), byte(n)) }

var nop = layers.TCPOption{OptionType: layers.TCPOptionKindNop, OptionLength: 1}

// handshake is a TCP packet of host A for X.
func handshake(t testing.TB, v6 bool, tags []gopacket.SerializableLayer, tcp *layers.TCP) []byte {
	t.Helper()
	if v6 {
		return framed(t, hostA, hostX, append(tags, addressing6(ip6A, ip6X, layers.IPProtocolTCP), tcp)...)
	}
	return framed(t, hostA, hostX, append(tags, addressing4(ipA, ipX, layers.IPProtocolTCP), tcp)...)
}

func clamping(t testing.TB, mtu int) *Datapath {
	t.Helper()
	d := narrow(t, mtu)
	if err := d.SetClamp(true); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *Datapath) clamped(t testing.TB) uint64 {
	t.Helper()
	c, err := d.Counters()
	if err != nil {
		t.Fatal(err)
	}
	return c.Clamped
}

func TestClamp(t *testing.T) {
	tag := []gopacket.SerializableLayer{&layers.Dot1Q{VLANIdentifier: 42}}
	synAck := func(tcp *layers.TCP) { tcp.SYN, tcp.ACK = true, true }
	for name, test := range map[string]struct {
		in   []byte
		want uint16 // 0: nothing changes
	}{
		"IPv4":                {handshake(t, false, nil, tcpOf(syn, mss(1460))), 1310},
		"IPv6":                {handshake(t, true, nil, tcpOf(syn, mss(1440))), 1290},
		"answer":              {handshake(t, false, nil, tcpOf(synAck, mss(1460))), 1310},
		"IPv4, tagged":        {handshake(t, false, tag, tcpOf(syn, mss(1460))), 1306},
		"IPv6, tagged":        {handshake(t, true, tag, tcpOf(syn, mss(1440))), 1286},
		"among others":        {handshake(t, false, nil, tcpOf(syn, option(4), option(8, 1, 2, 3, 4, 5, 6, 7, 8), mss(1460), nop, option(3, 7))), 1310},
		"at an odd place":     {handshake(t, false, nil, tcpOf(syn, nop, mss(1460), nop, nop, nop)), 1310},
		"odd, behind another": {handshake(t, true, nil, tcpOf(syn, option(3, 7), mss(1440), nop)), 1290},
		"just fits":           {handshake(t, false, nil, tcpOf(syn, mss(1310))), 0},
		"smaller":             {handshake(t, false, nil, tcpOf(syn, mss(500))), 0},
		"no option":           {handshake(t, false, nil, tcpOf(syn)), 0},
		"behind the end":      {handshake(t, false, nil, tcpOf(syn, layers.TCPOption{OptionType: 0, OptionLength: 1}, nop, nop, nop, mss(1460))), 0},
		"no SYN":              {handshake(t, false, nil, tcpOf(ack, mss(1460))), 0},
		"bad length":          {copyInto(handshake(t, false, nil, tcpOf(syn, mss(1460))), 14+20+21, 5), 0},
		"length 0":            {copyInto(handshake(t, false, nil, tcpOf(syn, option(9, 1, 1), mss(1460))), 14+20+21, 0), 0},
		"later fragment":      {copyInto(handshake(t, false, nil, tcpOf(syn, mss(1460))), 14+7, 9), 0},
		"UDP":                 {copyInto(handshake(t, false, nil, tcpOf(syn, mss(1460))), 14+9, 17), 0},
	} {
		t.Run(name, func(t *testing.T) {
			d := clamping(t, 1400)
			verdict, out := d.run(t, fromA.carrying(t, test.in))
			if verdict != forwarded {
				t.Fatalf("verdict %d", int32(verdict))
			}
			p, g := inside(t, out)
			if p.dst != remoteA {
				t.Errorf("left to %s", p.dst)
			}
			if test.want == 0 {
				if string(out[innerAt:]) != string(test.in) || d.clamped(t) != 0 {
					t.Errorf("changed\n%x to\n%x", test.in, out[innerAt:])
				}
				return
			}
			if wrong := wrongChecksums(t, g, false); len(wrong) > 0 {
				t.Errorf("wrong checksums: %+v", wrong)
			}
			if got := mssOf(g); got != test.want || d.clamped(t) != 1 {
				t.Errorf("MSS %d, want %d; counted %d", got, test.want, d.clamped(t))
			}
		})
	}
}

func mssOf(g gopacket.Packet) uint16 {
	for _, o := range g.Layer(layers.LayerTypeTCP).(*layers.TCP).Options {
		if o.OptionType == layers.TCPOptionKindMSS {
			return binary.BigEndian.Uint16(o.OptionData)
		}
	}
	return 0
}

// The smaller of both ways counts, whichever a packet leaves by.
func TestClampByTheWayIn(t *testing.T) {
	d := clamping(t, 1400)
	inner := framed(t, hostX, hostA, addressing4(ipX, ipA, layers.IPProtocolTCP), tcpOf(syn, mss(1460)))
	_, out := d.run(t, fromX.carrying(t, inner))
	if p, g := inside(t, out); p.dst != nodeA || mssOf(g) != 1310 {
		t.Errorf("to %s, MSS %d", p.dst, mssOf(g))
	}
}

func TestClampIsSwitchedOff(t *testing.T) {
	d := clamping(t, 1400)
	if err := d.SetClamp(false); err != nil {
		t.Fatal(err)
	}
	_, out := d.run(t, fromA.carrying(t, handshake(t, false, nil, tcpOf(syn, mss(1460)))))
	if _, g := inside(t, out); mssOf(g) != 1460 || d.clamped(t) != 0 {
		t.Errorf("MSS %d", mssOf(g))
	}
	// It outlives the process, until told otherwise.
	if err := d.SetClamp(true); err != nil {
		t.Fatal(err)
	}
	closed(t, d)
	d = openAt(t, d.cfg.PinDir)
	d.resolve(t)
	d.narrow(t, 1400)
	d.run(t, fromA.carrying(t, handshake(t, false, nil, tcpOf(syn, mss(1460)))))
	if d.clamped(t) != 1 {
		t.Error("forgotten")
	}
}

// A checksum that is finished later holds the sum of the pseudo-header, which
// does not change.
func TestClampOfUnfinishedChecksum(t *testing.T) {
	for _, v6 := range []bool{false, true} {
		d := clamping(t, 1400)
		in := handshake(t, v6, nil, tcpOf(syn, nop, mss(1460), nop, nop, nop))
		l4 := map[bool]int{false: 34, true: 54}[v6]
		whole := append([]byte{}, in[l4:]...)
		copy(whole[16:], []byte{0, 0})
		rest, all := sum16(whole), binary.BigEndian.Uint16(in[l4+16:])
		pseudo := sum16(binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, ^all), ^rest))
		binary.BigEndian.PutUint16(in[l4+16:], pseudo)
		_, out := d.run(t, fromA.carrying(t, in))
		_, g := inside(t, out)
		if got := binary.BigEndian.Uint16(out[innerAt+l4+16:]); got != pseudo || mssOf(g) == 1460 {
			t.Errorf("IPv6 %t: checksum field %#04x, want %#04x; MSS %d", v6, got, pseudo, mssOf(g))
		}
	}
}
