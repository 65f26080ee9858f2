package fleet

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/rpc"
	"landbridge/internal/rpc/bus"
	"landbridge/internal/server/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const soon = 10 * time.Second

// fakeBus has agents that are called by the test.
type fakeBus struct {
	mu    sync.Mutex
	desk  bus.Desk
	down  error
	casts []string
}

func (b *fakeBus) Lead(ctx context.Context, _ uint64, d bus.Desk, connected func()) error {
	b.mu.Lock()
	b.desk = d
	b.mu.Unlock()
	connected()
	<-ctx.Done()
	return nil
}

func (b *fakeBus) Notify(_ context.Context, host string, n rpc.Notice) error {
	return b.cast(fmt.Sprintf("%s %s %s %d", host, n.Method, n.NetworkID, n.Revision))
}

func (b *fakeBus) Assign(_ context.Context, host string) error { return b.cast(host + " assign") }

func (b *fakeBus) cast(what string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.casts = append(b.casts, what)
	return nil
}

func (b *fakeBus) Err() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.down
}

// fakeCore is a server whose plan the test changes.
type fakeCore struct {
	mu      sync.Mutex
	now     rpc.Since
	changed map[string][]rpc.Notice
	turned  chan struct{}
	reports []rpc.Report
}

func (c *fakeCore) Plan(context.Context, []string, rpc.Since) (rpc.Plan, error) {
	return rpc.Plan{Epoch: "e"}, nil
}

func (c *fakeCore) Wait(context.Context, rpc.Since) error { return nil }

func (c *fakeCore) Report(_ context.Context, r rpc.Report) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reports = append(c.reports, r)
	return nil
}

func (c *fakeCore) Latest() rpc.Since {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeCore) Changes(ctx context.Context, since rpc.Since) (map[string][]rpc.Notice, rpc.Since, error) {
	for {
		c.mu.Lock()
		changed, now, turned := c.changed, c.now, c.turned
		c.mu.Unlock()
		if now != since {
			return changed, now, nil
		}
		select {
		case <-ctx.Done():
			return nil, since, ctx.Err()
		case <-turned:
		}
	}
}

// change gives the plan another state.
func (c *fakeCore) change(changed map[string][]rpc.Notice) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed = changed
	c.now.Revision++
	close(c.turned)
	c.turned = make(chan struct{})
}

// last gives the error that was reported last of a database.
func (c *fakeCore) last(db string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range slices.Backward(c.reports) {
		if r.Database == db {
			return r.Error
		}
	}
	return "nothing"
}

// office is a fleet that leads, with a real database.
type office struct {
	t     *testing.T
	db    *store.Store
	bus   *fakeBus
	core  *fakeCore
	fleet *Fleet
	lease l2gw.Lease
	stop  func()
}

func newOffice(t *testing.T) *office {
	t.Helper()
	db, err := store.Open(t.Context(), "sqlite:"+t.TempDir()+"/x.db")
	if err != nil {
		t.Fatal(err)
	}
	o := &office{t: t, db: db, stop: func() {}}
	t.Cleanup(func() {
		o.stop()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	o.lead()
	return o
}

// lead begins another term, by another server.
func (o *office) lead() {
	o.t.Helper()
	o.stop()
	var err error
	if o.lease.Epoch > 0 {
		if err := o.db.EndLease(o.t.Context(), o.lease); err != nil {
			o.t.Fatal(err)
		}
	}
	o.lease, _, err = o.db.TakeLease(o.t.Context(), "plan", fmt.Sprint("server", o.lease.Epoch), time.Hour)
	if err != nil || o.lease.Epoch == 0 {
		o.t.Fatal(o.lease, err)
	}
	o.bus, o.core = &fakeBus{}, &fakeCore{now: rpc.Since{Epoch: "e", Revision: 1}, turned: make(chan struct{})}
	o.fleet = New(Config{Store: o.db, Bus: o.bus, Logger: slog.New(slog.DiscardHandler), Down: time.Second})
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		if err := o.fleet.Lead(ctx, o.lease, o.core); err != nil {
			o.t.Error(err)
		}
	}()
	o.stop = func() { cancel(); <-over }
	testenv.Eventually(o.t, soon, "it leads", func() error {
		if o.desk() == nil {
			return errors.New("no")
		}
		return nil
	})
}

func (o *office) desk() bus.Desk {
	o.bus.mu.Lock()
	defer o.bus.mu.Unlock()
	return o.bus.desk
}

// lives gives signs of life of an agent until the test, or stop, ends.
func (o *office) lives(host, run string, databases ...string) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var over sync.WaitGroup
	over.Go(func() {
		for ctx.Err() == nil {
			_, _ = o.beat(host, run, databases...)
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond):
			}
		}
	})
	stop = func() { cancel(); over.Wait() }
	o.t.Cleanup(stop)
	return stop
}

