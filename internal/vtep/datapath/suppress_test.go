package datapath

import (
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/vtep/forwarding"
)

// arpOf is a message of host A, for X unless it is changed.
func arpOf(change ...func(*layers.ARP)) *layers.ARP {
	a := &layers.ARP{
		AddrType: layers.LinkTypeEthernet, Protocol: layers.EthernetTypeIPv4, HwAddressSize: 6, ProtAddressSize: 4,
		Operation: layers.ARPRequest, SourceHwAddress: hostA[:], SourceProtAddress: v4(ipA),
		DstHwAddress: make([]byte, 6), DstProtAddress: v4(ipX),
	}
	for _, c := range change {
		c(a)
	}
	return a
}

func v4(s string) []byte { return net.ParseIP(s).To4() }

// solicitation is a message of host A, for X.
func solicitation(t testing.TB, src, target string) []byte {
	t.Helper()
	ip := addressing6(src, "ff02::1:ff00:1a", layers.IPProtocolICMPv6)
	icmp := &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(layers.ICMPv6TypeNeighborSolicitation, 0)}
	ns := &layers.ICMPv6NeighborSolicitation{TargetAddress: net.ParseIP(target)}
	if src != "::" {
		ns.Options = layers.ICMPv6Options{{Type: layers.ICMPv6OptSourceAddress, Data: hostA[:]}}
	}
	return framed(t, hostA, solicitedNode, ip, icmp, ns)
}

var solicitedNode = mac("33:33:ff:00:00:1a")

// answered gives what was sent back to node A, nil where the packet went on.
func (d *Datapath) answered(t testing.TB, p packet, inner []byte) gopacket.Packet {
	t.Helper()
	verdict, out := d.run(t, p.carrying(t, inner))
	if verdict != forwarded {
		t.Fatalf("verdict %d", int32(verdict))
	}
	outer, g := inside(t, out)
	if outer.dst != p.src {
		return nil
	}
	if want := p.leaving(toFabric, p.dst, p.src, p.vni); outer.src != want.src || outer.vni != want.vni ||
		outer.srcMAC != want.srcMAC || outer.ttl != 64 || outer.tos != p.tos {
		t.Errorf("sent back in %+v", outer)
	}
	return g
}

func TestARPIsAnswered(t *testing.T) {
	for name, probe := range map[string]string{"request": ipA, "probe of another": "0.0.0.0"} {
		for _, checksum := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				d := withGuarded(t)
				in := arpOf(func(a *layers.ARP) { a.SourceProtAddress = v4(probe) })
				p := fromA.with(func(p *packet) { p.checksum = checksum })
				g := d.answered(t, p, append(framed(t, hostA, broadcast, in), make([]byte, 18)...))
				if g == nil {
					t.Fatal("not answered")
				}
				eth, got := g.Layers()[0].(*layers.Ethernet), g.Layer(layers.LayerTypeARP).(*layers.ARP)
				if ethernet.MAC(eth.SrcMAC) != hostX || ethernet.MAC(eth.DstMAC) != hostA {
					t.Errorf("from %s to %s", eth.SrcMAC, eth.DstMAC)
				}
				want := arpOf(func(a *layers.ARP) {
					a.Operation, a.SourceHwAddress, a.SourceProtAddress = layers.ARPReply, hostX[:], v4(ipX)
					a.DstHwAddress, a.DstProtAddress = hostA[:], v4(probe)
				})
				got.BaseLayer = layers.BaseLayer{}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
				if c, err := d.Counters(); err != nil || c.Networks["red"].Answered != 1 {
					t.Errorf("counted %+v, %v", c.Networks, err)
				}
			})
		}
	}
}

// What has to be heard by all, or by the one who is meant, goes on.
func TestARPIsNotAnswered(t *testing.T) {
	for name, test := range map[string]struct {
		dst    ethernet.MAC
		change func(*layers.ARP)
	}{
		"unknown address":  {broadcast, func(a *layers.ARP) { a.DstProtAddress = v4("192.168.7.99") }},
		"same side":        {broadcast, func(a *layers.ARP) { a.DstProtAddress = v4(ipA); a.SourceProtAddress = v4("192.168.7.98") }},
		"announcement":     {broadcast, func(a *layers.ARP) { a.SourceProtAddress = v4(ipX) }},
		"reply":            {broadcast, func(a *layers.ARP) { a.Operation = layers.ARPReply }},
		"unicast":          {hostX, func(*layers.ARP) {}},
		"other hardware":   {broadcast, func(a *layers.ARP) { a.AddrType = 6 }},
		"for another MAC":  {broadcast, func(a *layers.ARP) { a.SourceHwAddress = hostB[:] }},
		"of another proto": {broadcast, func(a *layers.ARP) { a.Protocol = layers.EthernetTypeIPv6 }},
	} {
		t.Run(name, func(t *testing.T) {
			if g := withGuarded(t).answered(t, fromA, framed(t, hostA, test.dst, arpOf(test.change))); g != nil {
				t.Errorf("answered: %v", g)
			}
		})
	}
	t.Run("owner", func(t *testing.T) { // who has moved, or looks for duplicates of himself
		d := withGuarded(t)
		in := arpOf(func(a *layers.ARP) { a.SourceHwAddress, a.SourceProtAddress = hostX[:], v4("0.0.0.0") })
		if g := d.answered(t, fromA, framed(t, hostX, broadcast, in)); g != nil {
			t.Errorf("answered: %v", g)
		}
	})
	t.Run("tagged", func(t *testing.T) { // another network within the network
		d := withGuarded(t)
		if g := d.answered(t, fromA, framed(t, hostA, broadcast, &layers.Dot1Q{VLANIdentifier: 5}, arpOf())); g != nil {
			t.Errorf("answered: %v", g)
		}
	})
	t.Run("switched off", func(t *testing.T) {
		d := withGuarded(t, func(n *forwarding.Network) { forwarding.Guard{}.Apply(n, hwvtep.Overrides{}) })
		if g := d.answered(t, fromA, framed(t, hostA, broadcast, arpOf())); g != nil {
			t.Errorf("answered: %v", g)
		}
	})
}

