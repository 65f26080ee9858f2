package datapath

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"landbridge/internal/vtep/forwarding"
)

// churn gives changes around red's stable tunnels: other networks with tunnels
// to the same places come, go and swap, red's own further tunnels too, and ids
// are used anew soon.
func churn(i int) changes {
	r, other := red(), model("other", tunnels{}, nil)
	for k := range uint32(4) {
		owner := []*forwarding.Network{r, other}[(i+int(k))%2]
		owner.Tunnels[at(nodeA, 900+k)] = fabric(i%3 == 0)
		owner.Tunnels[at(remoteA, 950+k)] = wan(i%5 < 3)
	}
	if i%7 == 0 {
		return changes{"red": r, "other": nil}
	}
	return changes{"red": r, "other": other}
}

// Frames of a stable flow go where they belong, every one, whatever is changed
// beside them.
func TestStableFlowDuringChanges(t *testing.T) {
	d := withRed(t)
	frame := fromA.build(t)
	stop, wait := make(chan struct{}), sync.WaitGroup{}
	wait.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			verdict, out := d.run(t, frame)
			if verdict != forwarded || ip(out, 30) != remoteA || vniOf(out) != 456 {
				t.Errorf("verdict %d, to %s VNI %d", int32(verdict), ip(out, 30), vniOf(out))
				return
			}
		}
	})
	for i := range 60 {
		d.apply(t, churn(i))
		d.resolve(t)
	}
	close(stop)
	wait.Wait()
}

// A broadcast reaches each stable tunnel once while flood lists change, and no
// tunnel of the other network.
func TestFloodDuringChanges(t *testing.T) {
	w := newWire(t)
	n := red()
	d := w.openGateway(n)
	frames, stop, wait := 0, make(chan struct{}), sync.WaitGroup{}
	wait.Go(func() {
		pace := time.NewTicker(500 * time.Microsecond)
		defer pace.Stop()
		for {
			select {
			case <-stop:
				return
			case <-pace.C:
				w.send(fromA.with(func(p *packet) { p.innerDst, p.payload = broadcast, fmt.Sprintf("%60d", frames) }))
				frames++
			}
		}
	})
	for i := range 30 {
		d.apply(t, churn(i))
		w.gw.Do(func() { w.resolve(d) })
	}
	close(stop)
	wait.Wait()
	got := w.received(frames)
	seen := map[string]int{} // by payload
	for _, p := range got[at(remoteA, 456)] {
		seen[p.payload]++
	}
	for payload, n := range seen {
		if n != 1 {
			t.Errorf("frame %s came %d times", payload, n)
		}
	}
	t.Logf("%d broadcasts", frames)
	if len(seen) != frames {
		t.Errorf("%d of %d frames came", len(seen), frames)
	}
}
