package datapath

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"landbridge/internal/ethernet"
)

// entries gives the FDB of red without ages.
func (d *Datapath) entries(t testing.TB) []Entry {
	t.Helper()
	got, err := d.FDB("red")
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		if got[i].Age < 0 || got[i].Age > time.Minute {
			t.Errorf("%s is %v old", got[i].MAC, got[i].Age)
		}
		got[i].Age = 0
	}
	return got
}

func wantEntries(t testing.TB, d *Datapath, want ...Entry) {
	t.Helper()
	if diff := cmp.Diff(want, d.entries(t), sameAddr, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("FDB (-want +got)\n%s", diff)
	}
}

func learned(m ethernet.MAC, remote string, vni uint32) Entry {
	return Entry{MAC: m, Endpoint: at(remote, vni)}
}

func static(m ethernet.MAC, remote string, vni uint32) Entry {
	return Entry{MAC: m, Endpoint: at(remote, vni), Static: true}
}

// unlearned is red with no static entries.
func unlearned(t testing.TB) *Datapath {
	d := withRed(t)
	n := red()
	n.FDB = entries{}
	d.apply(t, changes{"red": n})
	return d
}

func TestLearnsOnBothSides(t *testing.T) {
	d := unlearned(t)
	wantEntries(t, d)
	d.run(t, fromX.with(func(p *packet) { p.innerDst = broadcast }).build(t))
	wantEntries(t, d, learned(hostX, remoteA, 456))
	// The answer goes to the one tunnel that was learned.
	_, out := d.run(t, fromA.build(t))
	if p := decode(t, out); p.dst != remoteA || p.vni != 456 {
		t.Errorf("sent to %s VNI %d", p.dst, p.vni)
	}
	wantEntries(t, d, learned(hostA, nodeA, 123), learned(hostX, remoteA, 456))
}

func TestLearnsMoves(t *testing.T) {
	d := unlearned(t)
	d.run(t, fromA.build(t))
	d.run(t, fromA.with(func(p *packet) { p.src = nodeB }).build(t))
	wantEntries(t, d, learned(hostA, nodeB, 123))
	// From the fabric to the WAN.
	d.run(t, fromX.with(func(p *packet) { p.src, p.vni, p.innerSrc = remoteB, 457, hostA }).build(t))
	wantEntries(t, d, learned(hostA, remoteB, 457))
}

func TestLearnsNoGroupAddresses(t *testing.T) {
	d := unlearned(t)
	for _, m := range []ethernet.MAC{{}, broadcast, mac("01:00:5e:00:00:01"), mac("33:33:00:00:00:01")} {
		d.run(t, fromA.with(func(p *packet) { p.innerSrc = m }).build(t))
	}
	wantEntries(t, d)
}

func TestLearnsNothingFromStrangers(t *testing.T) {
	d := unlearned(t)
	d.run(t, fromA.with(func(p *packet) { p.src = "10.0.0.99" }).build(t))
	d.run(t, fromA.with(func(p *packet) { p.vni = 99 }).build(t))
	d.run(t, fromA.with(func(p *packet) { p.dst = wanIP }).build(t))
	wantEntries(t, d)
}

func TestStaticBeatsLearned(t *testing.T) {
	d := withRed(t)
	// Host A shows up behind a remote gateway: its frames are carried, and it
	// stays where it was put.
	verdict, _ := d.run(t, fromX.with(func(p *packet) { p.innerSrc = hostA; p.innerDst = broadcast }).build(t))
	if verdict != forwarded {
		t.Errorf("verdict %d", int32(verdict))
	}
	wantEntries(t, d, static(hostA, nodeA, 123), static(hostX, remoteA, 456))
}

