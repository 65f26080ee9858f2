package vtep

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/ovsdb"
	"landbridge/internal/vtep/datapath"
	"landbridge/internal/vtep/forwarding"
	"landbridge/internal/vtep/underlay"
)

// bench is a loop and its reporter on fakes, in a bubble of its own time.
type bench struct {
	*testing.T
	db   *fakeDatabase
	dp   *fakeDatapath
	hops *fakeHops
	log  *buffer
	loop *loop

	others *fakePeers
}

// inBubble runs a test with a loop whose datapath holds some networks already,
// and which is otherwise prepared.
func inBubble(t *testing.T, pinned []forwarding.Network, test func(b *bench), prepared ...func(b *bench)) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{T: t, db: newFakeDatabase(), dp: newFakeDatapath(), hops: newFakeHops(), log: &buffer{}}
		for _, n := range pinned {
			b.dp.networks[n.Name] = n
		}
		for _, prepare := range prepared {
			prepare(b)
		}
		cfg := Config{Switch: "border-1", Local: forwarding.Local{Fabric: addr("10.0.0.1"), WAN: addr("203.0.113.1")}, Ageing: 100 * time.Second}
		log := slog.New(slog.NewTextHandler(io.Writer(b.log), nil))
		r := newReporter(b.db, cfg, log)
		b.loop = newLoop(cfg, log, b.db, b.dp, b.hops, r)
		b.loop.trim = func() {}
		if b.others != nil {
			b.loop.with(b.others)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var tasks sync.WaitGroup
		tasks.Go(func() { b.loop.run(ctx) })
		tasks.Go(func() { r.run(ctx) })
		test(b)
		cancel()
		tasks.Wait()
	})
}

// withPeers makes the switch one of several devices of a gateway.
func withPeers(b *bench) { b.others = newFakePeers() }

// without lets an interface not exist.
func without(name string) func(b *bench) {
	return func(b *bench) { b.dp.missing = fmt.Errorf("%w: %s", datapath.ErrNoInterface, name) }
}

// resolve tells that the ways of both tunnels of joined are found.
func (b *bench) resolve() {
	for _, p := range []underlay.Pair{fabricPair, wanPair} {
		b.hops.tell(p, underlay.State{NextHop: underlay.NextHop{IfIndex: 2, Resolved: true}})
		synctest.Wait()
	}
}

func (b *bench) expectWrites(want ...string) {
	b.Helper()
	synctest.Wait()
	if got := b.db.written(); !slices.Equal(got, want) {
		b.Errorf("written %v, want %v", got, want)
	}
}

var (
	fabricPair = underlay.Pair{Local: addr("10.0.0.1"), Remote: addr("10.0.0.11")}
	wanPair    = underlay.Pair{Local: addr("203.0.113.1"), Remote: addr("203.0.113.2")}
)

func derived(name string) forwarding.Network {
	n, _ := forwarding.Derive(joined(name), forwarding.Local{Fabric: addr("10.0.0.1"), WAN: addr("203.0.113.1")})
	return n
}

func TestNothingIsTouchedBeforeTheDatabaseIsRead(t *testing.T) {
	inBubble(t, []forwarding.Network{derived("old")}, func(b *bench) {
		b.hops.tell(wanPair, underlay.State{NextHop: underlay.NextHop{IfIndex: 7, Resolved: true}})
		b.db.change(0, ovsdb.Dirty{}) // the connection's state has changed, no more
		time.Sleep(10 * fullPassEvery)
		synctest.Wait()
		if len(b.dp.applied) > 0 {
			t.Errorf("applied at %v", b.dp.applied)
		}
		b.expectWrites()
		if h := b.dp.hops[datapath.Pair(wanPair)]; h.IfIndex != 7 {
			t.Errorf("next hops of what is pinned must be kept up: %v", b.dp.hops)
		}
		b.db.change(0, ovsdb.Dirty{Resync: true}, joined("new"))
		synctest.Wait()
		if _, ok := b.dp.has("old"); ok {
			t.Error("the old network is still there")
		}
		if n, _ := b.dp.has("new"); !n.Equal(derived("new")) {
			t.Errorf("the new one is %+v", n)
		}
	})
}

func TestPinnedNetworkThatIsStillWantedIsNotWrittenAgain(t *testing.T) {
	inBubble(t, []forwarding.Network{derived("same")}, func(b *bench) {
		b.db.change(0, ovsdb.Dirty{Resync: true}, joined("same"))
		synctest.Wait()
		if len(b.dp.applied) > 0 {
			t.Errorf("applied at %v", b.dp.applied)
		}
	})
}

