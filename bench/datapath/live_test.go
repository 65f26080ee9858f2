package datapath

import (
	"path/filepath"
	"testing"

	"github.com/cilium/ebpf"

	"landbridge/internal/ethernet"
)

// BenchmarkLiveFrames runs programs at XDP on frames of the kernel's own, as a
// network card has them, up to where the far end of the link drops them.
func BenchmarkLiveFrames(b *testing.B) {
	all := map[string]*stream{redirectXDP: liveStream(b, redirectXDP), oursXDP: liveStream(b, oursXDP)}
	got := series{}
	for n := range *rounds {
		for _, name := range []string{redirectXDP, oursXDP} {
			all[name].cost(b, packetsPerRound[bursts]/10)
			cost := all[name].cost(b, packetsPerRound[bursts])
			say("round %d of %d: %s: %v", n+1, *rounds, name, cost)
			got.add(name, float64(cost.Nanoseconds()))
		}
	}
	found = append(found, section{title: "XDP on live frames"}.append(
		got.less(oursXDP, redirectXDP, "ns").atLeast(1/1.6, "≤ 1.6 times")))
}

// liveStream is a driver that shows a program frames on the first gateway.
func liveStream(b *testing.B, name string) *stream {
	b.Helper()
	r := newRival(b, name, map[string]string{redirectXDP: "lt", oursXDP: "lo"}[name], false)
	frame := outer{src: compute1MAC, dst: fabric1MAC, srcIP: compute1IP, dstIP: fabric1IP, vni: fabricVNI}.packet(b)
	out := uint32(indexOf(b, r.gateway1, wanLink))
	programs := load(b, constants{frame: frame, out: out, firstVNI: fabricVNI})
	target := programs.BenchRedirectXdp
	if name == oursXDP {
		g := gateway{r.gateway1, side{fabric1IP, fabricLink, fabric1MAC}, side{wan1IP, wanLink, wan1MAC}}
		dir := g.ours(b, peers{compute1IP: compute1MAC}, peers{wan2IP: wan2MAC}, true,
			host{ethernet.MAC{2}, compute1IP}, host{ethernet.MAC{6}, wan2IP}) // those that the driver shows
		var err error
		target, err = ebpf.LoadPinnedProgram(filepath.Join(dir, "program_xdp"), nil)
		must(b, err)
		defer func() { _ = target.Close() }()
	}
	must(b, programs.TargetXdp.Put(uint32(0), target))
	s := &stream{from: r.gateway1, copies: 1, xdp: true, work: workOf(b, nil), sink: load(b, constants{})}
	s.send = func(n int) error { return runLive(programs.BenchDriveXdp, len(frame), n, burst) }
	s.endAt(b, r.gateway2, wanLink)
	return s
}
