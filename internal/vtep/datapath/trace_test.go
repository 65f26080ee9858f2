package datapath

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/vtep/forwarding"
)

func (d *Datapath) traced(t testing.TB, p []byte) Trace {
	t.Helper()
	got, err := d.Trace(p, 1)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// steps gives the way of a packet as text.
func (tr Trace) text() string {
	var lines []string
	for _, s := range tr.Steps {
		lines = append(lines, s.Map+": "+s.Text)
	}
	return strings.Join(lines, "\n")
}

func TestTraceExplains(t *testing.T) {
	d := withRed(t)
	got := d.traced(t, fromA.build(t))
	want := `arrivals: it came by tunnel 1, 10.0.0.11 vni 123, side fabric, network red
fdb: the source is known here
fdb: the destination is behind tunnel 3, 203.0.113.2 vni 456, side wan, network red
nexthops: it leaves by tunnel 3, 203.0.113.2 vni 456, side wan, network red, interface 1`
	if diff := cmp.Diff(want, got.text()); diff != "" || got.Verdict != Forwarded || decode(t, got.Out).dst != remoteA {
		t.Errorf("%s (-want +got)\n%s", got.Verdict, diff)
	}
	for name, c := range map[string]struct {
		in      packet
		verdict Verdict
		reason  Reason
		text    string
	}{
		"stranger":  {fromA.with(func(p *packet) { p.src = "10.0.0.99" }), Dropped, UnknownSender, ": dropped: unknown_sender"},
		"same side": {fromA.with(func(p *packet) { p.innerDst = hostA }), Dropped, SplitHorizon, "the destination is behind tunnel 1,"},
		"mismatch":  {fromA.with(func(p *packet) { p.src = nodeB }), Forwarded, "", "static or frozen behind tunnel 1, 10.0.0.11"},
		"flooded":   {fromA.with(func(p *packet) { p.innerDst = broadcast }), Forwarded, "", "flooded to all tunnels that a frame of side fabric may leave by"},
		"new":       {fromA.with(func(p *packet) { p.innerSrc = hostB }), Forwarded, "", "would be learned here"},
		"not ours":  {fromA.with(func(p *packet) { p.dstPort = 53 }), Passed, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := d.traced(t, c.in.build(t))
			if got.Verdict != c.verdict || got.Reason != c.reason || !strings.Contains(got.text(), c.text) {
				t.Errorf("%s %s\n%s", got.Verdict, got.Reason, got.text())
			}
		})
	}
	d.apply(t, changes{"red": func() *forwarding.Network {
		n := red()
		n.FDB, n.MACLimit = entries{}, hwvtep.NewLimit(1)
		return n
	}()})
	d.run(t, fromA.build(t))
	if got := d.traced(t, fromA.with(func(p *packet) { p.innerSrc = hostB }).build(t)); !strings.Contains(got.text(), "as many as it may") {
		t.Errorf("at the limit:\n%s", got.text())
	}
	d = frozenAtB(t)
	if _, err := d.Thaw(hostA); err != nil {
		t.Fatal(err)
	}
	for range (movesMax - 1) / 2 {
		d.from(t, nodeA)
		d.from(t, nodeB)
	}
	if got := d.traced(t, fromA.build(t)); !strings.Contains(got.text(), "frozen") {
		t.Errorf("frozen:\n%s", got.text())
	}
}

// everything is what a trace must not change.
func (d *Datapath) everything(t *testing.T) string {
	t.Helper()
	c, err := d.Counters()
	if err != nil {
		t.Fatal(err)
	}
	out := fmt.Sprintf("%+v", c)
	for _, name := range someNames {
		fdb, err := d.FDB(name)
		if err != nil {
			t.Fatal(err)
		}
		for i := range fdb {
			fdb[i].Age = 0
		}
		out += fmt.Sprintf("%s %+v", name, fdb)
	}
	var moves []string
	var key kernelFdbKey
	var m kernelMover
	for all := d.kernel.Movers.Iterate(); all.Next(&key, &m); {
		moves = append(moves, fmt.Sprint(key, m.Moves))
	}
	return out + fmt.Sprint(len(moves), moves)
}

// arriving is what the property traces: the packet of a tunnel, or the frame of a
// port.
type arriving struct {
	port  bool
	bytes []byte
}

func (a arriving) run(t testing.TB, d *Datapath) (uint32, []byte) {
	t.Helper()
	if a.port {
		return d.runPort(t, a.bytes)
	}
	return d.runAs(t, a.bytes, d.byTestPort())
}