func TestFaultsAreWrittenBeforeTheConfirmation(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		ls := joined("net")
		b.db.change(1, ovsdb.Dirty{Resync: true}, ls)
		b.expectWrites("ensure") // the ways are not known yet
		b.hops.tell(fabricPair, underlay.State{Pending: true})
		b.hops.tell(wanPair, underlay.State{NextHop: underlay.NextHop{Resolved: true}})
		b.expectWrites()
		if _, ok := b.dp.hops[datapath.Pair(fabricPair)]; ok {
			t.Error("a pending next hop must not take the place of what there is")
		}
		b.hops.tell(fabricPair, underlay.State{Problem: "silent"})
		b.expectWrites("faults", "done")
		if sw := b.db.PhysicalSwitches()[0]; sw.OtherConfig[hwvtep.Done] != "1" || len(sw.Faults) != 1 || !strings.HasSuffix(sw.Faults[0], "| silent") {
			t.Errorf("%+v", sw)
		}
		b.resolve()
		b.expectWrites("faults")
		b.db.change(2, ovsdb.Dirty{Global: true})
		b.expectWrites("done")
		b.db.change(2, ovsdb.Dirty{Physical: true})
		b.expectWrites()
	})
}

func TestRefusedNetworkIsTriedAgainAndTold(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		b.dp.do(func() { b.dp.refuse["bad"] = true })
		bad := joined("bad")
		bad.Mcast = nil // it uses the same compute node, with another key
		bad.Key = hwvtep.NewKey(5)
		b.db.change(1, ovsdb.Dirty{Resync: true}, bad, joined("good"))
		b.resolve()
		synctest.Wait()
		if _, ok := b.dp.has("good"); !ok {
			t.Error("the other network has to wait")
		}
		if faults := b.db.PhysicalSwitches()[0].Faults; len(faults) != 1 || faults[0] != "bad |  | the datapath refuses it: full" {
			t.Errorf("faults %q", faults)
		}
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		tries := 0
		b.dp.do(func() { tries = len(b.dp.applied); delete(b.dp.refuse, "bad") })
		if tries < 8 || tries > 30 {
			t.Errorf("tried %d times in three minutes, at %v", tries, b.dp.applied)
		}
		time.Sleep(applyRetryMax * 2)
		synctest.Wait()
		if _, ok := b.dp.has("bad"); !ok {
			t.Error("it is not there")
		}
		if faults := b.db.PhysicalSwitches()[0].Faults; len(faults) != 0 {
			t.Errorf("faults %q", faults)
		}
		if n := strings.Count(b.log.String(), "refuses a network"); n != 1 {
			t.Errorf("told %d times", n)
		}
	})
}

func TestFullPassMendsTheDatapath(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		b.db.change(1, ovsdb.Dirty{Resync: true}, joined("net"))
		synctest.Wait()
		b.dp.do(func() {
			delete(b.dp.networks, "net")
			b.dp.networks["stray"] = derived("stray")
		})
		time.Sleep(fullPassEvery + time.Second)
		synctest.Wait()
		if _, ok := b.dp.has("net"); !ok {
			t.Error("what somebody removed is not back")
		}
		if _, ok := b.dp.has("stray"); ok {
			t.Error("what somebody added is still there")
		}
	})
}

// An interface that does not exist when vtepd starts is told of at once, and
// nobody has to wait for a full pass once it comes.
func TestMissingInterface(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		problem := func() string {
			synctest.Wait()
			s, err := b.loop.state(Filter{})
			if err != nil {
				b.Fatal(err)
			}
			return s.Datapath
		}
		if got := problem(); !strings.Contains(got, "eth7") {
			b.Errorf("at the start: %q", got)
		}
		time.Sleep(2 * applyRetryMax)
		b.dp.do(func() { b.dp.missing = nil })
		time.Sleep(portsEvery)
		if got := problem(); got != "" {
			b.Errorf("a second after it came: %q", got)
		}
		if log := b.log.String(); strings.Count(log, "is not whole") != 1 {
			b.Errorf("the log:\n%s", log)
		}
	}, without("eth7"))
}

func TestBrokenDatapathIsToldOnceAndTriedOften(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		b.dp.do(func() { b.dp.ensure = errors.New("no such interface") })
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		s, err := b.loop.state(Filter{})
		if err != nil || s.Datapath != "no such interface" {
			t.Errorf("%q, %v", s.Datapath, err)
		}
		b.dp.do(func() { b.dp.ensure = nil })
		time.Sleep(applyRetryMax * 2)
		synctest.Wait()
		log := b.log.String()
		if strings.Count(log, "is not whole") != 1 || strings.Count(log, "whole again") != 1 {
			t.Errorf("the log:\n%s", log)
		}
	})
}

func TestReporterTriesAgainAndTellsOnce(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		b.db.fail(errors.New("constraint violation"))
		b.db.change(0, ovsdb.Dirty{Resync: true})
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if n := len(b.db.written()); n < 20 || n > 100 {
			t.Errorf("tried %d times in five minutes", n)
		}
		b.db.fail(nil)
		time.Sleep(2 * reportRetryMax)
		synctest.Wait()
		if len(b.db.PhysicalSwitches()) != 1 {
			t.Error("the switch is not there")
		}
		if n := strings.Count(b.log.String(), "cannot write to the database"); n != 1 {
			t.Errorf("told %d times:\n%s", n, b.log)
		}
	})
}

