package datapath

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/vtep/forwarding"
)

// sameCached shows a program a packet that it has seen before twice more: once it may
// be looked up, then it is in the cache. Both have to come to the same.
func sameCached(t testing.TB, in []byte, run func() (verdict uint32, out []byte)) {
	t.Helper()
	verdict, out := run()
	again, outAgain := run()
	if verdict != again || !bytes.Equal(out, outAgain) {
		t.Fatalf("%x\ncame to %d %x,\nout of the cache to %d %x", in, int32(verdict), out, int32(again), outAgain)
	}
}

// to gives where a frame of host A to host X leaves to; "" where it does not.
func (d *Datapath) to(t testing.TB) string {
	t.Helper()
	verdict, out := d.run(t, fromA.build(t))
	if verdict != forwarded {
		return ""
	}
	return decode(t, out).dst
}

// lies writes into the FDB that a host is behind a tunnel, without a word to those
// who have it cached.
func (d *Datapath) lies(t testing.TB, m ethernet.MAC, behind forwarding.Endpoint) {
	t.Helper()
	n := d.networks["red"]
	e := kernelFdbEntry{Tunnel: d.tunnelOf(n, behind).id, Fixed: kernelFixedFIXED_STATIC}
	if err := d.kernel.Fdb.Put(n.fdbKey(m), e); err != nil {
		t.Fatal(err)
	}
}

// warm is red with all that it knows learned, and cached.
func warm(t testing.TB) *Datapath {
	t.Helper()
	d := unlearned(t)
	for range 3 {
		d.run(t, fromX.build(t))
		d.run(t, fromA.build(t))
	}
	if got := d.to(t); got != remoteA {
		t.Fatalf("sent to %q", got)
	}
	return d
}

// Within a tick the FDB is asked once, and again when its generation has gone.
func TestCacheServes(t *testing.T) {
	d := withRed(t)
	testenv.Eventually(t, time.Minute, "a frame out of the cache", func() error {
		d.lies(t, hostX, at(remoteA, 456))
		if err := d.outdateAll(); err != nil {
			t.Fatal(err)
		}
		if got := d.to(t); got != remoteA {
			t.Fatalf("sent to %q", got)
		}
		d.lies(t, hostX, at(remoteB, 457))
		if d.to(t) != remoteA { // a tick may have begun meanwhile
			return errors.New("looked up")
		}
		if err := d.outdateAll(); err != nil {
			t.Fatal(err)
		}
		if got := d.to(t); got != remoteB {
			t.Fatalf("of a generation that is gone: sent to %q", got)
		}
		return nil
	})
	testenv.Eventually(t, time.Minute, "the next tick", func() error {
		d.lies(t, hostX, at(remoteA, 456))
		if d.to(t) != remoteA {
			return errors.New("still cached")
		}
		return nil
	})
}

// The source and its tunnel are cached too: a frame that came by another tunnel is
// none of the cached one.
func TestCachedSourceIsOfItsTunnel(t *testing.T) {
	d := warm(t)
	d.run(t, fromA.with(func(p *packet) { p.src = nodeB }).build(t))
	wantEntries(t, d, learned(hostA, nodeB, 123), learned(hostX, remoteA, 456))
	for name, in := range map[string]packet{
		"a stranger":     fromA.with(func(p *packet) { p.src = "10.0.0.99" }),
		"to another":     fromA.with(func(p *packet) { p.dst = wanIP }),
		"with other VNI": fromA.with(func(p *packet) { p.vni = 124 }),
	} {
		if verdict, _ := d.run(t, in.build(t)); verdict != dropped {
			t.Errorf("%s: verdict %d", name, int32(verdict))
		}
	}
}

