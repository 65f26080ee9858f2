package server

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"landbridge/internal/server/planner"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func TestADatabaseIsLostAndBackAfterAWhile(t *testing.T) {
	h := newHealth()
	for _, c := range []struct {
		at     time.Duration
		err    string
		turned bool
		lost   bool
	}{
		{0, "", false, false},
		{1 * time.Second, "refused", false, false},
		{2 * time.Second, "", false, false}, // a short break moves nothing
		{3 * time.Second, "refused", false, false},
		{4 * time.Second, "refused", false, false},
		{5 * time.Second, "refused", true, true},
		{60 * time.Second, "refused", false, true},
		{61 * time.Second, "", false, true},
		{65 * time.Second, "refused", false, true}, // not yet in good order
		{66 * time.Second, "", false, true},
		{75 * time.Second, "", false, true},
		{76 * time.Second, "", true, false},
	} {
		turned := h.observe(map[string]string{dbAddress: c.err}, noon.Add(c.at))
		if got := len(turned) > 0; got != c.turned || (h.lost(dbAddress) != "") != c.lost {
			t.Errorf("at %s: turned %v, lost %q", c.at, turned, h.lost(dbAddress))
		}
	}
	h.observe(map[string]string{dbAddress: "no route"}, noon.Add(100*time.Second))
	h.observe(map[string]string{dbAddress: "no route"}, noon.Add(103*time.Second))
	if got := h.lost(dbAddress); !strings.Contains(got, dbAddress+" cannot be used: no route") {
		t.Errorf("lost: %q", got)
	}
	if h.observe(nil, noon); h.lost(dbAddress) != "" || len(h.databases) != 0 {
		t.Error("what is known no more is still there")
	}
}

// One that is lost again and again is waited for longer, until it was in order for
// long.
func TestADatabaseThatIsLostAgainIsBackLater(t *testing.T) {
	h, now := newHealth(), noon
	lostFor := func() time.Duration {
		look := func(err string, after time.Duration) {
			now = now.Add(after)
			h.observe(map[string]string{dbAddress: err}, now)
		}
		look("", 0)
		look("refused", time.Second)
		look("refused", lostAfter)
		if h.lost(dbAddress) == "" {
			t.Fatal("it is not lost")
		}
		look("", 0)
		begun := now
		for h.lost(dbAddress) != "" {
			look("", time.Second)
		}
		return now.Sub(begun)
	}
	for i, want := range []time.Duration{backAfter, 2 * backAfter, 4 * backAfter} {
		if got := lostFor(); got != want {
			t.Errorf("time %d: back after %s, want %s", i, got, want)
		}
	}
	for range 10 {
		lostFor()
	}
	if got := lostFor(); got != backMost {
		t.Errorf("at most: %s, want %s", got, backMost)
	}
	now = now.Add(steadyAfter)
	if got := lostFor(); got != backAfter {
		t.Errorf("after a time of order: %s, want %s", got, backAfter)
	}
}

func TestATunnelThatFailsAgainIsTriedLessOften(t *testing.T) {
	h, p, now := newHealth(), place{"sw1", blue}, noon
	turn := func(after time.Duration, fault string, want bool) {
		t.Helper()
		now = now.Add(after)
		h.fault(p, fault, now)
		if got := slices.Contains(h.turns(now), blue); got != want {
			t.Errorf("at %s: turned %v, want %v; ill: %q", now.Sub(noon), got, want, h.ill(p))
		}
	}
	turn(0, "no route", false)
	turn(time.Second, "", false) // gone by itself
	turn(time.Second, "no route", false)
	for _, hold := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute} {
		turn(illAfter, "no route", true)
		if h.ill(p) != "no route" {
			t.Errorf("ill: %q", h.ill(p))
		}
		turn(time.Second, "", false) // the tunnel is elsewhere
		turn(hold-2*time.Second, "", false)
		turn(2*time.Second, "", true)
		if h.ill(p) != "" {
			t.Errorf("after %s: ill: %q", hold, h.ill(p))
		}
		turn(time.Second, "no route", false)
	}
	turn(time.Second, "", false)
	turn(illMost, "", false)
	if len(h.spells) != 0 {
		t.Error("an old spell is not forgotten")
	}
	turn(0, "no route", false)
	turn(illAfter, "no route", true)
	turn(2*time.Minute, "no route", false) // nowhere is it better
	if h.ill(p) == "" {
		t.Error("a fault that lasts is not held against the switch")
	}
	if h.forget(blue); h.ill(p) != "" {
		t.Error("a network that is gone is remembered")
	}
}

func TestWhatIsNotConfirmedToBeGoneIsStillThere(t *testing.T) {
	with, without := wantedSwitch(blue, 1), wantedSwitch(blue, 1)
	with.AddMcast("unknown-dst", wanLocator)
	var held *tunnels
	for i, c := range []struct {
		state planner.SwitchState
		want  int
	}{
		{planner.SwitchState{}, 0},
		{planner.SwitchState{Actual: with}, 1},
		{planner.SwitchState{Actual: with, Confirmed: true}, 1},
		{planner.SwitchState{Actual: without}, 1},
		{planner.SwitchState{Actual: without}, 1},
		{planner.SwitchState{Actual: without, Confirmed: true}, 0},
		{planner.SwitchState{Actual: with}, 1},
		{planner.SwitchState{}, 0},
	} {
		held = held.after(c.state, noon.Add(time.Duration(i)*time.Second))
		if len(held.held()) != c.want {
			t.Errorf("step %d: %v, want %d", i, held.held(), c.want)
		}
		if i == 4 && held.since != noon.Add(3*time.Second) {
			t.Errorf("it waits since %s", held.since)
		}
	}
	w := newWorld(t)
	l := newLoop(w.server)
	n := &network{out: planner.Output{Moving: true}, wan: map[string]*tunnels{"sw1": {locators: keyed(with), shown: keyed(without), given: keyed(with), since: noon}}}
	l.networks[blue] = n
	for _, c := range []struct {
		after time.Duration
		want  string
	}{{confirmWithin - 1, "[]"}, {confirmWithin, "[" + blue + "]"}, {confirmWithin + 1, "[]"}} {
		if got := fmt.Sprint(l.overdue(noon.Add(c.after))); got != c.want {
			t.Errorf("after %s: %s, want %s", c.after, got, c.want)
		}
	}
}

func TestWhatAPlanHasGivenMayBeThereAlready(t *testing.T) {
	with, without := wantedSwitch(blue, 1), wantedSwitch(blue, 1)
	with.AddMcast("unknown-dst", wanLocator)
	old := planner.SwitchState{Actual: without, Confirmed: true}
	held := (*tunnels)(nil).after(old, noon)
	held.give(keyed(with), noon.Add(time.Second))
	held.give(keyed(with), noon.Add(2*time.Second))
	held = held.after(old, noon.Add(3*time.Second)) // a report from before
	if len(held.held()) != 1 || held.since != noon.Add(time.Second) {
		t.Errorf("after an old report: %+v", held)
	}
	held = held.after(planner.SwitchState{Actual: with, Confirmed: true}, noon.Add(4*time.Second))
	if len(held.held()) != 1 || held.unsettled() {
		t.Errorf("once it is there: %+v", held)
	}
	if held = held.after(old, noon.Add(5*time.Second)); len(held.held()) != 0 {
		t.Errorf("once it is gone: %+v", held)
	}
}
