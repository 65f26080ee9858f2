package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/rpc"
)

// fakePeers are peers that hear each other, unless they are deaf.
type fakePeers struct {
	name   string
	mu     sync.Mutex
	others []*Server
	deaf   bool
	told   [][]string
	terms  []uint64
}

func (p *fakePeers) Holder() string { return p.name }

func (p *fakePeers) Tell(_ context.Context, networks []string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = append(p.told, networks)
	if p.deaf {
		return errors.New("nobody hears it")
	}
	for _, s := range p.others {
		s.NetworksChanged(networks)
	}
	return nil
}

func (p *fakePeers) Lead(ctx context.Context, lease l2gw.Lease) error {
	p.mu.Lock()
	p.terms = append(p.terms, lease.Epoch)
	p.mu.Unlock()
	<-ctx.Done()
	return ctx.Err()
}

// team makes servers on one database, which do not run yet.
func team(t *testing.T, dsn string, n int) (all []*world, peers []*fakePeers) {
	t.Helper()
	for i := range n {
		w := openWorld(t, dsn)
		p := &fakePeers{name: fmt.Sprint("server ", i)}
		w.server = New(Config{Store: w.store, Cloud: w.cloud, Logger: slog.New(slog.DiscardHandler), Peers: p})
		all, peers = append(all, w), append(peers, p)
	}
	for i, p := range peers {
		for j, w := range all {
			if i != j {
				p.others = append(p.others, w.server)
			}
		}
	}
	return all, peers
}

// leads waits until a server leads, and has planned.
func (w *world) leads() {
	w.t.Helper()
	testenv.Eventually(w.t, soon, "it leads", func() error {
		if s := w.server.State(); !s.Leads || !s.Planned || s.Term == 0 {
			return fmt.Errorf("state %+v", s)
		}
		return nil
	})
}

// plans waits until a server has a number of logical switches for a device.
func (w *world) plans(device string, want int) {
	w.t.Helper()
	testenv.Eventually(w.t, soon, "the plan", func() error {
		p, err := w.server.Plan(w.t.Context(), []string{device}, rpc.Since{})
		if err == nil && len(p.Switches[device]) != want {
			err = fmt.Errorf("it has %d logical switches, want %d", len(p.Switches[device]), want)
		}
		return err
	})
}

// eachDatabase runs a test on every kind of database.
func eachDatabase(t *testing.T, test func(t *testing.T, dsn string)) {
	for name, dsn := range map[string]func(t *testing.T) string{
		"sqlite":     func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "server.db") },
		"postgresql": func(t *testing.T) string { return testenv.StartPostgres(t).NewDatabase(t).URL() },
		"mariadb":    func(t *testing.T) string { return testenv.StartMariaDB(t).NewDatabase(t).URL() },
	} {
		t.Run(name, func(t *testing.T) { test(t, dsn(t)) })
	}
}

// One of several servers plans; what another is asked, it is told.
func TestOneOfSeveralPlans(t *testing.T) {
	eachDatabase(t, func(t *testing.T, dsn string) {
		all, peers := team(t, dsn, 2)
		a, b := all[0], all[1]
		a.run().leads()
		b.run()
		b.connect(blue, "sw")
		a.plans("sw", 1)
		if s := b.server.State(); s.Leads || s.Planned || s.Term != 0 {
			t.Errorf("the other has the state %+v", s)
		}
		if _, err := b.server.Plan(t.Context(), []string{"sw"}, rpc.Since{}); l2gw.CodeOf(err) != l2gw.Unavailable {
			t.Errorf("the other plans: %v", err)
		}
		if told := peers[1].told; len(told) != 1 || !slices.Equal(told[0], []string{blue}) {
			t.Errorf("told %v", told)
		}
		if len(peers[1].terms) > 0 {
			t.Errorf("the other leads in %v", peers[1].terms)
		}
		began := time.Now()
		a.stop()
		b.leads()
		b.plans("sw", 1)
		if took := time.Since(began); took > leaseLasts {
			t.Errorf("taking over from a server that ended in good order took %v", took)
		}
		if s := b.server.State(); s.Term <= peers[0].terms[0] || s.Terms != 1 {
			t.Errorf("state %+v", s)
		}
	})
}