func TestSolicitationIsAnswered(t *testing.T) {
	for name, test := range map[string]struct {
		src, to string
		toMAC   ethernet.MAC
		flags   uint8 // router, solicited, override
		gateway bool
	}{
		"request":                {ip6A, ip6A, hostA, 0x60, false},
		"for a router":           {ip6A, ip6A, hostA, 0xe0, true},
		"duplicates are sought":  {"::", "ff02::1", mac("33:33:00:00:00:01"), 0x20, false},
		"from a link's own":      {"fe80::a", "fe80::a", hostA, 0x60, false},
		"as seen by a duplicate": {"::", "ff02::1", mac("33:33:00:00:00:01"), 0xa0, true},
	} {
		t.Run(name, func(t *testing.T) {
			d := withGuarded(t, func(n *forwarding.Network) {
				if test.gateway {
					n.Gateways.Add(addr(ip6X))
				}
			})
			g := d.answered(t, fromA.with(func(p *packet) { p.checksum = true }), solicitation(t, test.src, ip6X))
			if g == nil {
				t.Fatal("not answered")
			}
			rightChecksums(t, g)
			eth, ip := g.Layers()[0].(*layers.Ethernet), g.Layer(layers.LayerTypeIPv6).(*layers.IPv6)
			na := g.Layer(layers.LayerTypeICMPv6NeighborAdvertisement).(*layers.ICMPv6NeighborAdvertisement)
			if ethernet.MAC(eth.SrcMAC) != hostX || ethernet.MAC(eth.DstMAC) != test.toMAC {
				t.Errorf("from %s to %s", eth.SrcMAC, eth.DstMAC)
			}
			if ip.SrcIP.String() != ip6X || ip.DstIP.String() != test.to || ip.HopLimit != 255 || ip.FlowLabel != 0 {
				t.Errorf("%+v", ip)
			}
			if na.Flags != test.flags || na.TargetAddress.String() != ip6X || len(na.Options) != 1 ||
				na.Options[0].Type != layers.ICMPv6OptTargetAddress || ethernet.MAC(na.Options[0].Data) != hostX {
				t.Errorf("%+v", na)
			}
		})
	}
}

func TestSolicitationIsNotAnswered(t *testing.T) {
	spoil := func(at int, with byte) []byte {
		b := solicitation(t, ip6A, ip6X)
		b[at] = with
		return b
	}
	for name, in := range map[string][]byte{
		"unknown address": solicitation(t, ip6A, "fd00::99"),
		"same side":       solicitation(t, "fd00::98", ip6A),
		"hop limit":       spoil(14+7, 254),
		"code":            spoil(14+41, 1),
		"advertisement":   spoil(14+40, 136),
		"too short":       spoil(14+5, 23),
		"cut off":         solicitation(t, ip6A, ip6X)[:14+63],
		"version":         spoil(14, 0x50),
		"from a group":    solicitation(t, "ff02::1", ip6X),
		"unicast":         copyOver(solicitation(t, ip6A, ip6X), hostX[:]),
	} {
		t.Run(name, func(t *testing.T) {
			if g := withGuarded(t).answered(t, fromA, in); g != nil {
				t.Errorf("answered: %v", g)
			}
		})
	}
	t.Run("owner", func(t *testing.T) {
		in := solicitation(t, "::", ip6X)
		copy(in[6:], hostX[:])
		if g := withGuarded(t).answered(t, fromA, in); g != nil {
			t.Errorf("answered: %v", g)
		}
	})
}

func copyOver(b, start []byte) []byte {
	copy(b, start)
	return b
}

// rightChecksums wants those of IP and what is in it.
func rightChecksums(t testing.TB, g gopacket.Packet) {
	t.Helper()
	if l := g.ErrorLayer(); l != nil {
		t.Errorf("malformed: %v in %v", l.Error(), g)
	}
	if wrong := wrongChecksums(t, g, false); len(wrong) > 0 {
		t.Errorf("wrong checksums: %+v in %v", wrong, g)
	}
}

// What is on the other side decides: the same address is answered for there.
func TestAnswersFollowTheMAC(t *testing.T) {
	d := withGuarded(t)
	fromB := arpOf(func(a *layers.ARP) {
		a.SourceHwAddress, a.SourceProtAddress, a.DstProtAddress = hostB[:], v4(ipB), v4(ipA)
	})
	p := fromX.with(func(p *packet) { p.src, p.vni = remoteB, 457 })
	_, out := d.run(t, p.carrying(t, framed(t, hostB, broadcast, fromB)))
	if outer, g := inside(t, out); outer.dst != remoteB || g.Layer(layers.LayerTypeARP).(*layers.ARP).Operation != layers.ARPReply {
		t.Errorf("not answered to the WAN: %+v", outer)
	}
	n := guarded(func(n *forwarding.Network) { delete(n.Neighbours, addr(ipA)) })
	d.apply(t, changes{"red": n})
	_, out = d.run(t, p.carrying(t, framed(t, hostB, broadcast, fromB)))
	if outer, _ := inside(t, out); outer.dst != nodeA {
		t.Errorf("not flooded: %+v", outer)
	}
}
