package datapath

import (
	"net"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/vtep/forwarding"
)

// filtered is red with filters on the one tunnel of the WAN that is flooded to
// and the one that host X is behind, and a router of each cloud.
func filtered(f hwvtep.Filter) func(*forwarding.Network) {
	return func(n *forwarding.Network) {
		tunnel := n.Tunnels[at(remoteA, 456)]
		tunnel.Filter = f
		n.Tunnels[at(remoteA, 456)] = tunnel
		n.Gateways.Add(addr(router4))
		n.Gateways.Add(addr(router6))
		n.Routers.Add(routerMAC)
	}
}

const (
	allFilters = hwvtep.FilterDHCP | hwvtep.FilterRA | hwvtep.FilterGateway | hwvtep.FilterMulticast | hwvtep.FilterUnknown
	concerns   = hwvtep.FilterDHCP | hwvtep.FilterRA | hwvtep.FilterGateway
)

var otherRouter = ethernet.MAC{0xfa, 0x16, 0x3e, 0, 0, 2}

func udpOf(src, dst uint16) *layers.UDP {
	return &layers.UDP{SrcPort: layers.UDPPort(src), DstPort: layers.UDPPort(dst)}
}

func icmp6(kind uint8, stack ...gopacket.SerializableLayer) []gopacket.SerializableLayer {
	return append([]gopacket.SerializableLayer{&layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(kind, 0)}}, stack...)
}

