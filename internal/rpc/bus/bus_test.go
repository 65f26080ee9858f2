package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/oslomsg"
	"landbridge/internal/rpc"
)

// soon is how long what happens at once may take on a busy machine.
const soon = 20 * time.Second

var broker testenv.SharedRabbitMQ

func TestMain(m *testing.M) {
	code := m.Run()
	if err := broker.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// config is for a virtual host of the test's own.
func config(t *testing.T) oslomsg.Config {
	t.Helper()
	r := broker.Get(t)
	r.AddVHost(t, t.Name())
	cfg, err := oslomsg.ParseURL(r.URL(t.Name()))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func logger(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelInfo}))
}

// fakeDesk is a leader's part of the tests.
type fakeDesk struct {
	mu      sync.Mutex
	orders  rpc.Orders
	refuse  error
	beats   []rpc.Beat
	plan    rpc.Plan
	asked   []rpc.Since
	senders []Sender
	reports []rpc.Report
}

func (d *fakeDesk) Beat(_ context.Context, b rpc.Beat) (rpc.Orders, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.beats = append(d.beats, b)
	return d.orders, d.refuse
}

func (d *fakeDesk) Plan(_ context.Context, _ []string, since rpc.Since) (rpc.Plan, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, since)
	return d.plan, d.refuse
}

func (d *fakeDesk) Report(_ context.Context, from Sender, r rpc.Report) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.refuse == nil {
		d.senders, d.reports = append(d.senders, from), append(d.reports, r)
	}
	return d.refuse
}

func (d *fakeDesk) change(do func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	do()
}

// background runs something until the test, or stop, ends it.
func background(t *testing.T, run func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		if err := run(ctx); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
	}()
	stop = func() { cancel(); <-over }
	t.Cleanup(stop)
	return stop
}

func newServer(t *testing.T, on oslomsg.Config, changed func([]string)) *Server {
	t.Helper()
	s, err := NewServer(ServerConfig{Bus: on, Changed: changed, Logger: logger(t)})
	if err != nil {
		t.Fatal(err)
	}
	background(t, s.Run)
	testenv.Eventually(t, soon, "the server is connected", func() error { return errors.Join(s.Err(), s.hears.Err()) })
	return s
}

// lead has a server lead in a term.
func lead(t *testing.T, s *Server, term uint64, d *fakeDesk) (stop func()) {
	t.Helper()
	d.change(func() { d.orders.Term = term })
	return background(t, func(ctx context.Context) error { return s.Lead(ctx, term, d, func() {}) })
}

// hands are what an agent has been assigned, as it was told.
type hands struct {
	mu   sync.Mutex
	has  map[string]uint64
	told []string
}

func (h *hands) assign(db string, epoch uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.has[db] = epoch
	h.told = append(h.told, fmt.Sprintf("%s %d", db, epoch))
}

// have waits until the agent has a database by an epoch, 0 for not.
func (h *hands) have(t *testing.T, db string, epoch uint64) {
	t.Helper()
	testenv.Eventually(t, soon, fmt.Sprintf("%s by epoch %d", db, epoch), func() error {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.has[db] != epoch {
			return fmt.Errorf("it is %d", h.has[db])
		}
		return nil
	})
}

func newAgent(t *testing.T, on oslomsg.Config, lapse time.Duration) (*Agent, *hands) {
	t.Helper()
	h := &hands{has: map[string]uint64{}}
	a, err := NewAgent(AgentConfig{Bus: on, Host: "h1", Version: "v", Databases: func() ([]string, []string) { return []string{db}, []string{db} }, Lapse: lapse, Assign: h.assign, Logger: logger(t)})
	if err != nil {
		t.Fatal(err)
	}
	background(t, a.Run)
	return a, h
}

const db = "tcp:192.0.2.1:6640"

func serves(epoch uint64) []rpc.Assignment { return []rpc.Assignment{{Database: db, Epoch: epoch}} }