func (o *office) beat(host, run string, databases ...string) (rpc.Orders, error) {
	return o.desk().Beat(context.Background(), rpc.Beat{Host: host, Run: run, Started: l2gw.Instant(len(run)), Databases: databases})
}

// serves waits until an agent is ordered to serve databases, and gives the
// epochs.
func (o *office) serves(host, run string, offers []string, want ...string) map[string]uint64 {
	o.t.Helper()
	epochs := map[string]uint64{}
	testenv.Eventually(o.t, soon, fmt.Sprintf("%s serves %v", host, want), func() error {
		orders, err := o.beat(host, run, offers...)
		if err != nil {
			return err
		}
		clear(epochs)
		var got []string
		for _, a := range orders.Serve {
			got, epochs[a.Database] = append(got, a.Database), a.Epoch
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			return fmt.Errorf("it serves %v", got)
		}
		if orders.Term != o.lease.Epoch || orders.Plan.Epoch != "e" {
			return fmt.Errorf("orders %+v", orders)
		}
		return nil
	})
	return epochs
}

var both = []string{"db1", "db2"}

// Agents that start together share; what one has served goes to the other when
// it is gone, by a higher epoch.
func TestADatabaseMovesToAnotherAgent(t *testing.T) {
	o := newOffice(t)
	stop := o.lives("h1", "r", both...)
	o.lives("h2", "r", both...)
	first := o.serves("h1", "r", both, "db1")
	second := o.serves("h2", "r", both, "db2")
	if first["db1"] < 1_600_000_000_000 {
		t.Errorf("the epoch %d is not after those of long ago", first["db1"])
	}
	stop()
	began := time.Now()
	now := o.serves("h2", "r", both, "db1", "db2")
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("it took %v", took)
	}
	if now["db1"] <= first["db1"] || now["db2"] != second["db2"] {
		t.Errorf("epochs %v, before %v and %v", now, first, second)
	}
	kept, err := o.db.Assignments(t.Context())
	if err != nil || len(kept) != 2 || kept[0].Host != "h2" || kept[0].Epoch != now["db1"] {
		t.Errorf("the database has %+v, %v", kept, err)
	}
	testenv.Eventually(t, soon, "the agents are kept", func() error {
		agents, err := o.db.Agents().List(t.Context())
		if err != nil || len(agents) != 2 || agents[0].Alive || !agents[1].Alive || !slices.Equal(agents[1].Serves, both) {
			return fmt.Errorf("agents %+v, %w", agents, err)
		}
		return nil
	})
	if s := o.fleet.Stats(); s.Moves != 3 || s.Alive["h1"] || !s.Alive["h2"] || s.Serves["db1"].Host != "h2" || s.Beats == 0 {
		t.Errorf("stats %+v", s)
	}
}

// The next leader goes on from there, and gives everybody the time to be heard.
func TestTheNextLeaderGoesOn(t *testing.T) {
	o := newOffice(t)
	stop := o.lives("h1", "r", "db1")
	before := o.serves("h1", "r", []string{"db1"}, "db1")
	testenv.Eventually(t, soon, "the agent is kept", func() error {
		all, err := o.db.Agents().List(t.Context())
		if err != nil || len(all) != 1 || !all[0].Alive {
			return fmt.Errorf("%+v, %w", all, err)
		}
		return nil
	})
	stop()
	o.lead()
	o.lives("h2", "r", "db1")
	if now := o.serves("h1", "r", []string{"db1"}, "db1"); now["db1"] != before["db1"] {
		t.Errorf("epoch %d, before %d", now["db1"], before["db1"])
	}
	if orders, err := o.beat("h2", "r", "db1"); err != nil || len(orders.Serve) > 0 {
		t.Errorf("the other has %+v, %v", orders, err)
	}
}

