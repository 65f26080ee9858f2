package datapath

import (
	"encoding/binary"
	"fmt"
	"maps"
	"net"
	"slices"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
)

// asks gives what a host of a side asks for, of one of the other side, and what it
// has to be answered.
func (s side) asks(t testing.TB) map[string][2][]byte {
	t.Helper()
	arp := arpOf(func(a *layers.ARP) {
		a.SourceHwAddress, a.SourceProtAddress, a.DstProtAddress = s.host[:], v4(s.ip4), v4(s.other4)
	})
	reply := arpOf(func(a *layers.ARP) {
		a.Operation, a.SourceHwAddress, a.SourceProtAddress = layers.ARPReply, s.other[:], v4(s.other4)
		a.DstHwAddress, a.DstProtAddress = s.host[:], v4(s.ip4)
	})
	ns := &layers.ICMPv6NeighborSolicitation{
		TargetAddress: net.ParseIP(s.other6),
		Options:       layers.ICMPv6Options{{Type: layers.ICMPv6OptSourceAddress, Data: s.host[:]}},
	}
	na := &layers.ICMPv6NeighborAdvertisement{
		Flags: 0x60, TargetAddress: net.ParseIP(s.other6),
		Options: layers.ICMPv6Options{{Type: layers.ICMPv6OptTargetAddress, Data: s.other[:]}},
	}
	return map[string][2][]byte{
		"ARP": {framed(t, s.host, broadcast, arp), framed(t, s.other, s.host, reply)[:14+28]}, // not filled up
		"neighbour discovery": {
			framed(t, s.host, solicitedNode, append([]gopacket.SerializableLayer{addressing6(s.ip6, "ff02::1:ff00:1a", layers.IPProtocolICMPv6)}, icmp6(135, ns)...)...),
			framed(t, s.other, s.host, append([]gopacket.SerializableLayer{addressing6(s.other6, s.ip6, layers.IPProtocolICMPv6)}, icmp6(136, na)...)...),
		},
	}
}

// Neighbours are answered for, back by the tunnel and in its shape; the answer is
// the same to the byte everywhere.
func TestSuppressionOverEveryEncapsulation(t *testing.T) {
	overEveryCrossing(t, func(t *testing.T, c guardedCrossing) {
		c.apply(t, 9000, 9000, asItIs)
		for _, s := range c.sides() {
			for what, frames := range s.asks(t) {
				verdict, b := c.run(t, s.carrying(t, frames[0]))
				s.wants(t, what+" of the "+s.name, verdict, b, is(frames[1]))
			}
		}
		if got, err := c.Counters(); err != nil || got.Networks[c.n.Name].Answered != 4 {
			t.Errorf("counted %+v, %v", got.Networks[c.n.Name], err)
		}
	})
}

// What a filter of the WAN is for is kept back, in both directions, and nothing else.
func TestFiltersOverEveryEncapsulation(t *testing.T) {
	cases := filterCases(t)
	overEveryCrossing(t, func(t *testing.T, c guardedCrossing) {
		for i, f := range []hwvtep.Filter{hwvtep.FilterDHCP, hwvtep.FilterRA, hwvtep.FilterGateway} {
			c.apply(t, 9000, 9000, c.filtered(f))
			for j, s := range c.sides() {
				for k, name := range slices.Sorted(maps.Keys(cases)) {
					test := cases[name]
					// Who speaks for a gateway is a router from then on.
					src := ethernet.MAC{2, 0, 0, byte(i), byte(j), byte(k)}
					inner := test.inner(src, or(test.dst, s.other))
					reason := map[hwvtep.Filter]Reason{hwvtep.FilterDHCP: FilterDHCP, hwvtep.FilterRA: FilterRA, hwvtep.FilterGateway: FilterGateway}[f]
					before := c.drops(t, reason)
					verdict, b := c.run(t, s.carrying(t, inner))
					what := fmt.Sprintf("%s from the %s, filter %s", name, s.name, f)
					if test.filter&f == 0 {
						c.sides()[1-j].wants(t, what, verdict, b, is(inner))
					} else if n := c.drops(t, reason) - before; verdict != dropped || n != 1 {
						t.Errorf("%s: verdict %d, counted %d", what, int32(verdict), n)
					}
				}
			}
		}
	})
}

// Floods have a rate, whatever they come by and leave by, and known unicast has none.
func TestFloodRateOverEveryEncapsulation(t *testing.T) {
	overEveryCrossing(t, func(t *testing.T, c guardedCrossing) {
		c.apply(t, 9000, 9000, atRate(1, 20))
		sides := c.sides()
		storm := sides[0].carrying(t, framed(t, hostB, broadcast, filled(100)))
		sent, before := 0, c.drops(t, FloodRate)
		for range 60 {
			if verdict, _ := c.run(t, storm); verdict == forwarded {
				sent++
			}
		}
		if n := c.drops(t, FloodRate) - before; sent < 20 || sent > 30 || n != uint64(60-sent) {
			t.Errorf("%d flooded, %d counted", sent, n)
		}
		for i, s := range sides {
			inner := framed(t, s.host, s.other, filled(100))
			verdict, b := c.run(t, s.carrying(t, inner))
			sides[1-i].wants(t, "known unicast", verdict, b, is(inner))
		}
	})
}

