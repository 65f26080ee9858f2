package datapath

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"landbridge/internal/ethernet"
)

// Frames of red, as the nodes and gateways send them.
var (
	fromA = packet{
		src: nodeA, dst: fabricIP, vni: 123, innerSrc: hostA, innerDst: hostX,
		tos: 0xb9, id: 4711, df: true, srcPort: 61234, payload: "from the fabric to the WAN, more than an Ethernet frame needs",
	}
	fromX = packet{
		src: remoteA, dst: wanIP, vni: 456, innerSrc: hostX, innerDst: hostA,
		tos: 0x03, id: 815, srcPort: 51515, payload: "from the WAN to the fabric, more than an Ethernet frame needs",
	}
)

func (p packet) with(change func(*packet)) packet {
	change(&p)
	return p
}

// leaving is what a packet looks like on its way by another tunnel: everything
// that is not named stays.
func (p packet) leaving(hop NextHop, src, dst string, vni uint32) packet {
	p.srcMAC, p.dstMAC = hop.Src, hop.Dst
	p.src, p.dst, p.vni, p.ttl = src, dst, vni, 64
	p.dstPort = 4789
	return p
}

func TestForwarded(t *testing.T) {
	for name, test := range map[string]struct{ in, want packet }{
		"fabric to WAN": {fromA, fromA.leaving(toWAN, wanIP, remoteA, 456)},
		"WAN to fabric": {fromX, fromX.leaving(toFabric, fabricIP, nodeA, 123)},
		"from the other node": {
			fromA.with(func(p *packet) { p.src, p.innerSrc = nodeB, hostB }),
			fromA.with(func(p *packet) { p.innerSrc = hostB }).leaving(toWAN, wanIP, remoteA, 456),
		},
		"from a WAN tunnel that is not flooded to": {
			fromX.with(func(p *packet) { p.src, p.vni, p.innerSrc = remoteB, 457, hostB }),
			fromX.with(func(p *packet) { p.innerSrc = hostB }).leaving(toFabric, fabricIP, nodeA, 123),
		},
		"with a VLAN tag inside": {
			fromA.with(func(p *packet) { p.innerVLAN = 42 }),
			fromA.with(func(p *packet) { p.innerVLAN = 42 }).leaving(toWAN, wanIP, remoteA, 456),
		},
		"with a UDP checksum": {
			fromA.with(func(p *packet) { p.checksum = true }),
			fromA.with(func(p *packet) { p.checksum = true }).leaving(toWAN, wanIP, remoteA, 456),
		},
		"broadcast to the one tunnel of the other side": {
			fromX.with(func(p *packet) { p.innerDst = broadcast }),
			fromX.with(func(p *packet) { p.innerDst = broadcast }).leaving(toFabric, fabricIP, nodeA, 123),
		},
		"multicast": {
			fromA.with(func(p *packet) { p.innerDst = mac("01:00:5e:00:00:01") }),
			fromA.with(func(p *packet) { p.innerDst = mac("01:00:5e:00:00:01") }).leaving(toWAN, wanIP, remoteA, 456),
		},
		"unknown unicast": {
			fromA.with(func(p *packet) { p.innerDst = mac("02:00:00:00:99:99") }),
			fromA.with(func(p *packet) { p.innerDst = mac("02:00:00:00:99:99") }).leaving(toWAN, wanIP, remoteA, 456),
		},
		"to no address": {
			fromA.with(func(p *packet) { p.innerDst = ethernet.MAC{} }),
			fromA.with(func(p *packet) { p.innerDst = ethernet.MAC{} }).leaving(toWAN, wanIP, remoteA, 456),
		},
		"with reserved bits of VXLAN, which are cleared": {
			fromA.with(func(p *packet) { p.reserved = true }), fromA.leaving(toWAN, wanIP, remoteA, 456),
		},
	} {
		t.Run(name, func(t *testing.T) {
			verdict, out := withRed(t).run(t, test.in.build(t))
			if verdict != forwarded {
				t.Fatalf("verdict %d", int32(verdict))
			}
			if diff := cmp.Diff(test.want, decode(t, out), cmp.AllowUnexported(packet{})); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// Packets to a tunnel address that no tunnel can take, and frames that may not
// go where they want.
func TestDropped(t *testing.T) {
	for name, test := range map[string]struct {
		in   packet
		want Reason
	}{
		"unknown sender":           {fromA.with(func(p *packet) { p.src = "10.0.0.99" }), UnknownSender},
		"unknown VNI":              {fromA.with(func(p *packet) { p.vni = 124 }), UnknownVNI},
		"VNI of the other side":    {fromA.with(func(p *packet) { p.vni = 456 }), UnknownVNI},
		"another of our addresses": {fromA.with(func(p *packet) { p.dst = wanIP }), WrongLocal},
		"IP options":               {fromA.with(func(p *packet) { p.options = 1 }), IPOptions},
		"most IP options":          {fromA.with(func(p *packet) { p.options = 10 }), IPOptions},
		"first fragment":           {fromA.with(func(p *packet) { p.df = false; p.moreFragments = true }), Fragment},
		"no VNI flag":              {fromA.with(func(p *packet) { p.flags = 0x40 }), BadVXLAN},
		"GPE":                      {fromA.with(func(p *packet) { p.flags = 0x0c }), BadVXLAN},
		"IP length too large":      {fromA.with(func(p *packet) { p.ipLength = 1000 }), Truncated},
		"IP length too small":      {fromA.with(func(p *packet) { p.ipLength = 49 }), Truncated},
		"UDP length too large":     {fromA.with(func(p *packet) { p.udpLength = 1000 }), Truncated},
		"UDP length too small":     {fromA.with(func(p *packet) { p.udpLength = 29 }), Truncated},
		"multicast source":         {fromA.with(func(p *packet) { p.innerSrc = broadcast }), BadSource},
		"zero source":              {fromA.with(func(p *packet) { p.innerSrc = ethernet.MAC{} }), BadSource},
		"hairpin":                  {fromA.with(func(p *packet) { p.innerDst = hostA }), SplitHorizon},
		"within the fabric": {
			fromA.with(func(p *packet) { p.src, p.innerSrc, p.innerDst = nodeB, hostB, hostA }), SplitHorizon,
		},
		"within the WAN": {
			fromX.with(func(p *packet) { p.src, p.vni, p.innerSrc, p.innerDst = remoteB, 457, hostB, hostX }), SplitHorizon,
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := withRed(t)
			in := test.in.build(t)
			verdict, _ := d.run(t, in)
			if verdict != dropped {
				t.Errorf("verdict %d", int32(verdict))
			}
			c, err := d.Counters()
			if err != nil {
				t.Fatal(err)
			}
			for reason, n := range c.Drops {
				if want := map[bool]uint64{true: 1}[reason == test.want]; n != want {
					t.Errorf("%s counted %d, want %d", reason, n, want)
				}
			}
		})
	}
}

// What is no tunnel's business is left to the kernel, untouched.
func TestPassed(t *testing.T) {
	d := withRed(t)
	arp := append(make([]byte, 12), 0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1)
	for name, in := range map[string][]byte{
		"not IPv4":                   append(arp, make([]byte, 64)...),
		"another port":               fromA.with(func(p *packet) { p.dstPort = 4790 }).build(t),
		"not to a tunnel address":    fromA.with(func(p *packet) { p.dst = "10.0.0.77" }).build(t),
		"stranger, elsewhere":        fromA.with(func(p *packet) { p.src, p.dst = "10.0.0.99", "10.0.0.77" }).build(t),
		"options, elsewhere":         fromA.with(func(p *packet) { p.options, p.dst = 1, "10.0.0.77" }).build(t),
		"options, another port":      fromA.with(func(p *packet) { p.options, p.dstPort = 1, 53 }).build(t),
		"bad VXLAN, elsewhere":       fromA.with(func(p *packet) { p.flags, p.dst = 4, "10.0.0.77" }).build(t),
		"later fragment":             fromA.with(func(p *packet) { p.fragmentOffset = 100 }).build(t),
		"to the MAC of another host": fromA.with(func(p *packet) { p.dstMAC = mac("02:00:00:00:00:77") }).build(t),
		"TCP":                        protocol(fromA.build(t), 6),
		"version 5":                  version(fromA.build(t), 5),
	} {
		t.Run(name, func(t *testing.T) {
			verdict, out := d.run(t, in)
			if verdict != passed {
				t.Errorf("verdict %d", int32(verdict))
			}
			if diff := cmp.Diff(in, out); diff != "" {
				t.Errorf("changed: %s", diff)
			}
		})
	}
	c, err := d.Counters()
	if err != nil {
		t.Fatal(err)
	}
	for reason, n := range c.Drops {
		if n != 0 {
			t.Errorf("%s counted %d", reason, n)
		}
	}
}

func protocol(b []byte, p byte) []byte {
	b[23] = p
	return b
}

func version(b []byte, v byte) []byte {
	b[14] = v<<4 | b[14]&0xf
	return b
}

// A packet that ends anywhere: passed where its headers do not tell that it was
// for a tunnel, else dropped and counted.
func TestTruncatedAnywhere(t *testing.T) {
	d := withRed(t)
	whole := fromA.build(t)
	const udpEnds = 14 + 20 + 8
	for n := 34; n < len(whole); n++ { // the kernel runs no shorter ones
		before := d.drops(t, Truncated)
		verdict, out := d.run(t, whole[:n])
		counted := d.drops(t, Truncated) - before
		switch {
		case n < udpEnds && (verdict != passed || counted != 0 || string(out) != string(whole[:n])):
			t.Errorf("%d bytes: verdict %d, counted %d", n, int32(verdict), counted)
		case n >= udpEnds && (verdict != dropped || counted != 1):
			t.Errorf("%d bytes: verdict %d, counted %d", n, int32(verdict), counted)
		}
	}
}