// Another run of an agent is another agent to the switches; an older one with its
// name is none.
func TestAnotherRunHasAnotherEpoch(t *testing.T) {
	o := newOffice(t)
	first := o.serves("h1", "r", []string{"db1"}, "db1")
	second := o.serves("h1", "rr", []string{"db1"}, "db1") // started later
	if second["db1"] <= first["db1"] {
		t.Errorf("epochs %v, then %v", first, second)
	}
	if _, err := o.beat("h1", "r", "db1"); l2gw.CodeOf(err) != l2gw.Conflict || !strings.Contains(err.Error(), `"h1"`) {
		t.Errorf("the former: %v", err)
	}
	for _, b := range []rpc.Beat{{Run: "r"}, {Host: "h"}, {Host: "h", Run: "r", Databases: make([]string, mostDatabases+1)}} {
		if _, err := o.desk().Beat(t.Context(), b); l2gw.CodeOf(err) != l2gw.Invalid {
			t.Errorf("a bad one: %v", err)
		}
	}
}

func TestReportsAreOfWhoServes(t *testing.T) {
	o := newOffice(t)
	o.lives("h1", "r", "db1")
	epoch := o.serves("h1", "r", []string{"db1"}, "db1")["db1"]
	r := rpc.Report{Database: "db1", Switches: []hwvtep.PhysicalSwitch{{Name: "sw"}}}
	for _, from := range []bus.Sender{
		{Host: "h2", Run: "r", Epoch: epoch}, {Host: "h1", Run: "x", Epoch: epoch}, {Host: "h1", Run: "r", Epoch: epoch - 1},
	} {
		if err := o.desk().Report(t.Context(), from, r); l2gw.CodeOf(err) != l2gw.Stale {
			t.Errorf("the report of %+v: %v", from, err)
		}
	}
	if err := o.desk().Report(t.Context(), bus.Sender{Host: "h1", Run: "r", Epoch: epoch}, r); err != nil || len(o.core.reports) != 1 {
		t.Errorf("reports %+v, %v", o.core.reports, err)
	}
	if p, err := o.desk().Plan(t.Context(), []string{"sw"}, rpc.Since{}); err != nil || p.Epoch != "e" {
		t.Errorf("plan %+v, %v", p, err)
	}
}

// An agent that lives and does not reach its database gives it up to one that
// does, and not to one that does not either.
func TestADatabaseGoesToWhoReachesIt(t *testing.T) {
	o := newOffice(t)
	beat := func(host string, away ...string) map[string]uint64 {
		t.Helper()
		orders, err := o.desk().Beat(t.Context(), rpc.Beat{Host: host, Run: "r", Started: 1, Databases: []string{"db1"}, Away: away})
		if err != nil {
			t.Fatal(err)
		}
		epochs := map[string]uint64{}
		for _, a := range orders.Serve {
			epochs[a.Database] = a.Epoch
		}
		return epochs
	}
	var epoch uint64
	testenv.Eventually(t, soon, "h1 serves it", func() error {
		if epoch = beat("h1")["db1"]; epoch == 0 {
			return errors.New("no")
		}
		return nil
	})
	r := rpc.Report{Database: "db1", Error: "connection refused"}
	if err := o.desk().Report(t.Context(), bus.Sender{Host: "h1", Run: "r", Epoch: epoch}, r); err != nil {
		t.Fatal(err)
	}
	if got := o.core.last("db1"); got != "connection refused (agent h1)" {
		t.Errorf("told %q", got)
	}
	began, reaches := time.Now(), false
	testenv.Eventually(t, 2*soon, "h2 serves it", func() error {
		beat("h1", "db1")
		if time.Since(began) > lostAfter+time.Second {
			reaches = true
		}
		if !reaches {
			if beat("h2", "db1")["db1"] > 0 {
				t.Error("it has gone to one that does not reach it either")
			}
			return errors.New("nobody reaches it")
		}
		if now := beat("h2")["db1"]; now <= epoch {
			return fmt.Errorf("epoch %d", now)
		}
		return nil
	})
	if s := o.fleet.Stats(); s.Away["h1"] != 1 || s.Away["h2"] != 0 {
		t.Errorf("stats %+v", s)
	}
}

