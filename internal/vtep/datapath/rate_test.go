package datapath

import (
	"fmt"
	"testing"
	"time"

	"landbridge/internal/lab/testenv"
	"landbridge/internal/vtep/forwarding"
)

func atRate(rate, burst uint32) func(*forwarding.Network) {
	return func(n *forwarding.Network) { n.Limit = forwarding.Limit{Rate: rate, Burst: burst} }
}

// So many copies at once; afterwards what is known still flows, and nothing else.
func TestFloodIsLimited(t *testing.T) {
	d := withGuarded(t, atRate(1, 100))
	storm := fromA.with(func(p *packet) { p.innerDst = broadcast }).build(t)
	sent := 0
	for range 300 {
		if verdict, _ := d.run(t, storm); verdict == forwarded {
			sent++
		}
	}
	if n := d.drops(t, FloodRate); sent < 100 || sent > 110 || n != uint64(300-sent) {
		t.Errorf("%d flooded, %d counted", sent, n)
	}
	if c, err := d.Counters(); err != nil || c.Networks["red"].Held != uint64(300-sent) {
		t.Errorf("%+v, %v", c.Networks, err)
	}
	if verdict, _ := d.run(t, fromA.build(t)); verdict != forwarded {
		t.Errorf("known unicast: verdict %d", int32(verdict))
	}
	if g := d.answered(t, fromA, framed(t, hostA, broadcast, arpOf())); g == nil {
		t.Error("a neighbour is not answered for")
	}
	d.apply(t, changes{"red": guarded()}) // no limit
	if verdict, _ := d.run(t, storm); verdict != forwarded {
		t.Errorf("without a limit: verdict %d", int32(verdict))
	}
}

// Time brings back what was spent, at the rate.
func TestFloodRateComesBack(t *testing.T) {
	d := withGuarded(t, atRate(1000, 1))
	storm := fromA.with(func(p *packet) { p.innerDst = broadcast }).build(t)
	began, sent := time.Now(), 0
	testenv.Eventually(t, time.Minute, "500 are flooded", func() error {
		for range 100 {
			if verdict, _ := d.run(t, storm); verdict == forwarded {
				sent++
			}
		}
		if sent < 500 {
			return fmt.Errorf("%d are", sent)
		}
		return nil
	})
	// The clock's step is some milliseconds.
	if rate := float64(sent) / time.Since(began).Seconds(); rate > 1200 {
		t.Errorf("%.0f a second", rate)
	}
}

// Each copy is charged, and a frame goes to all or to none.
func TestFloodIsChargedByCopy(t *testing.T) {
	w := newWire(t)
	n := wide(40, 1)
	n.Limit = forwarding.Limit{Rate: 1, Burst: 100}
	d := w.openGateway(n)
	in := fromA.with(func(p *packet) { p.src, p.dst, p.vni, p.innerDst = "203.0.113.10", wanIP, 456, broadcast })
	for range 10 {
		w.send(in)
	}
	got := w.received(120)
	for e, list := range got {
		if len(list) != 3 {
			t.Errorf("%s got %d copies", e, len(list))
		}
	}
	if len(got) != 40 || d.drops(t, FloodRate) != 7 {
		t.Errorf("%d tunnels, %d limited", len(got), d.drops(t, FloodRate))
	}
}
