package datapath

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"pgregory.net/rapid"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/vtep/forwarding"
)

// Verdicts at XDP.
const (
	xdpPassed    = 2 // XDP_PASS: on to TC
	xdpForwarded = 4 // XDP_REDIRECT
)

// withExpress is withRed, whose next hops take what XDP sends.
func withExpress(t testing.TB) *Datapath {
	t.Helper()
	d := withRed(t)
	d.openExit(t)
	return d
}

// openExit has XDP send to the one interface of test runs, until the next Ensure.
func (d *Datapath) openExit(t testing.TB) {
	t.Helper()
	if err := d.kernel.Express.Put(uint32(1), uint32(1)); err != nil {
		t.Fatal(err)
	}
}

// express gives the verdict of XDP on a packet and what has become of it.
func (d *Datapath) express(t testing.TB, in []byte) (verdict uint32, out []byte) {
	t.Helper()
	opts := &ebpf.RunOptions{Data: in, DataOut: make([]byte, len(in)+256)}
	verdict, err := d.kernel.LandbridgeExpress.Run(opts)
	if err != nil {
		t.Fatalf("run the program on %x: %v", in, err)
	}
	return verdict, opts.DataOut
}

// toUs addresses a packet to the interface that its local address belongs to, as
// it arrives at XDP; at TC the device tells that it is for us.
func toUs(b []byte) []byte {
	b = bytes.Clone(b)
	mac := toFabric.Src
	if len(b) >= 34 && netip.AddrFrom4([4]byte(b[30:34])) == addr(wanIP) {
		mac = toWAN.Src
	}
	copy(b, mac[:])
	return b
}

// mayBePartial tells whether the UDP checksum could be that of the pseudo-header.
func mayBePartial(b []byte) bool {
	sum := uint32(17) + uint32(binary.BigEndian.Uint16(b[38:]))
	for i := 26; i < 34; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return sum == uint32(binary.BigEndian.Uint16(b[40:]))
}

func drawRedPacket(t *rapid.T) packet {
	hosts := rapid.SampledFrom([]ethernet.MAC{hostA, hostA, hostX, hostX, hostB, broadcast, {}})
	from := rapid.SampledFrom([]packet{fromA, fromX, fromA, fromX, {src: nodeB, dst: fabricIP, vni: 123}, {src: remoteB, dst: wanIP, vni: 457}, {src: nodeA, dst: wanIP, vni: 9}}).Draw(t, "from")
	rarely := func(what string) bool { return rapid.IntRange(0, 9).Draw(t, what) == 0 }
	p := packet{
		src: from.src, dst: from.dst, vni: from.vni, innerSrc: hosts.Draw(t, "source"), innerDst: hosts.Draw(t, "destination"),
		tos: rapid.Byte().Draw(t, "tos"), ttl: rapid.ByteMin(1).Draw(t, "ttl"), id: rapid.Uint16().Draw(t, "id"), df: rapid.Bool().Draw(t, "df"),
		srcPort: rapid.Uint16Min(1).Draw(t, "port"), checksum: rapid.Bool().Draw(t, "checksum"), reserved: rapid.Bool().Draw(t, "reserved"),
		payload: string(make([]byte, rapid.IntRange(46, 1400).Draw(t, "length"))), moreFragments: rarely("fragment"),
	}
	if rarely("options") {
		p.options = 1
	}
	if rarely("another length") {
		p.udpLength = rapid.Uint16().Draw(t, "length in UDP")
	}
	if rarely("tag") {
		p.innerVLAN = 42
	}
	return p
}