func TestAnAgentServesWhatItIsTold(t *testing.T) {
	on := config(t)
	s := newServer(t, on, func([]string) {})
	d := &fakeDesk{orders: rpc.Orders{Serve: serves(5)}}
	stop := lead(t, s, 1, d)
	a, h := newAgent(t, on, 0)
	h.have(t, db, 5)
	d.change(func() {
		b := d.beats[0]
		if b.Host != "h1" || b.Run == "" || b.Version != "v" || b.Started == 0 || !slices.Equal(b.Databases, []string{db}) || !slices.Equal(b.Away, []string{db}) {
			t.Errorf("beat %+v", b)
		}
		d.orders.Serve = serves(6)
	})
	h.have(t, db, 6)
	if want := []string{db + " 5", db + " 0", db + " 6"}; !slices.Equal(h.told, want) {
		t.Errorf("told %v, want %v", h.told, want)
	}
	d.change(func() { d.orders.Serve = nil })
	if err := s.Assign(t.Context(), "h1"); err != nil {
		t.Error(err)
	}
	h.have(t, db, 0)
	d.change(func() { d.orders.Serve = serves(7) })
	h.have(t, db, 7)
	if got := a.Stats(); got.Term != 1 || got.Serves[db] != 7 || got.Fault != "" {
		t.Errorf("stats %+v", got)
	}

	// A leader that is gone leaves the agent without what it served, in time.
	began := time.Now()
	stop()
	h.have(t, db, 0)
	if took := time.Since(began); took > DefaultLapse+beatWithin {
		t.Errorf("the agent went on for %v", took)
	}
	if a.Stats().Fault == "" {
		t.Error("the agent says nothing of it")
	}
	lead(t, s, 2, d)
	h.have(t, db, 7)
}

// Orders of a former leader are none, and the newest gets the calls, also while
// the former takes itself for the leader.
func TestAFormerLeaderIsNotHeard(t *testing.T) {
	on := config(t)
	old, next := newServer(t, on, func([]string) {}), newServer(t, on, func([]string) {})
	former, now := &fakeDesk{orders: rpc.Orders{Serve: serves(5)}}, &fakeDesk{orders: rpc.Orders{Serve: serves(6)}}
	lead(t, old, 1, former)
	_, h := newAgent(t, on, 0)
	h.have(t, db, 5)
	stop := lead(t, next, 2, now)
	h.have(t, db, 6)
	stop()
	h.have(t, db, 0)
	beats := 0
	former.change(func() { beats = len(former.beats) })
	testenv.Eventually(t, soon, "the former is asked", func() error {
		former.mu.Lock()
		defer former.mu.Unlock()
		if len(former.beats) < beats+2 {
			return errors.New("no")
		}
		return nil
	})
	h.have(t, db, 0)
}

// many is a logical switch of many MACs.
func many(n int) *hwvtep.LogicalSwitch {
	ls := hwvtep.NewLogicalSwitch("landbridge/n", hwvtep.NewKey(7))
	at := hwvtep.Locator{Encapsulation: hwvtep.VXLANOverIPv4, Addr: netip.MustParseAddr("203.0.113.1"), Key: hwvtep.NewKey(9)}
	for i := range n {
		ls.Ucast.Add(hwvtep.Ucast{MAC: ethernet.MAC{2, 0, 0, byte(i >> 16), byte(i >> 8), byte(i)}, Locator: at})
	}
	return ls
}