// hidden is IPv6 with extension headers before what is meant.
func hidden(next layers.IPProtocol, stack ...gopacket.SerializableLayer) []gopacket.SerializableLayer {
	return append([]gopacket.SerializableLayer{
		addressing6(ip6A, ip6X, layers.IPProtocolIPv6HopByHop),
		gopacket.Payload{60, 0, 1, 4, 0, 0, 0, 0},
		gopacket.Payload{byte(next), 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
	}, stack...)
}

type filterCase struct {
	filter hwvtep.Filter
	reason Reason
	inner  func(src, dst ethernet.MAC) []byte
	dst    ethernet.MAC // zero: the host of the other side
}

func filterCases(t testing.TB) map[string]filterCase {
	of := func(stack ...gopacket.SerializableLayer) func(src, dst ethernet.MAC) []byte {
		return func(src, dst ethernet.MAC) []byte { return framed(t, src, dst, stack...) }
	}
	ip4 := func() *layers.IPv4 { return addressing4(ipA, ipX, layers.IPProtocolUDP) }
	ip6 := func() *layers.IPv6 { return addressing6(ip6A, ip6X, layers.IPProtocolUDP) }
	nd := func(src string, kind uint8, rest ...gopacket.SerializableLayer) func(src, dst ethernet.MAC) []byte {
		return of(append([]gopacket.SerializableLayer{addressing6(src, "ff02::1", layers.IPProtocolICMPv6)}, icmp6(kind, rest...)...)...)
	}
	arp := func(sender, target string) func(src, dst ethernet.MAC) []byte {
		return func(src, dst ethernet.MAC) []byte {
			return framed(t, src, dst, arpOf(func(a *layers.ARP) {
				a.SourceHwAddress, a.SourceProtAddress, a.DstProtAddress = src[:], v4(sender), v4(target)
			}))
		}
	}
	target := func(a string) gopacket.SerializableLayer {
		return &layers.ICMPv6NeighborSolicitation{TargetAddress: net.ParseIP(a)}
	}
	all := mac("33:33:00:00:00:01")
	return map[string]filterCase{
		"DHCP request":             {hwvtep.FilterDHCP, FilterDHCP, of(ip4(), udpOf(68, 67)), broadcast},
		"DHCP answer":              {hwvtep.FilterDHCP, FilterDHCP, of(ip4(), udpOf(67, 68)), broadcast},
		"DHCP renewal":             {hwvtep.FilterDHCP, FilterDHCP, of(ip4(), udpOf(68, 67)), ethernet.MAC{}},
		"DHCP, tagged":             {hwvtep.FilterDHCP, FilterDHCP, of(&layers.Dot1Q{VLANIdentifier: 9}, ip4(), udpOf(68, 67)), broadcast},
		"DHCPv6 request":           {hwvtep.FilterDHCP, FilterDHCP, of(ip6(), udpOf(546, 547)), mac("33:33:00:01:00:02")},
		"DHCPv6 answer":            {hwvtep.FilterDHCP, FilterDHCP, of(ip6(), udpOf(547, 546)), ethernet.MAC{}},
		"DHCPv6, hidden":           {hwvtep.FilterDHCP, FilterDHCP, of(hidden(layers.IPProtocolUDP, gopacket.Payload{0, 1, 2, 35, 0, 8, 0, 0})...), ethernet.MAC{}},
		"router advertisement":     {hwvtep.FilterRA, FilterRA, nd("fe80::9", 134), all},
		"router solicitation":      {hwvtep.FilterRA, FilterRA, nd("fe80::9", 133), mac("33:33:00:00:00:02")},
		"unicast advertisement":    {hwvtep.FilterRA, FilterRA, nd("fe80::9", 134), ethernet.MAC{}},
		"advertisement, hidden":    {hwvtep.FilterRA, FilterRA, of(hidden(layers.IPProtocolICMPv6, gopacket.Payload{134, 0, 0, 0, 0, 0, 0, 0})...), ethernet.MAC{}},
		"anything, well hidden":    {hwvtep.FilterDHCP | hwvtep.FilterRA, FilterDHCP, of(addressing6(ip6A, ip6X, 0), gopacket.Payload(make([]byte, 80))), all},
		"ARP for the gateway":      {hwvtep.FilterGateway, FilterGateway, arp(ipB, router4), broadcast},
		"ARP from the gateway":     {hwvtep.FilterGateway, FilterGateway, arp(router4, ipB), broadcast},
		"gateway announces itself": {hwvtep.FilterGateway, FilterGateway, arp(router4, router4), broadcast},
		"ND for the gateway":       {hwvtep.FilterGateway, FilterGateway, nd(ip6B, 135, target(router6)), solicitedNode},
		"ND from the gateway":      {hwvtep.FilterGateway, FilterGateway, nd(router6, 135, target(ip6B)), solicitedNode},
		"gateway says where it is": {hwvtep.FilterGateway, FilterGateway, nd(router6, 136, target(router6)), all},
		"to the router's MAC":      {hwvtep.FilterGateway, FilterGateway, of(ip4(), udpOf(1, 2)), routerMAC},
	}
}

// Each kind is kept back where its filter is set, in both directions; not where
// all others are.
func TestFilters(t *testing.T) {
	for name, test := range filterCases(t) {
		t.Run(name, func(t *testing.T) {
			for direction, send := range map[string]func(*Datapath) (uint32, []byte){
				"to the WAN": func(d *Datapath) (uint32, []byte) {
					return d.run(t, fromA.carrying(t, test.inner(hostB, or(test.dst, hostX))))
				},
				"from the WAN": func(d *Datapath) (uint32, []byte) {
					return d.run(t, fromX.carrying(t, test.inner(hostX, or(test.dst, hostA))))
				},
			} {
				d := withGuarded(t, filtered(test.filter))
				if verdict, _ := send(d); verdict != dropped || d.drops(t, test.reason) != 1 {
					t.Errorf("%s: verdict %d, counted %d", direction, int32(verdict), d.drops(t, test.reason))
				}
				d.apply(t, changes{"red": guarded(filtered(concerns &^ test.filter))})
				if verdict, _ := send(d); verdict != forwarded {
					t.Errorf("%s, with the other filters: verdict %d", direction, int32(verdict))
				}
				d.apply(t, changes{"red": guarded(filtered(test.filter))}) // filters can be set on tunnels that live
				if verdict, _ := send(d); verdict != dropped {
					t.Errorf("%s, set again: verdict %d", direction, int32(verdict))
				}
			}
		})
	}
}

func TestFiltersLetPass(t *testing.T) {
	for name, inner := range map[string][]byte{
		"data":                   framed(t, hostA, hostX, addressing4(ipA, ipX, layers.IPProtocolUDP), udpOf(67, 53)),
		"another kind of UDP":    framed(t, hostA, hostX, addressing6(ip6A, ip6X, layers.IPProtocolUDP), udpOf(547, 53)),
		"ARP":                    framed(t, hostB, broadcast, arpOf(func(a *layers.ARP) { a.DstProtAddress = v4("192.168.7.77") })),
		"neighbour solicitation": solicitation(t, ip6A, "fd00::77"),
		"ping":                   framed(t, hostA, hostX, append([]gopacket.SerializableLayer{addressing6(ip6A, ip6X, layers.IPProtocolICMPv6)}, icmp6(128)...)...),
		"later fragment":         copyInto(framed(t, hostA, hostX, addressing4(ipA, ipX, layers.IPProtocolUDP), udpOf(68, 67)), 21, 7),
		"DHCP that is cut off":   framed(t, hostA, hostX, addressing4(ipA, ipX, layers.IPProtocolUDP), udpOf(68, 67))[:14+27],
	} {
		t.Run(name, func(t *testing.T) {
			d := withGuarded(t, filtered(allFilters))
			if verdict, _ := d.run(t, fromA.carrying(t, inner)); verdict != forwarded {
				t.Errorf("verdict %d", int32(verdict))
			}
		})
	}
}

func TestFiltersOfFlooding(t *testing.T) {
	unknown := mac("02:00:00:00:00:77")
	ip := addressing4(ipA, "224.0.0.251", layers.IPProtocolUDP)
	for name, test := range map[string]struct {
		filter hwvtep.Filter
		dst    ethernet.MAC
		reason Reason
	}{
		"multicast":       {hwvtep.FilterMulticast, mac("01:00:5e:00:00:fb"), FilterMulticast},
		"unknown unicast": {hwvtep.FilterUnknown, unknown, FilterUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			inner := framed(t, hostA, test.dst, ip, udpOf(5353, 5353))
			d := withGuarded(t, filtered(test.filter))
			if verdict, _ := d.run(t, fromA.carrying(t, inner)); verdict != dropped || d.drops(t, test.reason) != 1 {
				t.Errorf("verdict %d, counted %d", int32(verdict), d.drops(t, test.reason))
			}
			// What comes from there may still be flooded.
			if verdict, _ := d.run(t, fromX.carrying(t, framed(t, hostX, test.dst, ip, udpOf(5353, 5353)))); verdict != forwarded {
				t.Errorf("from there: verdict %d", int32(verdict))
			}
			d.apply(t, changes{"red": guarded(filtered(allFilters &^ test.filter))})
			if verdict, _ := d.run(t, fromA.carrying(t, inner)); verdict != forwarded {
				t.Errorf("with the other filters: verdict %d", int32(verdict))
			}
		})
	}
}