func TestStaticTakesThePlaceOfLearned(t *testing.T) {
	d := unlearned(t)
	d.run(t, fromA.build(t))
	n := red()
	n.FDB = entries{hostA: at(nodeB, 123)}
	d.apply(t, changes{"red": n})
	wantEntries(t, d, static(hostA, nodeB, 123))
	n.FDB = entries{}
	d.apply(t, changes{"red": n})
	wantEntries(t, d)
	d.run(t, fromA.build(t))
	wantEntries(t, d, learned(hostA, nodeA, 123))
}

func TestFullFDBFloods(t *testing.T) {
	d := unlearned(t)
	for i := range 1100 { // the FDB holds 1024
		d.run(t, fromA.with(func(p *packet) { p.innerSrc = ethernet.MAC{2, 0, 0, 1, byte(i >> 8), byte(i)} }).build(t))
	}
	c, err := d.Counters()
	if err != nil {
		t.Fatal(err)
	}
	if c.NotLearned != 1100-1024 {
		t.Errorf("%d not learned, want %d", c.NotLearned, 1100-1024)
	}
	verdict, out := d.run(t, fromX.with(func(p *packet) { p.innerDst = ethernet.MAC{2, 0, 0, 1, 4, 70} }).build(t))
	if verdict != forwarded || decode(t, out).dst != nodeA {
		t.Errorf("a host that found no room is not flooded to")
	}
	if s := d.sweep(t, 0); !s.Full || s.Networks["red"].Learned != 1024 {
		t.Errorf("swept %+v", s)
	}
	// What is static has a right to room.
	d.apply(t, changes{"red": red()})
	if s := d.sweep(t, 0); s.Networks["red"].Learned != 1022 || s.Networks["red"].Static != 2 {
		t.Errorf("swept %+v", s)
	}
	if s := d.sweep(t, -time.Second); s.Aged != 1022 || s.Full {
		t.Errorf("aged %+v", s)
	}
}

func TestAge(t *testing.T) {
	d := withRed(t)
	d.run(t, fromA.with(func(p *packet) { p.innerSrc = hostB }).build(t))
	if s := d.sweep(t, time.Minute); s.Aged != 0 {
		t.Errorf("aged %d fresh entries", s.Aged)
	}
	d.makeOlder(t, hostB, 5*time.Minute)
	got, err := d.FDB("red")
	if err != nil {
		t.Fatal(err)
	}
	if age := got[1].Age; got[1].MAC != hostB || age < 4*time.Minute || age > 6*time.Minute {
		t.Errorf("got %+v", got[1])
	}
	if s := d.sweep(t, 4*time.Minute); s.Aged != 1 {
		t.Errorf("aged %d old entries", s.Aged)
	}
	wantEntries(t, d, static(hostA, nodeA, 123), static(hostX, remoteA, 456))
}

// A frame makes its source young again.
func TestSeenAgain(t *testing.T) {
	d := unlearned(t)
	d.run(t, fromA.build(t))
	d.makeOlder(t, hostA, 5*time.Minute)
	d.run(t, fromA.build(t))
	if s := d.sweep(t, 4*time.Minute); s.Aged != 0 {
		t.Errorf("aged %d", s.Aged)
	}
}

func (d *Datapath) sweep(t testing.TB, olderThan time.Duration) Swept {
	t.Helper()
	s, err := d.Sweep(olderThan)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (d *Datapath) makeOlder(t testing.TB, m ethernet.MAC, by time.Duration) {
	t.Helper()
	key := d.networks["red"].fdbKey(m)
	var e kernelFdbEntry
	if err := d.kernel.Fdb.Lookup(key, &e); err != nil {
		t.Fatal(err)
	}
	e.Seen -= uint32(by >> tickShift)
	if err := errors.Join(d.kernel.Fdb.Put(key, e), d.outdateAll()); err != nil {
		t.Fatal(err)
	}
}

func TestFDBOfNoNetwork(t *testing.T) {
	if got, err := withRed(t).FDB("green"); err != nil || len(got) != 0 {
		t.Errorf("got %v, %v", got, err)
	}
}
