package datapath

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
)

// from sends a frame of host A from a node of the fabric.
func (d *Datapath) from(t testing.TB, node string) {
	t.Helper()
	verdict, _ := d.run(t, fromA.with(func(p *packet) { p.src, p.innerDst = node, broadcast }).build(t))
	if verdict != forwarded {
		t.Errorf("a frame from %s: verdict %d", node, int32(verdict))
	}
}

func (d *Datapath) ofRed(t testing.TB) NetworkCounters {
	t.Helper()
	c, err := d.Counters()
	if err != nil {
		t.Fatal(err)
	}
	return c.Networks["red"]
}

// frozenAtB is red with host A frozen behind node B, after five moves.
func frozenAtB(t testing.TB) *Datapath {
	t.Helper()
	d := unlearned(t)
	for i := range movesMax + 1 {
		d.from(t, []string{nodeA, nodeB}[i%2])
	}
	return d
}

const movesMax = 5 // MOVES_MAX in bpf/model.h

func frozen(m ethernet.MAC, remote string, vni uint32) Entry {
	return Entry{MAC: m, Endpoint: at(remote, vni), Frozen: true}
}

func (d *Datapath) changeMover(t testing.TB, change func(*kernelMover)) {
	t.Helper()
	key := d.networks["red"].fdbKey(hostA)
	var m kernelMover
	if err := d.kernel.Movers.Lookup(key, &m); err != nil {
		t.Fatal(err)
	}
	change(&m)
	if err := d.kernel.Movers.Put(key, m); err != nil {
		t.Fatal(err)
	}
}

func TestFourMovesAreFree(t *testing.T) {
	d := unlearned(t)
	for i := range movesMax {
		d.from(t, []string{nodeA, nodeB}[i%2])
	}
	wantEntries(t, d, learned(hostA, nodeA, 123))
	if c := d.ofRed(t); c.Moves != movesMax-1 || c.Frozen != 0 || c.Mismatches != 0 {
		t.Errorf("counted %+v", c)
	}
}

func TestFifthMoveFreezes(t *testing.T) {
	d := frozenAtB(t)
	wantEntries(t, d, frozen(hostA, nodeB, 123))
	d.from(t, nodeA)
	d.from(t, nodeA)
	wantEntries(t, d, frozen(hostA, nodeB, 123))
	if c := d.ofRed(t); c.Moves != movesMax || c.Frozen != 1 || c.Mismatches != 2 {
		t.Errorf("counted %+v", c)
	}
	if s := d.sweep(t, time.Minute); !slices.Equal(s.Networks["red"].Frozen, []ethernet.MAC{hostA}) || s.Thawed != 0 {
		t.Errorf("swept %+v", s)
	}
}

// The fifth move counts only where it comes within 180 s of the first.
func TestSlowMovesDoNotFreeze(t *testing.T) {
	d := unlearned(t)
	for i := range 3 * movesMax {
		d.from(t, []string{nodeA, nodeB}[i%2])
		if i%3 == 2 {
			d.changeMover(t, func(m *kernelMover) { m.Since -= movesWithin + 2 })
		}
	}
	if c := d.ofRed(t); c.Frozen != 0 || c.Moves != 3*movesMax-1 {
		t.Errorf("counted %+v", c)
	}
}

func TestFrozenThawsWhenQuiet(t *testing.T) {
	quiet := func(m *kernelMover) { m.Since -= movesWithin + 2; m.Last -= movesWithin + 2 }
	t.Run("by the sweep", func(t *testing.T) {
		d := frozenAtB(t)
		d.changeMover(t, quiet)
		if s := d.sweep(t, time.Minute); s.Thawed != 1 || len(s.Networks["red"].Frozen) != 0 || s.Networks["red"].Learned != 1 {
			t.Errorf("swept %+v", s)
		}
		wantEntries(t, d, learned(hostA, nodeB, 123))
	})
	t.Run("by the next move, while nobody sweeps", func(t *testing.T) {
		d := frozenAtB(t)
		d.changeMover(t, quiet)
		d.from(t, nodeA)
		wantEntries(t, d, learned(hostA, nodeA, 123))
	})
	t.Run("not while it tries", func(t *testing.T) {
		d := frozenAtB(t)
		d.changeMover(t, func(m *kernelMover) { m.Since -= 2 * movesWithin; m.Last -= movesWithin - 2 })
		d.from(t, nodeA)
		d.sweep(t, time.Minute)
		wantEntries(t, d, frozen(hostA, nodeB, 123))
	})
}

func TestThaw(t *testing.T) {
	d := frozenAtB(t)
	if got, err := d.Thaw(hostX); err != nil || len(got) != 0 {
		t.Errorf("thawed in %v, %v", got, err)
	}
	if got, err := d.Thaw(hostA); err != nil || !slices.Equal(got, []string{"red"}) {
		t.Errorf("thawed in %v, %v", got, err)
	}
	wantEntries(t, d, learned(hostA, nodeB, 123))
	d.from(t, nodeA)
	wantEntries(t, d, learned(hostA, nodeA, 123))
}

func TestFrozenStaysFrozenOverARestart(t *testing.T) {
	d := frozenAtB(t)
	closed(t, d)
	d = openAt(t, d.cfg.PinDir)
	d.resolve(t)
	d.from(t, nodeA)
	wantEntries(t, d, frozen(hostA, nodeB, 123))
}

// The moves of a network that is gone are not those of the next one by its id.
func TestMovesGoWithTheirNetwork(t *testing.T) {
	d := frozenAtB(t)
	d.apply(t, changes{"red": nil})
	d.sweep(t, 0)
	var key kernelFdbKey
	var m kernelMover
	for all := d.kernel.Movers.Iterate(); all.Next(&key, &m); {
		t.Errorf("%d moves of %s are left", m.Moves, ethernet.MAC(key.Mac))
	}
}