// likeTC gives a packet to XDP and then to TC, and tells whether XDP forwards it.
// It wants XDP to send what TC sends, byte for byte, and to count as TC does; or to
// leave the packet and all that the maps hold as they were. Nothing is learned,
// moved or counted as a mismatch there.
func (d *Datapath) likeTC(t testing.TB, in []byte) bool {
	t.Helper()
	before, fdb := d.counted(t), d.allEntries(t)
	at, express := d.express(t, toUs(in))
	between, fdbBetween := d.counted(t), d.allEntries(t)
	verdict, out := d.run(t, in)
	if diff := cmp.Diff(fdb, fdbBetween, sameAddr); diff != "" {
		t.Errorf("XDP has changed the FDB (-before +after)\n%s", diff)
	}
	switch at {
	case xdpForwarded:
		if verdict != forwarded || !bytes.Equal(express, out) {
			t.Errorf("XDP sends\n%x, TC says %d:\n%x", express, int32(verdict), out)
		}
		if diff := cmp.Diff(grown(between, d.counted(t)), grown(before, between), sameAddr); diff != "" {
			t.Errorf("counted (-TC +XDP)\n%s", diff)
		}
		return true
	case xdpPassed:
		if !bytes.Equal(express, toUs(in)) {
			t.Errorf("passed, but changed: %x", express)
		}
		if diff := cmp.Diff(before, between, sameAddr); diff != "" {
			t.Errorf("passed, but counted (-before +after)\n%s", diff)
		}
		return false
	}
	t.Errorf("verdict %d at XDP", at)
	return false
}