// overheads are what IP packets on the way have beside the IP packet inside.
func overhead(e hwvtep.Encapsulation) int {
	n := 20 + 8 + 8 + 14
	if encapsulations[e].v6 {
		n += 20
	}
	if encapsulationOf(e) == kernelEncapsulationENCAP_GRE {
		n -= 8
	}
	return n
}

// packetOf is TCP of one side for the other, of so many bytes of IP.
func (s side) packetOf(t testing.TB, size int, v6 bool, tags ...gopacket.SerializableLayer) []byte {
	t.Helper()
	if v6 {
		return framed(t, s.host, s.other, append(tags, addressing6(s.ip6, s.other6, layers.IPProtocolTCP), tcpOf(ack), filled(size-60))...)
	}
	return framed(t, s.host, s.other, append(tags, addressing4(s.ip4, s.other4, layers.IPProtocolTCP), tcpOf(ack), filled(size-40))...)
}

// What just fits the way out passes, and one byte more is answered by the tunnel
// that it came by, with the size that fits.
func TestTooBigIsToldOverEveryEncapsulation(t *testing.T) {
	const narrow = 1400
	overEveryCrossing(t, func(t *testing.T, c guardedCrossing) {
		for i, s := range c.sides() {
			other, mtus := c.sides()[1-i], [2]int{9000, narrow}
			if i == 1 {
				mtus = [2]int{narrow, 9000}
			}
			c.apply(t, mtus[0], mtus[1], asItIs)
			for _, v6 := range []bool{false, true} {
				for _, tags := range [][]gopacket.SerializableLayer{nil, {&layers.Dot1Q{VLANIdentifier: 42}}} {
					room := narrow - overhead(other.arriving.encapsulation) - 4*len(tags)
					what := fmt.Sprintf("from the %s, IPv6 %t, %d tags", s.name, v6, len(tags))
					fits, more := s.packetOf(t, room, v6, tags...), s.packetOf(t, room+1, v6, tags...)
					verdict, b := c.run(t, s.carrying(t, fits))
					other.wants(t, what, verdict, b, is(fits))
					verdict, b = c.run(t, s.carrying(t, more))
					s.wants(t, what, verdict, b, func(got shaped) string {
						s.wantsTooBig(t, got.frame, more, room)
						return got.frame
					})
				}
			}
		}
	})
}

// wantsTooBig checks the frame that a side's host is told by.
func (s side) wantsTooBig(t testing.TB, got string, sent []byte, mtu int) {
	t.Helper()
	g := gopacket.NewPacket([]byte(got), layers.LayerTypeEthernet, gopacket.Default)
	if s.host == hostA {
		wantTooBig(t, g, sent, mtu)
		return
	}
	eth := g.Layers()[0].(*layers.Ethernet)
	if wrong := wrongChecksums(t, g, false); len(wrong) > 0 || ethernet.MAC(eth.DstMAC) != s.host || ethernet.MAC(eth.SrcMAC) != s.other {
		t.Errorf("wrong checksums %+v or addresses in %v", wrong, g)
	}
	said := 0
	if icmp, ok := g.Layer(layers.LayerTypeICMPv4).(*layers.ICMPv4); ok {
		said = int(icmp.Seq)
	} else if icmp, ok := g.Layer(layers.LayerTypeICMPv6).(*layers.ICMPv6); ok {
		said = int(binary.BigEndian.Uint32(icmp.Payload))
	}
	if said != mtu {
		t.Errorf("told of %d, want %d", said, mtu)
	}
}

// SYNs offer what fits the smaller of both ways, in whichever direction they go.
func TestClampOverEveryEncapsulation(t *testing.T) {
	overEveryCrossing(t, func(t *testing.T, c guardedCrossing) {
		if err := c.SetClamp(true); err != nil {
			t.Fatal(err)
		}
		c.apply(t, 1450, 1400, asItIs)
		room := min(1450-overhead(c.in), 1400-overhead(c.out))
		for i, s := range c.sides() {
			for _, v6 := range []bool{false, true} {
				mss4, mss6 := room-40, room-60
				offer := framed(t, s.host, s.other, addressing4(s.ip4, s.other4, layers.IPProtocolTCP), tcpOf(syn, nop, mss(1460), nop))
				want := framed(t, s.host, s.other, addressing4(s.ip4, s.other4, layers.IPProtocolTCP), tcpOf(syn, nop, mss(uint16(mss4)), nop))
				if v6 {
					offer = framed(t, s.host, s.other, addressing6(s.ip6, s.other6, layers.IPProtocolTCP), tcpOf(syn, mss(1440)))
					want = framed(t, s.host, s.other, addressing6(s.ip6, s.other6, layers.IPProtocolTCP), tcpOf(syn, mss(uint16(mss6))))
				}
				verdict, b := c.run(t, s.carrying(t, offer))
				c.sides()[1-i].wants(t, fmt.Sprintf("from the %s, IPv6 %t", s.name, v6), verdict, b, is(want))
			}
		}
	})
}
