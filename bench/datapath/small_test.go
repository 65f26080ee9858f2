package datapath

import (
	"testing"

	"landbridge/bench/measure"
	"landbridge/bench/report"
)

// Small packets come in bursts, as a busy network card has them, or one by one, as
// an idle one does. Programs at XDP are shown bursts alone.
const (
	bursts = "in bursts"
	single = "one by one"
)

// packetsPerRound is how many small packets of a rival are measured in a round,
// by how they come.
var packetsPerRound = map[string]int{bursts: 300_000, single: 60_000}

// smallPackets is a rival whose small packets are measured.
type smallPackets struct {
	*rival
	*stream
	how string
}

func (s smallPackets) String() string { return s.name + ", " + s.how }

// cost is that of a packet from compute node to compute node.
func (s smallPackets) cost(b *testing.B) float64 {
	b.Helper()
	switch s.name {
	case bridge, oursTC, oursXDP:
		s.echoes(b, 20) // they know both hosts
	}
	detach := s.endAt(b, s.compute2, computeLink)
	defer detach()
	n := packetsPerRound[s.how]
	if len(s.processes) > 0 {
		n /= 4
	}
	s.stream.cost(b, n/50) // caches
	return float64(s.stream.cost(b, n).Nanoseconds())
}

// BenchmarkSmallPackets finds the CPU time of a gateway for a small packet: half of
// what packets through two gateways cost more than packets without any.
func BenchmarkSmallPackets(b *testing.B) {
	var all []smallPackets
	for _, r := range everyone(b) {
		if len(r.processes) == 0 {
			all = append(all, smallPackets{r, newStream(b, r.compute1, r.small(b), r.xdp, burst), bursts})
		}
		if !r.xdp {
			all = append(all, smallPackets{r, newSingles(b, r.compute1, r.small(b), r.processes), single})
		}
	}
	got := series{}
	for n := range *rounds {
		say("round %d of %d", n+1, *rounds)
		without := map[string]float64{}
		for _, s := range all {
			cost := s.cost(b)
			say("  %s: %.0f ns", s, cost)
			at := s.how + map[bool]string{true: " at XDP"}[s.rival.xdp]
			if s.name == direct {
				without[at] = cost
				continue
			}
			got.add(s.String(), (cost-without[at])/2)
		}
	}
	reportSmall(got, all)
}

func reportSmall(got series, all []smallPackets) {
	s, perCore := section{title: "CPU time of a gateway for a small packet"}, section{title: "Small packets per second and core"}
	for _, r := range all {
		if values := got[r.String()]; len(values) > 0 {
			s.figures = append(s.figures, got.alone(r.String(), "ns"))
			perCore.figures = append(perCore.figures, report.New(r.String(), 1e3/measure.Median(values), "million/s"))
		}
	}
	for _, how := range []string{bursts, single} {
		of := func(name string) string { return name + ", " + how }
		s.figures = append(s.figures,
			got.less(of(oursTC), of(redirectTC), "ns").atLeast(1/1.10, "≤ 1.10 times"),
			got.less(of(oursTC), of(plain), "ns").Figure,
			got.less(of(oursTC), of(bridge), "ns").atLeast(6, "≤ 1/6"),
		)
	}
	of := func(name string) string { return name + ", " + bursts }
	s.figures = append(s.figures,
		got.less(of(oursXDP), of(redirectXDP), "ns").Figure,
		got.less(of(oursXDP), of(bridge), "ns").atLeast(11, "≤ 1/11"),
		got.less(of(oursXDP), of(oursTC), "ns").Figure,
		got.less(oursTC+", "+single, openvswitch+", "+single, "ns").atLeast(5, "≥ 5 times its packets/s"))
	found = append(found, s, perCore)
}

// everyone makes all rivals, and none.
func everyone(b *testing.B) []*rival {
	b.Helper()
	return append([]*rival{newDirect(b, false), newDirect(b, true), newRedirect(b, redirectXDP, true), newOurs(b, oursXDP)}, atTC(b)...)
}

// atTC makes the rivals that carry whatever compute nodes send.
func atTC(b *testing.B) []*rival {
	b.Helper()
	return []*rival{newPlain(b), newRedirect(b, redirectTC, false), newBridge(b), newOVS(b), newOurs(b, oursTC)}
}
