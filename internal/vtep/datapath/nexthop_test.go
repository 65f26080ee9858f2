package datapath

import (
	"maps"
	"slices"
	"testing"
	"time"

	"landbridge/internal/ethernet"
)

var (
	fabricPair = Pair{Local: addr(fabricIP), Remote: addr(nodeA)}
	wanPair    = Pair{Local: addr(wanIP), Remote: addr(remoteA)}
)

// wantMACs runs a packet to the WAN and looks at the L2 addresses that the
// program has given it; none where that is left to the kernel.
func wantMACs(t *testing.T, d *Datapath, src, dst ethernet.MAC) {
	t.Helper()
	verdict, out := d.run(t, fromA.build(t))
	if p := decode(t, out); verdict != forwarded || p.srcMAC != src || p.dstMAC != dst || p.dst != remoteA {
		t.Errorf("verdict %d, to %s from %s to %s; want from %s to %s", int32(verdict), p.dst, p.srcMAC, p.dstMAC, src, dst)
	}
}

func TestNextHopChanges(t *testing.T) {
	d := withRed(t)
	wantMACs(t, d, toWAN.Src, toWAN.Dst)
	moved := toWAN
	moved.Dst = mac("02:00:00:00:00:77")
	if err := d.SetNextHop(wanPair.Remote, wanPair.Local, moved); err != nil {
		t.Fatal(err)
	}
	wantMACs(t, d, moved.Src, moved.Dst)
	moved.Resolved = false
	if err := d.SetNextHop(wanPair.Remote, wanPair.Local, moved); err != nil {
		t.Fatal(err)
	}
	wantMACs(t, d, ethernet.MAC{}, ethernet.MAC{})
	if err := d.SetNextHop(wanPair.Remote, wanPair.Local, NextHop{}); err != nil {
		t.Fatal(err)
	}
	if verdict, _ := d.run(t, fromA.build(t)); verdict != dropped || d.drops(t, NoRoute) != 1 {
		t.Errorf("without any route: verdict %d", int32(verdict))
	}
}

// A next hop that is known before its tunnel serves from its first packet.
func TestNextHopBeforeTunnel(t *testing.T) {
	d := open(t)
	if err := d.SetNextHops(map[Pair]NextHop{fabricPair: toFabric, wanPair: toWAN}); err != nil {
		t.Fatal(err)
	}
	d.apply(t, changes{"red": red()})
	if err := d.Ensure(); err != nil {
		t.Fatal(err)
	}
	wantMACs(t, d, toWAN.Src, toWAN.Dst)
}

func TestLease(t *testing.T) {
	d := withRed(t)
	now, err := ticks()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.kernel.State.Put(uint32(0), kernelState{Format: format, TrustedUntil: now - 1}); err != nil {
		t.Fatal(err)
	}
	wantMACs(t, d, ethernet.MAC{}, ethernet.MAC{})
	if err := d.Ensure(); err != nil {
		t.Fatal(err)
	}
	wantMACs(t, d, toWAN.Src, toWAN.Dst)
	var s kernelState
	if err := d.kernel.State.Lookup(uint32(0), &s); err != nil {
		t.Fatal(err)
	}
	if lease := time.Duration(s.TrustedUntil-now) << tickShift; lease < DefaultLease-5*time.Second || lease > DefaultLease+5*time.Second {
		t.Errorf("renewed for %v", lease)
	}
}

func TestPairs(t *testing.T) {
	d := withRed(t)
	d.apply(t, changes{"blue": blue()}) // has none of its own
	want := map[Pair]bool{
		fabricPair: true, wanPair: true,
		{Local: addr(fabricIP), Remote: addr(nodeB)}: true,
		{Local: addr(wanIP), Remote: addr(remoteB)}:  true,
	}
	got := map[Pair]bool{}
	for _, p := range d.Pairs() {
		got[p] = true
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v", slices.Collect(maps.Keys(got)))
	}
	d.apply(t, changes{"red": nil})
	if got := d.Pairs(); len(got) != 2 {
		t.Errorf("got %v", got)
	}
}

// To attach the program says nothing of the next hops; only Ensure does.
func TestAttachLeavesTheLease(t *testing.T) {
	d := open(t)
	for _, step := range []struct {
		do      func() error
		renewed bool
	}{{d.Attach, false}, {d.Ensure, true}} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		var s kernelState
		if err := d.kernel.State.Lookup(uint32(0), &s); err != nil || (s.TrustedUntil != 0) != step.renewed {
			t.Errorf("believed until %d, %v", s.TrustedUntil, err)
		}
	}
}
