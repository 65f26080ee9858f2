package server

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
	"landbridge/internal/rpc"
	"landbridge/internal/server/cloud"
)

// Config is what a Server is made of.
type Config struct {
	Store  Store
	Cloud  cloud.Cloud
	Owner  hwvtep.Owner // "": hwvtep.DefaultOwner
	Logger *slog.Logger // nil: slog.Default()
	// Resync is the time between two full passes, which mend what nobody told
	// the server, and by which several servers on one database come together.
	// 0: DefaultResync.
	Resync time.Duration
	// Peers are other servers on the same database, of which one plans at a time.
	// nil: there are none, this one plans.
	Peers Peers
	// Notices says that changes of the plan are named, for Changes.
	Notices bool
}

// DefaultResync is the time between full passes where none is configured.
const DefaultResync = 30 * time.Second

// Server plans the networks, tells agents the plan, and writes down what they
// report. For the API it is the collections of package l2gw. All its methods
// may be called from several goroutines, also before Run and after it.
type Server struct {
	cfg     Config
	queue   *queue
	reports *reports
	tally   tally
	term    atomic.Pointer[term] // nil: another server plans
	*book                        // Plan and Wait
}

var (
	_ rpc.Server       = (*Server)(nil)
	_ l2gw.Collections = (*Server)(nil)
)

// New makes a server. It plans nothing before Run.
func New(cfg Config) *Server {
	if cfg.Owner == "" {
		cfg.Owner = hwvtep.DefaultOwner
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Resync == 0 {
		cfg.Resync = DefaultResync
	}
	s := &Server{cfg: cfg, queue: newQueue(), reports: newReports(cfg.Owner), book: newBook()}
	s.notices = cfg.Notices
	return s
}

// Run works until ctx ends, and returns its error then. Faults of the store or
// the cloud are retried. Where there are peers, it plans only while it is the
// leader, and may begin several times with Cloud.Watch.
func (s *Server) Run(ctx context.Context) error {
	if s.cfg.Peers != nil {
		return s.takeTurns(ctx)
	}
	s.term.Store(&term{})
	g, ctx := errgroup.WithContext(ctx)
	s.plan(ctx, g)
	return g.Wait()
}

// plan does the server's own work.
func (s *Server) plan(ctx context.Context, g *errgroup.Group, under ...l2gw.Lease) {
	g.Go(func() error { return s.cfg.Cloud.Watch(ctx, s.queue.planNetworks) })
	g.Go(func() error { return newLoop(s, under...).run(ctx) })
}

// Report implements rpc.Server. The server keeps what the report points to; the
// agent must not change it afterwards.
func (s *Server) Report(_ context.Context, r rpc.Report) error {
	s.queue.put(func(w *work) { s.reports.take(r, w) })
	return nil
}