func TestAVeryLargePlanAndReport(t *testing.T) {
	on := config(t)
	s := newServer(t, on, func([]string) {})
	ls := many(100_000)
	d := &fakeDesk{orders: rpc.Orders{Serve: serves(5)}}
	d.plan = rpc.Plan{Epoch: "e", Revision: 3, Full: true, Switches: map[string]map[string]hwvtep.Packed{"sw": {ls.Name: hwvtep.Pack(ls)}}}
	lead(t, s, 1, d)
	a, h := newAgent(t, on, 0)
	h.have(t, db, 5)
	began := time.Now()
	p, err := a.Plan(t.Context(), []string{"sw"}, rpc.Since{})
	if err != nil || !p.Full || p.Revision != 3 || p.Switches["sw"][ls.Name] != hwvtep.Pack(ls) {
		t.Fatalf("plan of revision %d: %v", p.Revision, err)
	}
	t.Logf("the plan of 100,000 MACs took %v", time.Since(began))
	began = time.Now()
	r := rpc.Report{Database: db, Logical: map[string]rpc.LogicalReport{ls.Name: {Actual: hwvtep.Pack(ls), Confirmed: true}}}
	if err := a.Report(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	t.Logf("the report took %v", time.Since(began))
	if len(d.reports) != 1 || d.reports[0].Logical[ls.Name].Actual != hwvtep.Pack(ls) || d.senders[0] != (Sender{"h1", a.run, 5}) {
		t.Errorf("%d reports of %v", len(d.reports), d.senders)
	}
}

// Reports tell the difference, and everything to who does not have the rest.
func TestReports(t *testing.T) {
	on := config(t)
	s := newServer(t, on, func([]string) {})
	d := &fakeDesk{orders: rpc.Orders{Serve: serves(5)}}
	stop := lead(t, s, 1, d)
	a, h := newAgent(t, on, time.Minute)
	h.have(t, db, 5)
	named := func(name string, n int) hwvtep.Packed {
		ls := many(n)
		ls.Name = name
		return hwvtep.Pack(ls)
	}
	a1, b1, b2 := named("a", 1), named("b", 1), named("b", 2)
	report := func(logical map[string]rpc.LogicalReport) {
		t.Helper()
		r := rpc.Report{Database: db, Switches: []hwvtep.PhysicalSwitch{{Name: "sw"}}, Logical: logical}
		// One that is under way while the leader changes fails.
		testenv.Eventually(t, soon, "a report", func() error { return a.Report(t.Context(), r) })
		d.mu.Lock()
		defer d.mu.Unlock()
		got := d.reports[len(d.reports)-1]
		if len(got.Logical) != len(logical) || got.Switches[0].Name != "sw" {
			t.Errorf("reported %+v", got)
		}
		for name, l := range logical {
			if now := got.Logical[name]; now != l {
				t.Errorf("%s is reported as %+v", name, now)
			}
		}
	}
	report(map[string]rpc.LogicalReport{"a": {Actual: a1}, "b": {Actual: b2}})
	report(map[string]rpc.LogicalReport{"a": {Actual: a1}, "b": {Actual: b1}})
	report(map[string]rpc.LogicalReport{"b": {Actual: b1, Confirmed: true}})
	stop()
	next := &fakeDesk{orders: rpc.Orders{Serve: serves(5)}}
	d = next
	lead(t, s, 2, next)
	report(map[string]rpc.LogicalReport{"b": {Actual: b1, Confirmed: true}, "c": {}})

	d.change(func() { d.refuse = l2gw.Errorf(l2gw.Stale, "NotAssigned", "it is another's") })
	if err := a.Report(t.Context(), rpc.Report{Database: db}); err == nil {
		t.Error("a report that was refused has arrived")
	}
	d.change(func() { d.refuse = nil })
	report(map[string]rpc.LogicalReport{"b": {Actual: b1, Confirmed: true}})
	if a.switches()[0] != "sw" {
		t.Errorf("switches %v", a.switches())
	}
	if err := a.Report(t.Context(), rpc.Report{Database: "tcp:another"}); err != nil || d.reports[len(d.reports)-1].Database != db {
		t.Errorf("a database that is another's: %v", err)
	}
}

// An agent waits until it hears of a change: by a notice at once.
func TestWait(t *testing.T) {
	on := config(t)
	s := newServer(t, on, func([]string) {})
	d := &fakeDesk{orders: rpc.Orders{Serve: serves(5), Plan: rpc.Since{Epoch: "e", Revision: 3}}}
	lead(t, s, 1, d)
	a, h := newAgent(t, on, 0)
	h.have(t, db, 5)
	waits := func(since rpc.Since, within time.Duration) error {
		ctx, stop := context.WithTimeout(t.Context(), within)
		defer stop()
		return a.Wait(ctx, since)
	}
	for _, c := range []struct {
		since rpc.Since
		moves bool
	}{
		{rpc.Since{}, true},
		{rpc.Since{Epoch: "e", Revision: 2}, true},
		{rpc.Since{Epoch: "e", Revision: 3}, false},
		{rpc.Since{Epoch: "e", Revision: 4}, false},
		{rpc.Since{Epoch: "another", Revision: 9}, true},
	} {
		within := soon
		if !c.moves {
			within = 50 * time.Millisecond
		}
		if err := waits(c.since, within); (err == nil) != c.moves {
			t.Errorf("waiting since %+v ended with %v", c.since, err)
		}
	}
	for i, method := range rpc.Notices() {
		since := rpc.Since{Epoch: "e", Revision: rpc.Revision(3 + i)}
		d.change(func() { d.orders.Plan.Revision = since.Revision + 1 })
		if err := s.Notify(t.Context(), "h1", rpc.Notice{Method: method, NetworkID: "n", Epoch: "e", Revision: since.Revision + 1}); err != nil {
			t.Error(err)
		}
		if err := waits(since, soon); err != nil {
			t.Errorf("%s: %v", method, err)
		}
	}
	d.change(func() { d.orders.Plan = rpc.Since{Epoch: "f", Revision: 1} })
	if err := waits(rpc.Since{Epoch: "e", Revision: 100}, soon); err != nil {
		t.Errorf("another plan: %v", err)
	}
	d.change(func() { d.plan = rpc.Plan{Epoch: "g", Revision: 4} })
	p, err := a.Plan(t.Context(), nil, rpc.Since{})
	if err != nil || waits(rpc.Since{Epoch: p.Epoch, Revision: p.Revision}, 20*time.Millisecond) == nil {
		t.Errorf("it waits not for a change of the plan that it has just got: %v", err)
	}
	d.change(func() { d.refuse = l2gw.Errorf(l2gw.Unavailable, "PlanUnavailable", "not yet") })
	if _, err := a.Plan(t.Context(), nil, rpc.Since{}); err == nil {
		t.Error("a plan that there is not")
	}
}

func TestServersHearOfChanges(t *testing.T) {
	on := config(t)
	told := make(chan []string, 10)
	newServer(t, on, func(ids []string) { told <- ids })
	s := newServer(t, on, func([]string) {})
	if got := <-told; got != nil {
		t.Errorf("with the connection: %v", got)
	}
	for _, want := range [][]string{{"a", "b"}, nil} {
		if err := s.Tell(t.Context(), want); err != nil {
			t.Error(err)
		}
		select {
		case got := <-told:
			if !slices.Equal(got, want) || (got == nil) != (want == nil) {
				t.Errorf("told %v, want %v", got, want)
			}
		case <-time.After(soon):
			t.Error("nothing was heard")
		}
	}
}

func TestTicketsAreBounded(t *testing.T) {
	ls := many(11_000)
	p := rpc.Plan{Epoch: "e", Switches: map[string]map[string]hwvtep.Packed{"sw": {ls.Name: hwvtep.Pack(ls)}}}
	all := newTickets()
	first := all.begin(p)
	if !first.More || first.Ticket == "" {
		t.Fatalf("first part: more %v, ticket %q", first.More, first.Ticket)
	}
	second, ok := all.next(first.Ticket)
	third, also := all.next(first.Ticket)
	if !ok || !also || !second.More || third.More || len(all.open) > 0 {
		t.Errorf("more %v, %v; %d left", second.More, third.More, len(all.open))
	}
	if _, ok := all.next(first.Ticket); ok {
		t.Error("there is a part after the last")
	}
	for range mostTickets + 5 {
		all.begin(p)
	}
	if len(all.open) != mostTickets {
		t.Errorf("%d tickets are open", len(all.open))
	}
	for _, at := range all.open {
		at.used = at.used.Add(-2 * ticketLasts)
	}
	all.begin(p)
	if len(all.open) != 1 {
		t.Errorf("%d tickets are open", len(all.open))
	}
}