// What nobody looks after is told as such, until somebody does.
func TestDatabasesThatNobodyServes(t *testing.T) {
	o := newOffice(t)
	stop := o.lives("h1", "r", both...)
	o.serves("h1", "r", both, both...)
	told := func(db, want string) {
		t.Helper()
		testenv.Eventually(t, soon, "what is told of "+db, func() error {
			if got := o.core.last(db); !strings.HasPrefix(got, want) {
				return fmt.Errorf("%q", got)
			}
			return nil
		})
	}
	stop()
	told("db1", "agent h1 has not been heard of since 20")
	o.lives("h1", "r", "db1") // without db2
	o.serves("h1", "r", []string{"db1"}, "db1")
	told("db2", "no agent that is there has it among its switches")
	o.lives("h2", "r", "db2")
	o.serves("h2", "r", []string{"db2"}, "db2")
}

// Agents are told of what concerns their switches.
func TestAgentsAreTold(t *testing.T) {
	o := newOffice(t)
	o.lives("h1", "r", both...)
	o.lives("h2", "r", both...)
	epoch := o.serves("h1", "r", both, "db1")["db1"]
	r := rpc.Report{Database: "db1", Switches: []hwvtep.PhysicalSwitch{{Name: "sw"}}}
	if err := o.desk().Report(t.Context(), bus.Sender{Host: "h1", Run: "r", Epoch: epoch}, r); err != nil {
		t.Fatal(err)
	}
	told := func(want ...string) {
		t.Helper()
		testenv.Eventually(t, soon, "what is told", func() error {
			o.bus.mu.Lock()
			defer o.bus.mu.Unlock()
			got := slices.Sorted(slices.Values(o.bus.casts))
			if !slices.Equal(got, want) {
				return fmt.Errorf("%q, want %q", got, want)
			}
			o.bus.casts = nil
			return nil
		})
	}
	told("h1 assign", "h2 assign")
	notice := func(n int) rpc.Notice {
		return rpc.Notice{Method: rpc.CreateRemoteMAC, NetworkID: fmt.Sprint("n", n), Revision: 2}
	}
	o.core.change(map[string][]rpc.Notice{"sw": {notice(1), notice(2)}, "nobody's": {notice(3)}})
	told("h1 create_remote_mac n1 2", "h1 create_remote_mac n2 2")
	o.core.change(map[string][]rpc.Notice{"sw": make([]rpc.Notice, mostNotices+1)})
	told("h1 port_changed  3")
	o.core.change(nil)
	told("h1 port_changed  4", "h2 port_changed  4")
	o.bus.mu.Lock()
	o.bus.down = errors.New("no RabbitMQ")
	o.bus.mu.Unlock()
	o.desk().(*term).cast(t.Context(), func(context.Context) error {
		t.Error("a cast without RabbitMQ")
		return nil
	})
}

// A leader that another has replaced decides nothing.
func TestAFormerLeaderDecidesNothing(t *testing.T) {
	o := newOffice(t)
	if err := o.db.EndLease(t.Context(), o.lease); err != nil {
		t.Fatal(err)
	}
	if _, _, err := o.db.TakeLease(t.Context(), "plan", "another", time.Hour); err != nil {
		t.Fatal(err)
	}
	desk := o.desk().(*term)
	if _, err := o.beat("h1", "r", "db1"); err != nil {
		t.Fatal(err)
	}
	desk.mu.Lock()
	desk.offered["db1"] = time.Now().Add(-time.Hour)
	desk.mu.Unlock()
	if err := desk.settle(t.Context()); l2gw.CodeOf(err) != l2gw.Stale {
		t.Errorf("it decides: %v", err)
	}
	if orders, err := o.beat("h1", "r", "db1"); err != nil || len(orders.Serve) > 0 {
		t.Errorf("orders %+v, %v", orders, err)
	}
}