// A leader that cannot hold its lease stops, another goes on, and what the
// former does then does not count.
func TestALeaderThatIsCutOff(t *testing.T) {
	eachDatabase(t, func(t *testing.T, dsn string) {
		all, _ := team(t, dsn, 2)
		a, b := all[0], all[1]
		a.run().leads()
		b.run()
		former := a.server.term.Load().lease
		c := a.connect(blue, "sw")
		a.plans("sw", 1)
		began := time.Now()
		a.store.keeps(errors.New("cut off"))
		b.leads()
		b.plans("sw", 1)
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("taking over took %v", took)
		}
		testenv.Eventually(t, soon, "the former leads no more", func() error {
			if a.server.State().Leads {
				return errors.New("it leads")
			}
			return nil
		})
		_, err := a.store.SetStatus(t.Context(), map[string]l2gw.Status{c.conn.ID: {State: l2gw.Active, Reason: "late"}}, former)
		if l2gw.CodeOf(err) != l2gw.Stale {
			t.Errorf("the former writes: %v", err)
		}
		a.store.keeps(nil)
		a.connect(red, "sw")
		b.plans("sw", 2)
		b.stop()
		a.leads()
		a.plans("sw", 2)
		if s := a.server.State(); s.Term <= former.Epoch || s.Terms != 2 {
			t.Errorf("state %+v", s)
		}
	})
}

// The leader has just seen all confirmed that was asked for when another server
// answers a change: what it says of that is not of the change.
func TestAStatusIsOfTheLatestChange(t *testing.T) {
	eachDatabase(t, func(t *testing.T, dsn string) {
		all, peers := team(t, dsn, 2)
		a, b := all[0], all[1]
		peers[1].deaf = true // words are late
		var s stretched
		var once sync.Once
		changed := make(chan l2gw.State, 1)
		a.store.meanwhile = func(statuses map[string]l2gw.Status) {
			if statuses[s.rc.ID].State != l2gw.Active {
				return
			}
			once.Do(func() {
				if _, err := b.server.RemoteMACs().Create(t.Context(), l2gw.RemoteMAC{MAC: l2gw.MAC{2, 0, 0, 0, 0, 9}, RemoteConnectionID: s.rc.ID}); err != nil {
					t.Error(err)
				}
				go func() { changed <- b.watch(s.rc.ID) }()
			})
		}
		s = a.stretch(blue, "sw", "203.0.113.2", 456)
		a.run().leads()
		b.run()
		a.report(aReport("sw", a.planned(blue, "the remote locator", floods("203.0.113.2", 456))))
		if got := <-changed; got == l2gw.Active {
			t.Error("the change is shown ACTIVE before the switch has it")
		}
		ls := a.planned(blue, "the remote MAC, of which nobody has told", func(ls *hwvtep.LogicalSwitch) bool {
			return ls != nil && ls.Ucast.Len() == 2
		})
		a.report(aReport("sw", ls))
		b.shows(s, "ACTIVE", "ACTIVE")
	})
}

// watch gives what a remote connection shows: ACTIVE if it ever does within some
// time, the last otherwise.
func (w *world) watch(id string) (state l2gw.State) {
	for began := time.Now(); time.Since(began) < leaseEvery && state != l2gw.Active; {
		c, err := w.server.RemoteConnections().Get(w.t.Context(), id)
		if err != nil {
			w.t.Error(err)
			return state
		}
		state = c.Status.State
	}
	return state
}

// What nobody has told the leader it finds by itself.
func TestALostWordIsFound(t *testing.T) {
	all, peers := team(t, "sqlite:"+filepath.Join(t.TempDir(), "server.db"), 2)
	a, b := all[0], all[1]
	a.server.cfg.Resync = 300 * time.Millisecond
	peers[1].deaf = true
	a.run().leads()
	b.run().connect(blue, "sw")
	a.plans("sw", 1)
}

// A server that stands still does nothing when it goes on, even before it has
// asked the database.
func TestALeaderThatStoodStill(t *testing.T) {
	all, _ := team(t, "sqlite:"+filepath.Join(t.TempDir(), "server.db"), 1)
	s := all[0].server
	late := &term{lease: l2gw.Lease{Name: planning, Holder: "x", Epoch: 1}}
	late.until.Store(clock() - 1)
	s.term.Store(late)
	if s.Leads() || s.May() == nil {
		t.Error("it leads")
	}
	if under := s.Lease(); len(under) != 1 || under[0] != late.lease {
		t.Errorf("its lease is %v", under) // the database judges what is written
	}
	s.NetworksChanged([]string{blue})
	if _, waiting := s.queue.take(); waiting {
		t.Error("it takes work")
	}
	late.until.Store(clock() + int64(time.Hour))
	if !s.Leads() || s.May() != nil {
		t.Error("it does not lead")
	}
}