func TestFrozenAgesAndGivesWayToStatic(t *testing.T) {
	d := frozenAtB(t)
	d.makeOlder(t, hostA, 5*time.Minute)
	d.from(t, nodeB) // where it is, it is heard of
	if s := d.sweep(t, time.Minute); s.Aged != 0 {
		t.Errorf("swept %+v", s)
	}
	n := red()
	n.FDB = entries{hostA: at(nodeA, 123)}
	d.apply(t, changes{"red": n})
	wantEntries(t, d, static(hostA, nodeA, 123))
	d = frozenAtB(t)
	if s := d.sweep(t, -time.Second); s.Aged != 1 {
		t.Errorf("swept %+v", s)
	}
}

func TestMismatchOfStatic(t *testing.T) {
	d := withRed(t)
	d.from(t, nodeB)
	if c := d.ofRed(t); c.Mismatches != 1 || c.Moves != 0 {
		t.Errorf("counted %+v", c)
	}
}

// limited is red, which may learn ten addresses, and blue.
func limited(t testing.TB) *Datapath {
	t.Helper()
	d := unlearned(t)
	n := red()
	n.FDB = entries{}
	n.MACLimit = hwvtep.NewLimit(10)
	d.apply(t, changes{"red": n, "blue": blue()})
	d.resolve(t)
	return d
}

// flood sends frames from so many addresses in red.
func (d *Datapath) macFlood(t testing.TB, n int) {
	t.Helper()
	for i := range n {
		d.run(t, fromA.with(func(p *packet) { p.innerSrc = ethernet.MAC{2, 0, 0, 1, byte(i >> 8), byte(i)} }).build(t))
	}
}

// A network that is flooded with addresses takes its share, and no room of others.
func TestMACFloodTakesNobodysRoom(t *testing.T) {
	d := limited(t)
	d.macFlood(t, 2000) // the FDB holds 1024
	s := d.sweep(t, 0)
	if a := s.Networks["red"]; a.Learned != 10 || a.Limit != 10 || !a.AtLimit() || s.Full {
		t.Errorf("swept %+v", s)
	}
	if c := d.ofRed(t); c.Limited != 1990 || c.Full != 0 {
		t.Errorf("counted %+v", c)
	}
	d.run(t, fromA.with(func(p *packet) { p.vni, p.innerSrc = 789, hostX }).build(t))
	if a := d.sweep(t, 0).Networks["blue"]; a.Learned != 1 || a.AtLimit() {
		t.Errorf("blue has %+v", a)
	}
}

func TestLimitFollowsWhatIsForgotten(t *testing.T) {
	d := limited(t)
	d.macFlood(t, 20)
	d.sweep(t, -time.Second)
	d.macFlood(t, 20)
	if a := d.sweep(t, 0).Networks["red"]; a.Learned != 10 {
		t.Errorf("after ageing %+v", a)
	}
	closed(t, d)
	d = openAt(t, d.cfg.PinDir)
	d.resolve(t)
	d.macFlood(t, 20)
	if a := d.sweep(t, 0).Networks["red"]; a.Learned != 10 || a.Limit != 10 {
		t.Errorf("after a restart %+v", a)
	}
	n := d.Networks()["red"]
	n.MACLimit = hwvtep.NewLimit(15)
	d.apply(t, changes{"red": &n})
	d.macFlood(t, 20)
	if a := d.sweep(t, 0).Networks["red"]; a.Learned != 15 {
		t.Errorf("with another limit %+v", a)
	}
	n.MACLimit = hwvtep.NewLimit(0)
	d.apply(t, changes{"red": &n})
	d.macFlood(t, 50)
	if a := d.sweep(t, 0).Networks["red"]; a.Learned != 50 || a.AtLimit() {
		t.Errorf("without a limit %+v", a)
	}
}

func TestDefaultLimit(t *testing.T) {
	dir := filepath.Join(testenv.BPFFS(t), "gw")
	for _, limit := range []uint32{3, 5} { // another one after a restart
		d := openWith(t, Config{
			PinDir: dir, Logger: slog.New(slog.DiscardHandler), MACLimit: limit,
			Sizes: Sizes{Tunnels: 512, Networks: 64, NextHops: 512, FDB: 1024},
		})
		n := red()
		n.FDB = entries{}
		d.apply(t, changes{"red": n})
		d.resolve(t)
		d.macFlood(t, 20)
		if a := d.sweep(t, 0).Networks["red"]; a.Learned != int(limit) || a.Limit != limit {
			t.Errorf("limit %d: %+v", limit, a)
		}
		wantNetworks(t, d, networks(n))
		closed(t, d)
	}
}

func TestFloodedFramesAndDropsAreCountedByNetwork(t *testing.T) {
	d := withRed(t)
	d.from(t, nodeA)
	d.run(t, fromA.with(func(p *packet) { p.innerSrc = broadcast }).build(t))
	d.run(t, fromA.with(func(p *packet) { p.innerDst = hostA }).build(t))
	c := d.ofRed(t)
	if c.Flooded != 1 || c.Copies != 1 || len(c.Drops) != 2 || c.Drops[BadSource] != 1 || c.Drops[SplitHorizon] != 1 {
		t.Errorf("counted %+v", c)
	}
	d.apply(t, changes{"red": nil})
	d.apply(t, changes{"red": red()})
	if c := d.ofRed(t); fmt.Sprint(c) != fmt.Sprint(NetworkCounters{}) {
		t.Errorf("a new network has counted %+v", c)
	}
}