func TestReporterIsSilentAboutTheConnection(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		b.db.fail(ovsdb.ErrNotConnected)
		b.db.change(0, ovsdb.Dirty{Resync: true})
		time.Sleep(time.Minute)
		synctest.Wait()
		if strings.Contains(b.log.String(), "cannot write") {
			t.Errorf("that is the client's to tell:\n%s", b.log)
		}
	})
}

func TestAgeing(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		start := time.Now()
		time.Sleep(35 * time.Second)
		synctest.Wait()
		b.dp.do(func() {
			if len(b.dp.aged) != 3 || b.dp.aged[0].Sub(start) != 10*time.Second {
				t.Errorf("looked at %v, from %v", b.dp.aged, start)
			}
		})
	})
	for after, want := range map[time.Duration]time.Duration{
		0: ageAtMostEvery, 2 * time.Second: time.Second, 100 * time.Second: 10 * time.Second, time.Hour: ageAtMostEvery,
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			tick, stop := ageing(after)
			defer stop()
			if got := (<-tick).Sub(start); got != want {
				t.Errorf("ageing %v looks every %v, want %v", after, got, want)
			}
		})
	}
}

func TestNextHopsOfNobodyAreTakenBack(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		b.db.change(1, ovsdb.Dirty{Resync: true}, joined("net"))
		synctest.Wait()
		b.resolve()
		if len(b.dp.hops) != 2 {
			t.Errorf("next hops %v", b.dp.hops)
		}
		b.db.mu.Lock()
		delete(b.db.logical, "net")
		b.db.mu.Unlock()
		b.db.change(2, ovsdb.Dirty{LogicalSwitches: []string{"net"}})
		time.Sleep(fullPassEvery + time.Second)
		synctest.Wait()
		if len(b.dp.hops) != 0 || len(b.hops.wanted) != 0 {
			t.Errorf("next hops %v, wanted %v", b.dp.hops, b.hops.wanted)
		}
	})
}

// What an operator has to know of addresses is told once, and shown until it goes.
func TestAddressesAreTold(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		b.db.change(1, ovsdb.Dirty{Resync: true}, joined("net"))
		b.resolve()
		b.dp.do(func() {
			b.dp.swept = datapath.Swept{Full: true, Networks: map[string]datapath.Addresses{
				"net": {Learned: 7, Limit: 7, Frozen: []ethernet.MAC{vm}},
			}}
		})
		time.Sleep(time.Minute)
		synctest.Wait()
		want := []string{
			tableExhausted,
			"net |  | 7 MACs are learned, as many as may be: frames to others are flooded; raise mac-limit, or find who uses so many",
		}
		if got := b.db.PhysicalSwitches()[0].Faults; !slices.Equal(got, want) {
			t.Errorf("faults %q", got)
		}
		b.dp.do(func() {
			b.dp.swept = datapath.Swept{Networks: map[string]datapath.Addresses{"net": {Learned: 3, Limit: 7}}}
		})
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := b.db.PhysicalSwitches()[0].Faults; len(got) != 0 {
			t.Errorf("faults %q", got)
		}
		for _, line := range []string{"the FDB is full", "as many addresses as it may", "frozen where it is", "not frozen any longer"} {
			if n := strings.Count(b.log.String(), line); n != 1 {
				t.Errorf("%q is told %d times", line, n)
			}
		}
	})
}

// The underlay is asked for the ways of tunnels when tunnels lead elsewhere, and
// not at every change.
func TestTheUnderlayIsAskedOnce(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		b.db.change(0, ovsdb.Dirty{Resync: true}, joined("net"))
		synctest.Wait()
		before := b.hops.asked
		ls := joined("net")
		ls.Ucast.Add(hwvtep.Ucast{MAC: ethernet.MAC{2}, Locator: at("10.0.0.11")})
		b.db.change(1, ovsdb.Dirty{}, ls)
		synctest.Wait()
		if b.hops.asked != before {
			t.Errorf("asked %d times, then %d", before, b.hops.asked)
		}
		ls = joined("net")
		ls.AddMcast(hwvtep.UnknownDst, at("10.0.0.12"))
		b.db.change(2, ovsdb.Dirty{}, ls)
		synctest.Wait()
		if b.hops.asked != before+1 || len(b.hops.wanted) != 3 {
			t.Errorf("asked %d times, then %d, for %v", before, b.hops.asked, b.hops.wanted)
		}
	})
}

// Memory is given back after all was read, once more later, and not at changes.
func TestMemoryIsGivenBackAfterReadingAll(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		var trims atomic.Int64
		b.loop.trim = func() { trims.Add(1) }
		expect := func(what string, want int64) {
			t.Helper()
			synctest.Wait()
			if got := trims.Load(); got != want {
				t.Errorf("%s: %d times, want %d", what, got, want)
			}
		}
		b.db.change(0, ovsdb.Dirty{Resync: true}, joined("net"))
		expect("all was read", 1)
		b.db.change(1, ovsdb.Dirty{}, joined("net"), joined("other"))
		expect("a change", 1)
		time.Sleep(3 * fullPassEvery)
		expect("the next full pass alone", 2)
	})
}
