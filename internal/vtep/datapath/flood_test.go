package datapath

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"

	"landbridge/internal/lab/testenv"
	"landbridge/internal/vtep/forwarding"
)

// wide has many tunnels to flood to, on one interface for both sides.
func wide(nodes, remotes int) *forwarding.Network {
	n := model("wide", tunnels{}, nil)
	for i := range nodes {
		n.Tunnels[at(fmt.Sprintf("10.0.%d.%d", 1+i/250, 1+i%250), 123)] = fabric(true)
	}
	for i := range remotes {
		n.Tunnels[at(fmt.Sprintf("203.0.113.%d", 10+i), uint32(456+i))] = wan(true)
	}
	n.Tunnels[at("10.0.0.200", 123)] = fabric(false)
	n.Tunnels[at("203.0.113.200", 9)] = wan(false)
	return n
}

func TestFloodReachesTheOtherSideOnce(t *testing.T) {
	w := newWire(t)
	n := wide(5, 3)
	d := w.openGateway(n)
	for e, from := range n.Tunnels {
		in := fromA.with(func(p *packet) {
			p.src, p.dst, p.vni, p.innerDst, p.checksum = e.Remote().String(), from.Local.String(), e.VNI, broadcast, true
		})
		w.send(in)
		want := map[forwarding.Endpoint][]packet{}
		for to, other := range n.Tunnels {
			if other.Flood && other.Group != from.Group {
				want[to] = []packet{in.leaving(w.hop, other.Local.String(), to.Remote().String(), to.VNI)}
			}
		}
		if diff := cmp.Diff(want, w.received(len(want)), sameAddr, cmp.AllowUnexported(packet{})); diff != "" {
			t.Errorf("from %s (-want +got)\n%s", e, diff)
		}
	}
	c, err := d.Counters()
	if err != nil {
		t.Fatal(err)
	}
	// Each fabric tunnel of six sent one, and got one from each of four.
	size := uint64(len(fromA.build(t)) - 50)
	if got, want := c.Tunnels[TunnelKey{"wide", at("10.0.1.1", 123)}], (Traffic{1, size, 4, 4 * size}); got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
}

func TestFloodToMany(t *testing.T) {
	w := newWire(t)
	d := w.openGateway(wide(400, 1))
	in := fromA.with(func(p *packet) { p.src, p.dst, p.vni, p.innerDst = "203.0.113.10", wanIP, 456, broadcast })
	w.send(in)
	if got := w.received(400); len(got) != 400 {
		t.Errorf("%d of 400 tunnels got a copy", len(got))
	}
	// The same where the kernel has no bpf_loop, and takes 132 steps: one is to
	// the list.
	w.gw.Do(func() {
		spec, err := specOf(d.cfg.Sizes, false)
		if err != nil {
			t.Fatal(err)
		}
		var older kernelPrograms
		opts := &ebpf.CollectionOptions{Maps: ebpf.MapOptions{PinPath: d.cfg.PinDir}}
		if err := spec.LoadAndAssign(&older, opts); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = older.Close() }()
		d.hook.program = older.LandbridgeIngress
		if err := d.Ensure(); err != nil {
			t.Fatal(err)
		}
	})
	w.send(in)
	if got := w.received(131); len(got) != 131 {
		t.Errorf("%d tunnels got a copy, want 131", len(got))
	}
	if n := d.drops(t, FloodLimit); n != 1 {
		t.Errorf("counted %d", n)
	}
}

func TestNobodyToFloodTo(t *testing.T) {
	d := withRed(t)
	n := red()
	n.Tunnels[at(remoteA, 456)] = wan(false)
	d.apply(t, changes{"red": n})
	verdict, _ := d.run(t, fromA.with(func(p *packet) { p.innerDst = broadcast }).build(t))
	if verdict != dropped || d.drops(t, NoTarget) != 1 {
		t.Errorf("verdict %d, counted %d", int32(verdict), d.drops(t, NoTarget))
	}
	// Accepting from there and known unicast to there stay.
	if verdict, _ := d.run(t, fromX.build(t)); verdict != forwarded {
		t.Errorf("from it: verdict %d", int32(verdict))
	}
	if verdict, _ := d.run(t, fromA.build(t)); verdict != forwarded {
		t.Errorf("to it: verdict %d", int32(verdict))
	}
}

// Whether bpf_loop or a bounded loop floods: the verifier takes both with room.
func TestVerifierComplexity(t *testing.T) {
	for _, loop := range []bool{true, false} {
		spec, err := specOf(Config{PinDir: "/"}.withDefaults().Sizes, loop)
		if err != nil {
			t.Fatal(err)
		}
		c, err := ebpf.NewCollectionWithOptions(spec, ebpf.CollectionOptions{
			Maps:     ebpf.MapOptions{PinPath: filepath.Clean(testenv.BPFFS(t))},
			Programs: ebpf.ProgramOptions{LogLevel: ebpf.LogLevelStats},
		})
		if err != nil {
			t.Fatal(err)
		}
		for name, program := range c.Programs {
			info, err := program.Info()
			if err != nil {
				t.Fatal(err)
			}
			n, ok := info.VerifiedInstructions()
			t.Logf("%s, bpf_loop %t: %d instructions verified", name, loop, n)
			if limit := map[bool]uint32{true: 150_000, false: 500_000}[loop]; !ok || n > limit {
				t.Errorf("%s, bpf_loop %t: %d instructions verified, more than %d", name, loop, n, limit)
			}
		}
		c.Close()
	}
}
