package datapath

import (
	"fmt"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"landbridge/internal/ethernet"
)

// floodCopies is how many copies a round makes, at each number of tunnels.
const floodCopies = 200_000

// queued is half of what a link without NAPI queues.
const queued = 500

// BenchmarkFlooding finds what a copy costs when a broadcast goes to many tunnels:
// to arrive, its part of the original too.
func BenchmarkFlooding(b *testing.B) {
	s := section{title: "Flooding, CPU time for a copy"}
	for _, tunnels := range []int{1, 16, 256} {
		of := func(name string) string { return fmt.Sprintf("%s, tunnels: %d", name, tunnels) }
		names, got := []string{bridge, oursTC}, series{}
		all := []*stream{flooding(b, bridge, tunnels), flooding(b, oursTC, tunnels)}
		for n := range *rounds {
			say("%d tunnels, round %d of %d", tunnels, n+1, *rounds)
			for i, name := range names {
				all[i].cost(b, max(floodCopies/tunnels/50, 1))
				cost := all[i].cost(b, floodCopies/tunnels)
				say("  %s: %v", name, cost)
				got.add(of(name), float64(cost.Nanoseconds()))
			}
		}
		s = s.append(got.less(of(oursTC), of(bridge), "ns").atLeast(1/0.8, "≤ 0.8 times"))
	}
	found = append(found, s)
}

// flooding is broadcasts by one gateway to many others, which are all behind the
// second one's link. There the copies end.
func flooding(b *testing.B, name string, tunnels int) *stream {
	b.Helper()
	label := map[string]string{bridge: "fb", oursTC: "fo"}[name]
	r := newRival(b, name, fmt.Sprint(label, tunnels), false)
	remotes := peers{}
	var addresses []string
	for i := range tunnels {
		addr := netip.AddrFrom4([4]byte{203, 0, 113, 2}).As4()
		addr[2], addr[3] = byte(113+i/200), byte(2+i%200)
		addresses = append(addresses, netip.AddrFrom4(addr).String())
		remotes[addresses[i]] = wan2MAC
		must(b, r.gateway1.AddNeighbour(wanLink, netip.AddrFrom4(addr), wan2MAC))
	}
	must(b, r.gateway1.AddAddr(wanLink, netip.MustParsePrefix("203.0.114.1/24")))
	if name == bridge {
		bridged(b, r.gateway1, fabric1IP, compute1IP, wan1IP, addresses...)
	} else {
		g := gateway{r.gateway1, side{fabric1IP, fabricLink, fabric1MAC}, side{wan1IP, wanLink, wan1MAC}}
		g.ours(b, peers{compute1IP: compute1MAC}, remotes, false)
	}
	frame := outer{
		src: compute1MAC, dst: fabric1MAC, srcIP: compute1IP, dstIP: fabric1IP, vni: fabricVNI,
		innerDst: ethernet.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, from: host1MAC,
	}
	must(b, ethtool(r.gateway2, wanLink, unix.ETHTOOL_SGRO, 0)) // its queue is longer without
	s := newStream(b, r.compute1, frame.packet(b), false, min(burst, max(1, queued/tunnels)))
	s.copies = tunnels
	s.endAt(b, r.gateway2, wanLink)
	return s
}
