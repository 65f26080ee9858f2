// Package fleet looks after the agents, at the server that leads: who lives,
// which of them serves which database, and what they are told. What has been
// decided is in the database before an agent hears of it; the leader after this
// one goes on from there.
package fleet

import (
	"cmp"
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"landbridge/internal/l2gw"
	"landbridge/internal/rpc"
	"landbridge/internal/rpc/bus"
)

// Store is what the fleet needs of the database.
type Store interface {
	Agents() l2gw.Agents
	SaveAgents(ctx context.Context, agents []l2gw.Agent, under l2gw.Lease) error
	Assignments(ctx context.Context) ([]l2gw.Assignment, error)
	SaveAssignments(ctx context.Context, assignments []l2gw.Assignment, under l2gw.Lease) error
}

// Core is the server that plans.
type Core interface {
	rpc.Server
	// Latest gives the state of the plan.
	Latest() rpc.Since
	// Changes waits until the plan has left a state, and gives what has changed
	// since by switch; nil where that is not known.
	Changes(ctx context.Context, since rpc.Since) (changed map[string][]rpc.Notice, now rpc.Since, err error)
}

// Bus reaches the agents.
type Bus interface {
	Lead(ctx context.Context, term uint64, d bus.Desk, connected func()) error
	Notify(ctx context.Context, host string, n rpc.Notice) error
	Assign(ctx context.Context, host string) error
	Err() error
}

// Config is what a Fleet needs.
type Config struct {
	Store  Store
	Bus    Bus
	Logger *slog.Logger
	// Down is after how much silence an agent is taken for gone; 0:
	// bus.DefaultLapse. Agents need the same.
	Down time.Duration
}

const (
	// lookEvery is the time between two looks at who lives.
	lookEvery = 200 * time.Millisecond
	// saveEvery is how often heartbeats are written down that say nothing new.
	saveEvery = 2 * time.Second
	// gather is how long a database that never had an agent waits, so that agents
	// that start together share.
	gather = time.Second
	// steadyAfter is how long an agent has to be there to get what others serve.
	steadyAfter = 10 * time.Second
)

// Fleet is the agents of a cloud.
type Fleet struct {
	cfg Config
	log *slog.Logger
	now atomic.Pointer[term] // nil: this server does not lead

	beats, plans, reports, casts, moves atomic.Uint64
}

// New makes a fleet.
func New(cfg Config) *Fleet {
	cfg.Down = cmp.Or(cfg.Down, bus.DefaultLapse)
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Fleet{cfg: cfg, log: cfg.Logger}
}

// Lead looks after the agents for as long as a lease is held, until ctx ends.
func (f *Fleet) Lead(ctx context.Context, lease l2gw.Lease, core Core) error {
	t, err := f.begin(ctx, lease, core)
	if err != nil {
		return err
	}
	f.now.Store(t)
	defer f.now.CompareAndSwap(t, nil)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return f.cfg.Bus.Lead(ctx, lease.Epoch, t, t.unheard) })
	g.Go(func() error { return t.look(ctx) })
	g.Go(func() error { return t.tell(ctx) })
	return g.Wait()
}

// Stats is what there is to say of the fleet.
type Stats struct {
	// Alive has the agents by host, and whether they are; nil where this server
	// does not lead.
	Alive map[string]bool
	// Away has, by host, how many databases an agent that lives cannot reach.
	Away map[string]int
	// Serves has the assignments by database.
	Serves map[string]l2gw.Assignment
	// Moves is how often a database got another agent, the rest what agents have
	// asked for and were told, all since the start of the server.
	Moves, Beats, Plans, Reports, Casts uint64
}

// Stats gives what there is to say.
func (f *Fleet) Stats() Stats {
	s := Stats{
		Moves: f.moves.Load(), Beats: f.beats.Load(), Plans: f.plans.Load(), Reports: f.reports.Load(), Casts: f.casts.Load(),
	}
	if t := f.now.Load(); t != nil {
		t.show(&s)
	}
	return s
}