func (a arriving) trace(t testing.TB, d *Datapath) Trace {
	t.Helper()
	got, err := d.Trace(a.bytes, int(d.byTestPort().IfIndex))
	if a.port {
		got, err = d.TracePort(a.bytes, testPort.Port(), uint16(testPort.VNI))
	}
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func drawArriving(t testing.TB, rt *rapid.T) arriving {
	t.Helper()
	macs := append([]ethernet.MAC{broadcast, {}}, someMACs...)
	e := rapid.SampledFrom(append(somePlaces, at("10.0.0.99", 1))).Draw(rt, "from")
	src, dst := rapid.SampledFrom(macs).Draw(rt, "source"), rapid.SampledFrom(macs).Draw(rt, "destination")
	frame := string(dst[:]) + string(src[:]) + "\x88\xb5" + strings.Repeat("x", 60)
	if e.IsPort() {
		return arriving{true, []byte(frame)}
	}
	ours := places[e.Remote().Is6()]
	return arriving{false, shaped{
		encapsulation: e.Encapsulation(), src: e.Remote().String(), key: e.VNI, ttl: 9,
		dst: rapid.SampledFrom([]string{ours.fabric, ours.wan}).Draw(rt, "to"), frame: frame,
	}.build(t)}
}

// A trace tells what then happens, and changes nothing, whatever there is in the
// maps and whatever comes.
func TestTraceIsWhatHappens(t *testing.T) { onTestPorts(t, traceIsWhatHappens) }

func traceIsWhatHappens(t *testing.T, dir string) {
	d := openPorts(t, dir)
	defer closed(t, d)
	var last map[string]forwarding.Network
	rapid.Check(t, func(rt *rapid.T) {
		next := drawModels(rt)
		d.apply(t, step(last, next))
		last = next
		d.finished(t)
		for range rapid.IntRange(1, 12).Draw(rt, "packets") {
			in := drawArriving(t, rt)
			before := d.everything(t)
			told := in.trace(t, d)
			if after := d.everything(t); after != before {
				rt.Fatalf("%x: a trace has changed\n%s\nto\n%s", in.bytes, before, after)
			}
			dropsBefore := d.drops(t, told.Reason)
			verdict, out := in.run(t, d)
			if verdictOf(verdict) != told.Verdict || told.Verdict == Forwarded && !bytes.Equal(out, told.Out) {
				rt.Fatalf("%x: told %s %x\n%s\nbut it was %s %x", in.bytes, told.Verdict, told.Out, told.text(), verdictOf(verdict), out)
			}
			if told.Reason != "" && d.drops(t, told.Reason) != dropsBefore+1 {
				rt.Fatalf("%x: told %s, which has not been counted", in.bytes, told.Reason)
			}
			sameCached(t, in.bytes, func() (uint32, []byte) { return in.run(t, d) })
		}
	})
}

func TestTraceOfPorts(t *testing.T) {
	onTestPorts(t, func(t *testing.T, dir string) {
		d := openPorts(t, dir)
		defer closed(t, d)
		n := red()
		n.Tunnels[forwarding.OnPort("p1", 100)] = onPort()
		d.apply(t, changes{"red": n})
		d.resolve(t)
		frame := etherFrame(hostS1, hostX, 0x88b5, longEnough)
		got, err := d.TracePort(frame, "p1", 100)
		if err != nil || got.Verdict != Forwarded || decode(t, got.Out).dst != remoteA || !strings.Contains(got.text(), "it came by tunnel 5, port p1 VLAN 100, side ports") {
			t.Errorf("%s, %v\n%s", got.Verdict, err, got.text())
		}
		for _, vlan := range []uint16{0, 101} {
			if got, err := d.TracePort(frame, "p1", vlan); err != nil || got.Reason != UnknownVLAN {
				t.Errorf("VLAN %d: %s, %v", vlan, got.Reason, err)
			}
		}
		if got, err := d.TracePort(etherFrame(hostA, hostS1, 0x88b5, longEnough), "p1", 100); err != nil || !strings.Contains(got.text(), "floods") {
			t.Errorf("%v\n%s", err, got.text())
		}
		for name, frame := range map[string][]byte{"p9": frame, "p1": frame[:13]} {
			if _, err := d.TracePort(frame, name, 0); err == nil {
				t.Errorf("traced %d bytes on %s", len(frame), name)
			}
		}
	})
}