// A router's MAC that nobody has named is learned from what it says of itself.
func TestRoutersAreLearned(t *testing.T) {
	d := withGuarded(t, filtered(hwvtep.FilterGateway))
	data := framed(t, otherRouter, hostX, addressing4("8.8.8.8", ipX, layers.IPProtocolUDP), udpOf(53, 9999))
	if verdict, _ := d.run(t, fromA.carrying(t, data)); verdict != forwarded {
		t.Fatalf("before it has spoken: verdict %d", int32(verdict))
	}
	says := arpOf(func(a *layers.ARP) {
		a.SourceHwAddress, a.SourceProtAddress, a.DstProtAddress = otherRouter[:], v4(router4), v4(ipB)
	})
	d.run(t, fromA.carrying(t, framed(t, otherRouter, broadcast, says)))
	if verdict, _ := d.run(t, fromA.carrying(t, data)); verdict != dropped || d.drops(t, FilterGateway) != 2 {
		t.Errorf("verdict %d, counted %d", int32(verdict), d.drops(t, FilterGateway))
	}
	// The other cloud's router has the same MAC: it is not learned from there.
	verdict, _ := d.run(t, fromX.carrying(t, framed(t, otherRouter, hostA, addressing4("8.8.8.8", ipA, 17), udpOf(53, 9999))))
	if verdict != dropped {
		t.Errorf("from the WAN: verdict %d", int32(verdict))
	}
	for _, e := range d.entries(t) {
		if e.MAC == otherRouter && e.Endpoint != at(nodeA, 123) {
			t.Errorf("learned behind %s", e.Endpoint)
		}
	}
	if _, err := d.Sweep(-1); err != nil {
		t.Fatal(err)
	}
	if verdict, _ := d.run(t, fromA.carrying(t, data)); verdict != forwarded {
		t.Errorf("after it was forgotten: verdict %d", int32(verdict))
	}
}

// A host that the control plane knows is not made a router by what it says.
func TestHostsAreNoRouters(t *testing.T) {
	d := withGuarded(t, filtered(hwvtep.FilterGateway))
	lie := arpOf(func(a *layers.ARP) { a.SourceProtAddress = v4(router4) })
	d.run(t, fromA.carrying(t, framed(t, hostA, broadcast, lie)))
	data := framed(t, hostA, hostX, addressing4(ipA, ipX, layers.IPProtocolUDP), udpOf(1, 2))
	if verdict, _ := d.run(t, fromA.carrying(t, data)); verdict != forwarded {
		t.Errorf("verdict %d", int32(verdict))
	}
}
