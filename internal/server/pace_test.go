package server

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"landbridge/internal/l2gw"
	"landbridge/internal/rpc"
)

func TestPace(t *testing.T) {
	p, now := newPace(), time.Now()
	defer p.timer.Stop()
	both := []string{"large", "small"}
	ready := func(at time.Duration, want ...string) {
		t.Helper()
		if got := p.ready(both, now.Add(at)); !slices.Equal(got, want) {
			t.Errorf("after %v %v are planned, want %v", at, got, want)
		}
	}
	ready(0, "large", "small")
	p.took([]string{"large"}, 300*time.Millisecond/restTimes, now)
	p.took([]string{"small"}, restFrom-1, now)
	ready(299*time.Millisecond, "small")
	if got := p.rested(now.Add(299 * time.Millisecond)); len(got) > 0 {
		t.Errorf("%v have rested for too short", got)
	}
	if got := p.rested(now.Add(300 * time.Millisecond)); !slices.Equal(got, []string{"large"}) {
		t.Errorf("%v have rested", got)
	}
	ready(300*time.Millisecond, "large", "small")
	p.took([]string{"large"}, time.Hour, now)
	ready(mostRest-1, "small")
	ready(mostRest, "large", "small")
}

// A network whose plan takes long is planned a few times while it changes many
// times, and at last as it is then.
func TestALargeNetworkThatChangesAllTheTimeRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const takes, every, changes = 200 * time.Millisecond, 10 * time.Millisecond, 100
		w := newWorld(t)
		w.connect(blue, "sw")
		w.cloud.slow = takes
		w.run()
		pass(time.Minute) // it is planned, and at rest
		w.cloud.asked = 0
		for i := range changes {
			w.cloud.change(func(c *fakeCloud) {
				site := aSite(blue, 123)
				site.Ports[0].MAC = l2gw.MAC{2, 0, 0, 0, 0, byte(i)}
				c.sites[blue] = site
			}, blue)
			pass(every)
		}
		pass((1 + restTimes) * takes * 2)
		if most := int(changes*every/((1+restTimes)*takes)) + 3; w.cloud.asked > most || w.cloud.asked < 2 {
			t.Errorf("it is planned %d times, want at most %d", w.cloud.asked, most)
		}
		p := must[rpc.Plan](t)(w.plan())
		for u := range p.Switches["sw"]["landbridge/"+blue].Unpack().Ucast.All() {
			if want := fmt.Sprintf("02:00:00:00:00:%02x", changes-1); u.MAC.String() != want {
				t.Errorf("the plan has %s, want %s", u.MAC, want)
			}
		}
	})
}

// What a large switch has is not written down each second.
func TestInventoriesThatTakeLongAreWrittenDownSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const takes, changes = 500 * time.Millisecond, 60
		w := newWorld(t)
		w.store.slow = takes
		w.run()
		settle()
		var r rpc.Report
		for i := range changes {
			r = aReport("sw")
			r.Switches[0].Description = fmt.Sprint(i)
			w.report(r)
			pass(saveEvery)
		}
		most, saves := changes*int(saveEvery)/(saveShare*int(takes))+1, w.store.count(&w.store.saves)
		if saves > most || saves < most-2 {
			t.Errorf("it is written down %d times, want at most %d", saves, most)
		}
		pass(saveShare*takes + 2*saveEvery)
		kept, err := w.store.Inventories(t.Context())
		if err != nil || len(kept) != 1 || kept[0].Switches[0].Description != r.Switches[0].Description {
			t.Errorf("%+v, %v", kept, err)
		}
	})
}
