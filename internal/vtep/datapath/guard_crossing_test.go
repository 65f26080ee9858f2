package datapath

import (
	"fmt"
	"maps"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/vtep/forwarding"
)

// guardedCrossing is a network whose hosts are known, with a tunnel of one
// encapsulation on the fabric and of another on the WAN: host A is behind the
// one, X behind the other.
type guardedCrossing struct {
	*Datapath
	n       *forwarding.Network
	in, out hwvtep.Encapsulation
}

// apply sets the network, changed, and the ways of both sides.
func (c guardedCrossing) apply(t testing.TB, fabricMTU, wanMTU int, change func(*forwarding.Network)) {
	t.Helper()
	n := *c.n
	n.Tunnels = maps.Clone(n.Tunnels)
	change(&n)
	c.Datapath.apply(t, changes{n.Name: &n})
	hops := map[Pair]NextHop{}
	for _, p := range c.Pairs() {
		hops[p] = toFabric
		hop := toFabric
		if hop.MTU = fabricMTU; p.Remote == c.wan().Remote() {
			hop = toWAN
			hop.MTU = wanMTU
		}
		hops[p] = hop
	}
	if err := c.SetNextHops(hops); err != nil {
		t.Fatal(err)
	}
	c.segmenter.in = 1
	ensured(t, c.Datapath)
}

func (c guardedCrossing) wan() forwarding.Endpoint {
	return by(c.out, places[encapsulations[c.out].v6].remote, keyOut)
}

// filtered sets a filter on the WAN.
func (c guardedCrossing) filtered(f hwvtep.Filter) func(*forwarding.Network) {
	return func(n *forwarding.Network) {
		tunnel := n.Tunnels[c.wan()]
		tunnel.Filter = f
		n.Tunnels[c.wan()] = tunnel
	}
}

func asItIs(*forwarding.Network) {}

// side is one side of the network: what comes by its tunnel, and what leaves.
type side struct {
	name              string
	arriving, leaving shaped // without the frame
	host, other       ethernet.MAC
	ip4, ip6          string
	other4, other6    string
}

// sides gives the fabric and the WAN.
func (c guardedCrossing) sides() [2]side {
	from, to := places[encapsulations[c.in].v6], places[encapsulations[c.out].v6]
	arriving := shaped{tos: 0xb9, ttl: 9, srcPort: 51234, flowLabel: 0xabcde, checksum: true}
	near, far := arriving, arriving
	near.encapsulation, near.src, near.dst, near.key = c.in, from.node, from.fabric, keyIn
	far.encapsulation, far.src, far.dst, far.key = c.out, to.remote, to.wan, keyOut
	back := func(s shaped) shaped {
		s.src, s.dst, s.ttl = s.dst, s.src, 64
		return s
	}
	return [2]side{
		{"fabric", near, back(near), hostA, hostX, ipA, ip6A, ipX, ip6X},
		{"WAN", far, back(far), hostX, hostA, ipX, ip6X, ipA, ip6A},
	}
}

func (s side) carrying(t testing.TB, frame []byte) []byte {
	t.Helper()
	p := s.arriving
	p.frame = string(frame)
	return p.build(t)
}

// wants checks that a packet leaves by the side with a frame inside. Its
// checksums are right; a UDP checksum over IPv6 is there.
func (s side) wants(t testing.TB, what string, verdict uint32, b []byte, frame func(shaped) string) {
	t.Helper()
	if verdict != forwarded {
		t.Errorf("%s: verdict %d", what, int32(verdict))
		return
	}
	got, want := decodeShaped(t, b), s.leaving
	want.frame = frame(got)
	want.srcPort, want.flowLabel, want.checksum = got.srcPort, got.flowLabel, got.checksum
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(shaped{})); diff != "" {
		t.Errorf("%s (-want +got)\n%s", what, diff)
	}
	if !got.gre() && got.v6() && !got.checksum {
		t.Errorf("%s: no checksum over IPv6", what)
	}
}

func is(frame []byte) func(shaped) string { return func(shaped) string { return string(frame) } }

// overEveryCrossing runs a test for each encapsulation that becomes each other.
func overEveryCrossing(t *testing.T, test func(*testing.T, guardedCrossing)) {
	d := open(t)
	for _, in := range hwvtep.Encapsulations() {
		for _, out := range hwvtep.Encapsulations() {
			name := fmt.Sprint(in, " and ", out)
			from, to := places[encapsulations[in].v6], places[encapsulations[out].v6]
			n := model(name, tunnels{
				by(in, from.node, keyIn):   {Group: forwarding.Fabric, Local: addr(from.fabric), Flood: true},
				by(out, to.remote, keyOut): {Group: forwarding.WAN, Local: addr(to.wan), Flood: true},
			}, entries{hostA: by(in, from.node, keyIn), hostX: by(out, to.remote, keyOut)})
			n.Neighbours = map[netip.Addr]ethernet.MAC{
				addr(ipA): hostA, addr(ip6A): hostA, addr(ipX): hostX, addr(ip6X): hostX,
			}
			n.Gateways.Add(addr(router4))
			n.Gateways.Add(addr(router6))
			n.Routers.Add(routerMAC)
			t.Run(name, func(t *testing.T) {
				defer d.apply(t, changes{name: nil})
				test(t, guardedCrossing{d, n, in, out})
			})
		}
	}
}
