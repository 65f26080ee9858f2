package fleet

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
	"landbridge/internal/rpc"
	"landbridge/internal/rpc/bus"
)

// term is what is known of the agents while one lease is held.
type term struct {
	*Fleet
	lease l2gw.Lease
	core  Core
	wake  chan struct{}

	mu       sync.Mutex
	members  map[string]*member // by host
	assigned map[string]l2gw.Assignment
	offered  map[string]time.Time // since when, by database
	devices  map[string]string    // databases by the names of their switches
	// absent has, by database, what the server was told in place of a report.
	absent map[string]string
	// begun is since when agents could be heard.
	begun time.Time
}

// member is one agent.
type member struct {
	l2gw.Agent
	heard, since time.Time // last, and since when it has been there
	saved        time.Time // as it is now
	reached      reached
}

var _ bus.Desk = (*term)(nil)

// begin takes over what the leader before has left.
func (f *Fleet) begin(ctx context.Context, lease l2gw.Lease, core Core) (*term, error) {
	t := &term{
		Fleet: f, lease: lease, core: core, wake: make(chan struct{}, 1), members: map[string]*member{},
		assigned: map[string]l2gw.Assignment{}, offered: map[string]time.Time{}, devices: map[string]string{},
		absent: map[string]string{}, begun: time.Now(),
	}
	agents, err := f.cfg.Store.Agents().List(ctx)
	if err != nil {
		return nil, fmt.Errorf("take over the agents: %w", err)
	}
	for _, a := range agents {
		t.members[a.Host] = &member{Agent: a, since: t.begun, saved: t.begun, reached: reached{}}
	}
	assignments, err := f.cfg.Store.Assignments(ctx)
	if err != nil {
		return nil, fmt.Errorf("take over the assignments: %w", err)
	}
	for _, a := range assignments {
		t.assigned[a.Database] = a
	}
	return t, nil
}

// unheard says that nobody could be heard until now: nobody is gone because of
// that.
func (t *term) unheard() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.begun = time.Now()
}

// mostDatabases bounds what one agent may offer.
const mostDatabases = 10000

// Beat implements bus.Desk.
func (t *term) Beat(_ context.Context, b rpc.Beat) (rpc.Orders, error) {
	t.beats.Add(1)
	t.mu.Lock()
	defer t.mu.Unlock()
	if b.Host == "" || b.Run == "" || len(b.Databases) > mostDatabases {
		return rpc.Orders{}, l2gw.Errorf(l2gw.Invalid, "InvalidAgent",
			"An agent needs a host, a run and at most %d databases; it has host %q, run %q and %d databases.", mostDatabases, b.Host, b.Run, len(b.Databases))
	}
	m := t.members[b.Host]
	if m == nil {
		m = &member{}
		t.members[b.Host] = m
	}
	if m.Run != b.Run {
		if m.Alive && b.Started < m.Started {
			return rpc.Orders{}, l2gw.Errorf(l2gw.Conflict, "AgentHostInUse",
				"Another agent with the host %q has started after this one: give each its own host.", b.Host)
		}
		m.saved, m.since, m.reached = time.Time{}, time.Now(), reached{}
		wake(t.wake)
	}
	if !m.Alive || !slices.Equal(m.Databases, b.Databases) {
		wake(t.wake)
	}
	m.heard = time.Now()
	m.reached.take(b.Away, m.heard)
	m.Host, m.Run, m.Version, m.Started = b.Host, b.Run, b.Version, b.Started
	m.Databases, m.Switches, m.Heartbeat = b.Databases, b.Switches, l2gw.Instant(m.heard.UnixMicro())
	return t.orders(b), nil
}

// orders gives what an agent is to serve; t.mu is held.
func (t *term) orders(b rpc.Beat) rpc.Orders {
	o := rpc.Orders{Term: t.lease.Epoch, Serve: []rpc.Assignment{}, Plan: t.core.Latest()}
	for _, db := range b.Databases {
		if a := t.assigned[db]; a.Host == b.Host && a.Run == b.Run {
			o.Serve = append(o.Serve, rpc.Assignment{Database: db, Epoch: a.Epoch})
		}
	}
	return o
}

// Plan implements bus.Desk.
func (t *term) Plan(ctx context.Context, switches []string, since rpc.Since) (rpc.Plan, error) {
	t.plans.Add(1)
	return t.core.Plan(ctx, switches, since)
}

// Report implements bus.Desk.
func (t *term) Report(ctx context.Context, from bus.Sender, r rpc.Report) error {
	t.reports.Add(1)
	t.mu.Lock()
	defer t.mu.Unlock()
	if a := t.assigned[r.Database]; a.Host != from.Host || a.Run != from.Run || a.Epoch != from.Epoch {
		return l2gw.Errorf(l2gw.Stale, "NotAssigned", "Database %s is not served by agent %q with epoch %d, but by %q with epoch %d.",
			r.Database, from.Host, from.Epoch, a.Host, a.Epoch)
	}
	for _, sw := range r.Switches {
		t.devices[sw.Name] = r.Database
	}
	delete(t.absent, r.Database)
	if r.Error != "" {
		r.Error = fmt.Sprintf("%s (agent %s)", r.Error, from.Host)
	}
	return t.core.Report(ctx, r)
}

// show adds what is known in this term.
func (t *term) show(s *Stats) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s.Alive, s.Away = map[string]bool{}, map[string]int{}
	for host, m := range t.members {
		if s.Alive[host] = m.Alive; m.Alive {
			s.Away[host] = m.reached.away()
		}
	}
	s.Serves = maps.Clone(t.assigned)
}

// isAlive tells whether an agent has been heard of lately. Who was alive for the
// leader before is given the time to be heard.
func (t *term) isAlive(m *member, now time.Time) bool {
	last := m.heard
	if m.Alive && t.begun.After(last) {
		last = t.begun
	}
	return now.Sub(last) <= t.cfg.Down
}

// candidates gives the agents that live.
func (t *term) candidates(now time.Time) (all []candidate) {
	for _, m := range t.members {
		if m.Alive {
			all = append(all, candidate{
				host: m.Host, run: m.Run, offers: hwvtep.SetOf(m.Databases...), steady: now.Sub(m.since) > steadyAfter,
				reach: m.reached.grades(now),
			})
		}
	}
	return all
}

func wake(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