func (d *Datapath) counted(t testing.TB) Counters {
	t.Helper()
	c, err := d.Counters()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// allEntries gives the FDB of all networks without ages.
func (d *Datapath) allEntries(t testing.TB) map[string][]Entry {
	t.Helper()
	out := map[string][]Entry{}
	for name := range d.Networks() {
		entries, err := d.FDB(name)
		if err != nil {
			t.Fatal(err)
		}
		for i := range entries {
			entries[i].Age = 0
		}
		out[name] = entries
	}
	return out
}

// grown gives what tunnels have counted meanwhile, and all else as it is now: a
// unicast hit has only the first.
func grown(before, after Counters) Counters {
	after.Tunnels = maps.Clone(after.Tunnels)
	for key, a := range after.Tunnels {
		b := before.Tunnels[key]
		after.Tunnels[key] = Traffic{a.RxPackets - b.RxPackets, a.RxBytes - b.RxBytes, a.TxPackets - b.TxPackets, a.TxBytes - b.TxBytes}
	}
	return after
}

// XDP does what TC does, with packets of all kinds, before TC has learned from
// them and after; and it does all unicast hits.
func TestExpressProperty(t *testing.T) {
	d := withExpress(t)
	hits := 0
	rapid.Check(t, func(rt *rapid.T) {
		p := drawRedPacket(rt)
		in := p.build(t)
		d.likeTC(t, in)
		hit := d.knows(t, p.innerSrc, at(p.src, p.vni)) && d.knows(t, p.innerDst, forwarding.Endpoint{}) && !mayBePartial(in)
		verdict, _ := d.run(t, in)
		if forwards := d.likeTC(t, in); forwards != (hit && verdict == forwarded) {
			rt.Fatalf("%+v: a unicast hit: %t, XDP forwards: %t", p, hit, forwards)
		}
		if hit {
			hits++
		}
		if t.Failed() {
			rt.Fatalf("%+v", p)
		}
	})
	if hits == 0 {
		t.Error("no unicast hit was drawn")
	}
}

// The same with tunnels of all encapsulations.
func TestExpressOfEveryEncapsulation(t *testing.T) {
	d := open(t)
	d.apply(t, changes{"everything": everything()})
	d.resolve(t)
	d.openExit(t)
	hits := map[string]bool{}
	rapid.Check(t, func(rt *rapid.T) {
		d.apply(t, changes{"everything": drawGuards(rt)})
		mtu := rapid.SampledFrom([]int{600, 1500, 9000}).Draw(rt, "MTU")
		d.narrow(t, mtu)
		setHop6(t, d, mtu)
		if err := d.SetClamp(rapid.Bool().Draw(rt, "clamp")); err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(10, 30).Draw(rt, "packets") {
			p := drawAny(rt, t)
			if d.likeTC(t, p.build(t)) {
				hits[fmt.Sprint(p.encapsulation, " from side ", p.key)] = true
			}
			if t.Failed() {
				rt.Fatalf("%+v", p)
			}
		}
	})
	if want := 2 * 4; len(hits) != want { // all but GRE, from both sides
		t.Errorf("unicast hits from %v, want %d", hits, want)
	}
}

// drawGuards gives everything with some filters, and what they and answers go by.
func drawGuards(t *rapid.T) *forwarding.Network {
	n, filters := everything(), []int{0}
	if rapid.Bool().Draw(t, "filters") {
		filters = []int{0, 0, 1, 4, 8, 31}
	}
	for _, e := range slices.SortedFunc(maps.Keys(n.Tunnels), forwarding.Endpoint.Compare) {
		tunnel := n.Tunnels[e]
		tunnel.Filter = hwvtep.Filter(rapid.SampledFrom(filters).Draw(t, "filter of "+e.String()))
		n.Tunnels[e] = tunnel
	}
	n.Neighbours[addr(ipX)] = ethernet.MAC{2, 0, 0, 0, 2, 0}
	n.Gateways.Add(addr(router4))
	n.Routers.Add(ethernet.MAC{2, 0, 0, 0, 1, byte(rapid.IntRange(0, 9).Draw(t, "router"))})
	return n
}

// drawFrame gives a frame of some kind that is looked into, or of none.
func drawFrame(t *rapid.T, tb testing.TB) []byte {
	tags := []gopacket.SerializableLayer{&layers.Dot1Q{VLANIdentifier: 42}}[:rapid.IntRange(0, 1).Draw(t, "tags")]
	flags := rapid.SampledFrom([]func(*layers.TCP){syn, ack}).Draw(t, "flags")
	length := rapid.IntRange(46, 1400).Draw(t, "length")
	switch rapid.IntRange(0, 9).Draw(t, "kind") {
	case 0, 7, 8, 9:
		return handshake(tb, rapid.Bool().Draw(t, "IPv6"), tags, tcpOf(flags, mss(1460)))
	case 1:
		return segment(tb, max(length, 100), rapid.Bool().Draw(t, "IPv6"), tags...)
	case 2:
		return framed(tb, hostA, hostX, addressing4(ipA, ipX, layers.IPProtocolUDP), udpOf(68, 67), filled(length))
	case 3:
		return framed(tb, hostA, hostX, arpOf(func(a *layers.ARP) { a.DstProtAddress = v4(router4) }))
	case 4:
		return framed(tb, hostA, hostX, optional(), tcpOf(flags, mss(1460)))
	}
	return append(framed(tb, hostA, hostX)[:12], "\x88\xb5"+strings.Repeat("x", length)...)
}

// drawAny gives a packet of everything, whose hosts are mostly where they should be.
func drawAny(t *rapid.T, tb testing.TB) shaped {
	all := hwvtep.Encapsulations()
	hosts := rapid.IntRange(0, len(all)-1)
	from, side := hosts.Draw(t, "from"), rapid.IntRange(1, 2).Draw(t, "side")
	mac := func(side, i int, what string) string {
		switch rapid.IntRange(0, 19).Draw(t, what+" is another") {
		case 0:
			return string(broadcast[:])
		case 1:
			side, i = 3-side, hosts.Draw(t, what)
		}
		return string([]byte{2, 0, 0, 0, byte(side), byte(i)})
	}
	p := places[encapsulations[all[from]].v6]
	out := shaped{
		encapsulation: all[from], src: p.node, dst: p.fabric, key: uint32(side),
		tos: rapid.Byte().Draw(t, "tos"), ttl: rapid.ByteMin(1).Draw(t, "ttl"), srcPort: rapid.Uint16Min(1).Draw(t, "port"),
		checksum: rapid.Bool().Draw(t, "checksum"),
	}
	if side == 2 {
		out.src, out.dst = p.remote, p.wan
	}
	out.frame = mac(3-side, hosts.Draw(t, "to"), "destination") + mac(side, from, "source") + string(drawFrame(t, tb)[12:])
	return out
}

// knows tells whether an address is in the FDB; behind a tunnel, where one is given.
func (d *Datapath) knows(t testing.TB, mac ethernet.MAC, behind forwarding.Endpoint) bool {
	t.Helper()
	return slices.ContainsFunc(d.allEntries(t)["red"], func(e Entry) bool {
		return e.MAC == mac && (behind == forwarding.Endpoint{} || e.Endpoint == behind)
	})
}

func TestExpressPasses(t *testing.T) {
	in := toUs(fromA.build(t))
	tag := []gopacket.SerializableLayer{&layers.Dot1Q{VLANIdentifier: 42}}
	for name, c := range map[string]struct {
		change func(d *Datapath)
		in     []byte
	}{
		"another MAC":                    {nil, fromA.build(t)},
		"an IPv6 packet":                 {nil, append(append(bytes.Clone(in[:12]), 0x86, 0xdd), in[14:]...)},
		"another port":                   {nil, toUs(fromA.with(func(p *packet) { p.dstPort = 53 }).build(t))},
		"a broadcast":                    {nil, toUs(fromA.with(func(p *packet) { p.innerDst = broadcast }).build(t))},
		"an unknown host":                {nil, toUs(fromA.with(func(p *packet) { p.innerDst = hostB }).build(t))},
		"an unknown source":              {nil, toUs(fromA.with(func(p *packet) { p.innerSrc = hostB }).build(t))},
		"a source behind another tunnel": {nil, toUs(fromA.with(func(p *packet) { p.src = nodeB }).build(t))},
		"a source that is frozen behind another tunnel": {func(d *Datapath) {
			for i := range movesMax + 1 {
				d.run(t, fromA.with(func(p *packet) { p.src, p.innerSrc = []string{nodeA, nodeB}[i%2], hostB }).build(t))
			}
			if verdict, _ := d.express(t, toUs(fromA.with(func(p *packet) { p.src, p.innerSrc = nodeB, hostB }).build(t))); verdict != xdpForwarded {
				t.Errorf("verdict %d where it is frozen", verdict)
			}
		}, toUs(fromA.with(func(p *packet) { p.innerSrc = hostB }).build(t))},
		"a host behind a port": {func(d *Datapath) {
			d.ports = newPorts(map[string]string{"p1": "lo", "p2": "lo"})
			n := redWithPorts()
			n.FDB[hostX] = forwarding.OnPort("p1", 100)
			d.apply(t, changes{"red": n})
		}, in},
		"a filter on the way out": {func(d *Datapath) { d.apply(t, changes{"red": guarded(filtered(hwvtep.FilterGateway))}) }, in},
		"a filter on the way in": {func(d *Datapath) {
			d.apply(t, changes{"red": guarded(filtered(hwvtep.FilterDHCP))})
		}, toUs(fromX.build(t))},
		"a SYN":                          {clamps(t), toUs(fromA.carrying(t, handshake(t, false, nil, tcpOf(syn, mss(1460)))))},
		"a SYN in IPv6":                  {clamps(t), toUs(fromA.carrying(t, handshake(t, true, nil, tcpOf(syn))))},
		"a SYN with a tag":               {clamps(t), toUs(fromA.carrying(t, handshake(t, false, tag, tcpOf(syn))))},
		"a SYN behind IP options":        {clamps(t), toUs(fromA.carrying(t, framed(t, hostA, hostX, optional(), tcpOf(syn))))},
		"a SYN behind extension headers": {clamps(t), toUs(fromA.carrying(t, framed(t, hostA, hostX, hidden(layers.IPProtocolTCP, filled(40))...)))},
		"a SYN that is cut off":          {clamps(t), toUs(fromA.carrying(t, handshake(t, false, nil, tcpOf(syn))[:14+30]))},
		"the same side":                  {nil, toUs(fromA.with(func(p *packet) { p.src, p.innerSrc, p.innerDst = nodeB, hostX, hostA }).build(t))},
		"an unfinished checksum": {nil, func() []byte {
			b := bytes.Clone(in)
			for sum := 1; !mayBePartial(b); sum++ {
				binary.BigEndian.PutUint16(b[40:], uint16(sum))
			}
			return b
		}()},
		"a way that is not resolved": {func(d *Datapath) { setHop(t, d, NextHop{IfIndex: 1, Src: toWAN.Src, MTU: 1500}) }, in},
		"a packet too big": {func(d *Datapath) {
			setHop(t, d, NextHop{IfIndex: 1, Src: toWAN.Src, Dst: toWAN.Dst, MTU: 100, Resolved: true})
		}, in},
		"an exit that takes nothing": {func(d *Datapath) {
			if err := d.kernel.Express.Delete(uint32(1)); err != nil {
				t.Fatal(err)
			}
		}, in},
		"an old lease": {func(d *Datapath) {
			if err := d.kernel.State.Put(uint32(0), kernelState{Format: format}); err != nil {
				t.Fatal(err)
			}
		}, in},
	} {
		t.Run(name, func(t *testing.T) {
			d := withExpress(t)
			if verdict, _ := d.express(t, in); verdict != xdpForwarded {
				t.Fatalf("verdict %d on a hit", verdict)
			}
			if c.change != nil {
				c.change(d)
			}
			if verdict, out := d.express(t, c.in); verdict != xdpPassed || !bytes.Equal(out, c.in) {
				t.Errorf("verdict %d, %x", verdict, out)
			}
		})
	}
}

// clamps switches clamping on.
func clamps(t *testing.T) func(*Datapath) {
	return func(d *Datapath) {
		if err := d.SetClamp(true); err != nil {
			t.Fatal(err)
		}
	}
}

func optional() *layers.IPv4 {
	ip := addressing4(ipA, ipX, layers.IPProtocolTCP)
	ip.Options = []layers.IPv4Option{{OptionType: 1}, {OptionType: 1}, {OptionType: 1}, {OptionType: 0}}
	return ip
}

// Filters and clamping leave to XDP what is plainly none of their business.
func TestExpressBesideGuards(t *testing.T) {
	d := withExpress(t)
	d.apply(t, changes{"red": guarded(filtered(hwvtep.FilterMulticast | hwvtep.FilterUnknown))})
	clamps(t)(d)
	for name, frame := range map[string][]byte{
		"TCP":           handshake(t, false, nil, tcpOf(ack)),
		"TCP over IPv6": handshake(t, true, nil, tcpOf(ack)),
		"UDP":           framed(t, hostA, hostX, addressing4(ipA, ipX, layers.IPProtocolUDP), udpOf(67, 68), filled(20)),
		"UDP over IPv6": framed(t, hostA, hostX, addressing6(ip6A, ip6X, layers.IPProtocolUDP), udpOf(1, 2)),
		"ICMPv6":        framed(t, hostA, hostX, append([]gopacket.SerializableLayer{addressing6(ip6A, ip6X, layers.IPProtocolICMPv6)}, icmp6(128)...)...),
		"ARP":           framed(t, hostA, hostX, arpOf()),
	} {
		if !d.likeTC(t, fromA.carrying(t, frame)) {
			t.Errorf("%s is left to TC", name)
		}
	}
}

// setHop6 is narrow for the WAN's way of IPv6.
func setHop6(t *testing.T, d *Datapath, mtu int) {
	t.Helper()
	hop := toFabric
	hop.MTU = mtu
	if err := d.SetNextHop(addr(places[true].remote), addr(places[true].wan), hop); err != nil {
		t.Fatal(err)
	}
}

func setHop(t *testing.T, d *Datapath, h NextHop) {
	t.Helper()
	if err := d.SetNextHop(addr(remoteA), addr(wanIP), h); err != nil {
		t.Fatal(err)
	}
}

// FuzzExpress gives arbitrary frames to both programs of a gateway that speaks
// everything: XDP sends nothing that TC does not send likewise.
func FuzzExpress(f *testing.F) {
	d, n := open(f), everything()
	for e, filter := range map[forwarding.Endpoint]hwvtep.Filter{
		by(hwvtep.GeneveOverIPv4, remoteA, 2): hwvtep.FilterDHCP, by(hwvtep.GeneveOverIPv6, places[true].node, 1): hwvtep.FilterMulticast,
	} {
		tunnel := n.Tunnels[e]
		tunnel.Filter = filter
		n.Tunnels[e] = tunnel
	}
	d.apply(f, changes{"everything": n})
	d.resolve(f)
	d.openExit(f)
	if err := d.SetClamp(true); err != nil {
		f.Fatal(err)
	}
	for i, e := range hwvtep.Encapsulations() {
		p := places[encapsulations[e].v6]
		for to := range hwvtep.Encapsulations() {
			frame := string([]byte{2, 0, 0, 0, 2, byte(to), 2, 0, 0, 0, 1, byte(i)}) +
				string(handshake(f, to%2 == 1, nil, tcpOf([]func(*layers.TCP){syn, ack}[to%3%2], mss(1460)))[12:])
			b := shaped{encapsulation: e, src: p.node, dst: p.fabric, key: 1, ttl: 3, checksum: to&1 == 1, frame: frame}.build(f)
			for _, n := range []int{len(b), 64, 63, 54} {
				f.Add(b[:n])
			}
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) < 54 || len(in) > 2000 { // the kernel runs no others
			return
		}
		copy(in, make([]byte, 6))
		d.likeTC(t, in)
	})
}
