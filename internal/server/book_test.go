package server

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
	"landbridge/internal/rpc"
)

// follower is an agent that takes over plans.
type follower struct {
	switches []string
	since    rpc.Since
	has      map[string]map[string]hwvtep.Packed
	full     int
}

func (f *follower) update(b *book) error {
	p, err := b.Plan(context.Background(), f.switches, f.since)
	if err != nil {
		return err
	}
	if p.Full {
		f.full++
		f.has = map[string]map[string]hwvtep.Packed{}
	}
	for device, named := range p.Switches {
		if f.has[device] == nil {
			f.has[device] = map[string]hwvtep.Packed{}
		}
		for name, ls := range named {
			if f.has[device][name] = ls; ls == (hwvtep.Packed{}) {
				delete(f.has[device], name)
			}
		}
	}
	f.since = rpc.Since{Epoch: p.Epoch, Revision: p.Revision}
	return nil
}

// same tells what a follower has otherwise than one who asks anew.
func (f *follower) same(b *book) error {
	anew := &follower{switches: f.switches}
	if err := anew.update(b); err != nil {
		return err
	}
	for _, device := range f.switches {
		if len(anew.has[device]) != len(f.has[device]) {
			return fmt.Errorf("switch %s has %v, anew %v", device, f.has[device], anew.has[device])
		}
		for name, ls := range anew.has[device] {
			if f.has[device][name] != ls {
				return fmt.Errorf("%s on %s is %+v, anew %+v", name, device, f.has[device][name], ls)
			}
		}
	}
	return nil
}

func TestWhoFollowsTheDifferencesHasTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBook()
		b.expect(nil, nil)
		followers := []*follower{{switches: []string{"s0", "s1"}}, {switches: []string{"s1", "s2"}}}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			id := fmt.Sprint("n", rapid.IntRange(0, 4).Draw(t, "network"))
			plan := map[string]hwvtep.Packed{}
			for i := range rapid.IntRange(0, 3).Draw(t, "switches") {
				plan[fmt.Sprint("s", i)] = hwvtep.Pack(hwvtep.NewLogicalSwitch(id, hwvtep.NewKey(uint32(rapid.IntRange(0, 2).Draw(t, "key")))))
			}
			before := b.revision
			b.set(id, id, plan)
			if again := b.revision; again > before+1 {
				t.Fatalf("one change raises the revision by %d", again-before)
			}
			if at := b.revision; rapid.Bool().Draw(t, "twice") {
				if b.set(id, id, plan); b.revision != at {
					t.Fatal("the same again is a change")
				}
			}
			if f := followers[rapid.IntRange(0, 1).Draw(t, "who")]; rapid.Bool().Draw(t, "looks") {
				if err := f.update(b); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, f := range followers {
			if err := errors.Join(f.update(b), f.same(b)); err != nil {
				t.Fatal(err)
			}
			if f.full > 1 {
				t.Fatalf("everything was told %d times", f.full)
			}
		}
	})
}

func TestWhoIsFarBehindGetsEverything(t *testing.T) {
	b := newBook()
	b.expect(nil, nil)
	f := &follower{switches: []string{"sw"}}
	if err := f.update(b); err != nil {
		t.Fatal(err)
	}
	for i := range 3 * mostHistory {
		b.set("n", "n", map[string]hwvtep.Packed{"sw": hwvtep.Pack(hwvtep.NewLogicalSwitch("n", hwvtep.NewKey(uint32(i))))})
	}
	if len(b.history) > mostHistory {
		t.Errorf("the history has %d changes", len(b.history))
	}
	if err := errors.Join(f.update(b), f.same(b)); err != nil {
		t.Fatal(err)
	}
	if f.full != 2 {
		t.Errorf("everything was told %d times, want at first and when far behind", f.full)
	}
}

func TestNoPlanIsToldBeforeItIsWhole(t *testing.T) {
	b := newBook()
	f := &follower{switches: []string{"sw"}}
	refused := func(when string) {
		t.Helper()
		if err := f.update(b); l2gw.CodeOf(err) != l2gw.Unavailable {
			t.Errorf("%s: %v, want Unavailable", when, err)
		}
	}
	nobody := func(string) bool { return false }
	refused("before the networks are listed")
	b.expect([]string{"n1", "n2"}, nobody)
	refused("before any is planned")
	plan := map[string]hwvtep.Packed{"sw": hwvtep.Pack(hwvtep.NewLogicalSwitch("n1", hwvtep.NewKey(1)))}
	b.set("n1", "n1", plan)
	refused("before the second is planned")
	b.set("n2", "n2", nil)
	if err := f.update(b); err != nil || len(f.has["sw"]) != 1 {
		t.Fatalf("%v, %+v", err, f.has)
	}
	b.expect([]string{"n1", "n2", "n3"}, func(id string) bool { return id != "n3" })
	b.set("n1", "n1", nil)
	if err := f.update(b); err != nil || len(f.has["sw"]) != 0 {
		t.Errorf("a difference must be told also while a network is new: %v, %+v", err, f.has)
	}
	f.since = rpc.Since{Epoch: "of another run", Revision: 1}
	refused("to who comes from another run, while a network is new")
	b.set("n3", "n3", nil)
	if err := f.update(b); err != nil || f.full != 2 {
		t.Errorf("%v; everything was told %d times, want 2", err, f.full)
	}
}

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBook()
		waiting := func(since rpc.Since) chan error {
			done := make(chan error, 1)
			go func() { done <- b.Wait(t.Context(), since) }()
			synctest.Wait()
			return done
		}
		expect := func(done chan error, away bool, when string) {
			t.Helper()
			synctest.Wait()
			select {
			case err := <-done:
				if !away || err != nil {
					t.Fatalf("%s: Wait returned %v", when, err)
				}
			default:
				if away {
					t.Fatalf("%s: Wait still waits", when)
				}
			}
		}
		start, other := waiting(rpc.Since{}), waiting(rpc.Since{Epoch: "of another run", Revision: 7})
		expect(start, false, "nothing planned")
		b.expect([]string{"n"}, func(string) bool { return false })
		expect(start, false, "not whole")
		b.set("n", "n", nil)
		expect(start, true, "whole")
		expect(other, true, "whole, from another run")
		now := rpc.Since{Epoch: b.epoch, Revision: b.revision}
		next := waiting(now)
		b.set("n", "n", nil)
		expect(next, false, "nothing has changed")
		b.set("n", "n", map[string]hwvtep.Packed{"sw": hwvtep.Pack(hwvtep.NewLogicalSwitch("n", hwvtep.Key{}))})
		expect(next, true, "changed")
		expect(waiting(now), true, "asked late")

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := b.Wait(ctx, rpc.Since{Epoch: b.epoch, Revision: b.revision}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Wait ended with %v", err)
		}
	})
}