// What is cached does not outlive any change of what it stands for.
func TestCacheFollows(t *testing.T) {
	apply := func(change func(n *forwarding.Network)) func(t *testing.T, d *Datapath) {
		return func(t *testing.T, d *Datapath) {
			n := red()
			n.FDB = entries{}
			change(n)
			d.apply(t, changes{"red": n})
			d.resolve(t)
		}
	}
	without := apply(func(n *forwarding.Network) {
		delete(n.Tunnels, at(remoteA, 456))
		n.Tunnels[at(remoteB, 457)] = wan(true)
	})
	for name, test := range map[string]struct {
		change func(t *testing.T, d *Datapath)
		to     string
	}{
		"nothing":                       {apply(func(*forwarding.Network) {}), remoteA},
		"a static entry":                {apply(func(n *forwarding.Network) { n.FDB[hostX] = at(remoteB, 457) }), remoteB},
		"a static entry within a group": {apply(func(n *forwarding.Network) { n.FDB[hostX] = at(nodeB, 123) }), ""},
		"a move that was learned": {func(t *testing.T, d *Datapath) {
			d.run(t, fromX.with(func(p *packet) { p.src, p.vni = remoteB, 457 }).build(t))
		}, remoteB},
		"frozen and thawed": {func(t *testing.T, d *Datapath) {
			for i := range movesMax + 1 {
				d.run(t, fromX.with(func(p *packet) { p.src, p.vni = []string{remoteB, remoteA}[i%2], []uint32{457, 456}[i%2] }).build(t))
			}
			if got := d.to(t); got != remoteB {
				t.Errorf("frozen: sent to %q", got)
			}
			if _, err := d.Thaw(hostX); err != nil {
				t.Fatal(err)
			}
			d.run(t, fromX.build(t))
		}, remoteA},
		"aged": {func(t *testing.T, d *Datapath) {
			without(t, d) // flooded to the other one
			d.sweep(t, -time.Second)
		}, remoteB},
		"a tunnel that is gone": {without, remoteB},
		"a tunnel in its place, of the same network": {func(t *testing.T, d *Datapath) {
			without(t, d)
			d.sweep(t, 0)
			apply(func(n *forwarding.Network) {
				delete(n.Tunnels, at(remoteA, 456))
				n.Tunnels[at(remoteB, 457)] = wan(true)
				n.Tunnels[at(remoteA, 999)] = wan(false)
			})(t, d)
		}, remoteB},
		"a tunnel in its place, of another": {func(t *testing.T, d *Datapath) {
			without(t, d)
			d.sweep(t, 0)
			d.apply(t, changes{"blue": model("blue", tunnels{at(remoteA, 999): wan(true)}, nil)})
			d.resolve(t)
		}, remoteB},
		"another network with its number": {func(t *testing.T, d *Datapath) {
			d.apply(t, changes{"red": nil})
			d.apply(t, changes{"green": model("green", red().Tunnels, red().FDB)})
			d.sweep(t, 0)
			d.apply(t, changes{"green": nil, "red": model("red", tunnels{
				at(nodeA, 123): fabric(true), at(remoteB, 457): wan(true), at(remoteA, 456): wan(false),
			}, nil)})
			d.resolve(t)
		}, remoteB},
		"a filter": {apply(func(n *forwarding.Network) {
			n.Routers.Add(hostA)
			n.Tunnels[at(remoteA, 456)] = forwarding.Tunnel{Group: forwarding.WAN, Local: addr(wanIP), Flood: true, Filter: hwvtep.FilterGateway}
		}), ""},
		"a limit": {apply(func(n *forwarding.Network) { n.MACLimit = hwvtep.NewLimit(1) }), remoteA},
	} {
		t.Run(name, func(t *testing.T) {
			d := warm(t)
			test.change(t, d)
			for range 3 {
				if got := d.to(t); got != test.to {
					t.Errorf("sent to %q, want %q", got, test.to)
				}
			}
		})
	}
}

// Who takes over cannot know whether the one before has told of his last change.
func TestTakeOverOutdates(t *testing.T) {
	d := warm(t)
	generation := func() (g uint64) {
		if err := d.kernel.Generations.Lookup(d.networks["red"].id, &g); err != nil {
			t.Fatal(err)
		}
		return g
	}
	before := generation()
	closed(t, d)
	d = openAt(t, d.cfg.PinDir)
	if after := generation(); after <= before {
		t.Errorf("generation %d became %d", before, after)
	}
	if got := d.to(t); got != remoteA {
		t.Errorf("sent to %q", got)
	}
}

// Next hops and their lease are no part of what is cached.
func TestCacheHasNoNextHops(t *testing.T) {
	d := warm(t)
	other := toWAN
	other.Dst = ethernet.MAC{2, 0, 0, 0, 9, 9}
	if err := d.SetNextHop(addr(remoteA), addr(wanIP), other); err != nil {
		t.Fatal(err)
	}
	if _, out := d.run(t, fromA.build(t)); decode(t, out).dstMAC != other.Dst {
		t.Errorf("sent to %s", decode(t, out).dstMAC)
	}
	d.trustedUntil = 1
	if err := d.writeState(); err != nil {
		t.Fatal(err)
	}
	if _, out := d.run(t, fromA.build(t)); decode(t, out).dstMAC == other.Dst {
		t.Error("believed after its lease")
	}
}

// A flow that never pauses keeps its source young.
func TestCachedSourceDoesNotAge(t *testing.T) {
	d := warm(t)
	key := d.networks["red"].fdbKey(hostA)
	seen := func() uint32 {
		var e kernelFdbEntry
		if err := d.kernel.Fdb.Lookup(key, &e); err != nil {
			t.Fatal(err)
		}
		return e.Seen
	}
	first := seen()
	testenv.Eventually(t, time.Minute, "a stamp of a later tick", func() error {
		if d.to(t); seen()-first < 2 {
			return errors.New("the stamp is old")
		}
		return nil
	})
}

// Counters count the same with and without the cache.
func TestCacheCounts(t *testing.T) {
	count := func(forget bool) Counters {
		d := unlearned(t)
		for range 20 {
			for _, p := range []packet{
				fromA, fromX,
				fromA.with(func(p *packet) { p.innerDst = broadcast }),
				fromA.with(func(p *packet) { p.innerDst = hostA }),
				fromA.with(func(p *packet) { p.src, p.innerSrc = nodeB, hostB }),
				fromA.with(func(p *packet) { p.innerDst = hostB }),
			} {
				d.run(t, p.build(t))
				if !forget {
					continue
				}
				if err := d.outdateAll(); err != nil {
					t.Fatal(err)
				}
			}
		}
		c, err := d.Counters()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if diff := cmp.Diff(count(true), count(false), sameAddr); diff != "" {
		t.Errorf("(-without +with)\n%s", diff)
	}
}
