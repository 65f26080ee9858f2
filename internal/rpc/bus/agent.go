package bus

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"landbridge/internal/l2gw"
	"landbridge/internal/oslomsg"
	"landbridge/internal/rpc"
)

// AgentConfig is what an Agent needs.
type AgentConfig struct {
	Bus     oslomsg.Config // how to reach RabbitMQ
	Host    string         // no other agent has the same
	Version string
	// Databases gives those that it can serve, and those of them that it cannot
	// reach now.
	Databases func() (all, away []string)
	// Lapse is how long an agent that hears nothing of the leader goes on; 0:
	// DefaultLapse. The servers need the same.
	Lapse time.Duration
	// Assign gives the agent a database by the epoch of its assignment, and takes
	// it away: 0.
	Assign func(database string, epoch uint64)
	Logger *slog.Logger
}

// DefaultLapse is how long an agent and the servers may not hear of each other
// before another agent serves its databases.
const DefaultLapse = 2 * time.Second

const (
	// beatEvery is the time between two signs of life, beatWithin how long the
	// answer to one may take.
	beatEvery  = 500 * time.Millisecond
	beatWithin = time.Second
	// callWithin is how long any other call may take.
	callWithin = 10 * time.Second
)

// Agent is an agent's end. For the agent it is the server: Plan, Wait and Report
// reach the leader. It says that the agent lives, and assigns to it what the
// leader tells.
type Agent struct {
	cfg     AgentConfig
	log     *slog.Logger
	run     string
	started time.Time
	calls   *oslomsg.Client
	hears   *oslomsg.Server
	hurry   chan struct{} // a sign of life is wanted now

	mu      sync.Mutex
	term    uint64
	era     context.Context // ends when another server leads
	endEra  context.CancelFunc
	plan    rpc.Since     // the state of the plan, as far as known
	moved   chan struct{} // closed when plan changes
	serves  map[string]uint64
	until   time.Time // that serves holds
	senders map[string]*sender
	seen    map[string][]string // switches by database
	problem string              // why the leader is not heard of
}

var _ rpc.Server = (*Agent)(nil)

// NewAgent makes an agent's end; it connects when Run is called.
func NewAgent(cfg AgentConfig) (*Agent, error) {
	cfg.Lapse = cmp.Or(cfg.Lapse, DefaultLapse)
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	a := &Agent{
		cfg: cfg, log: cfg.Logger, run: rand.Text(), started: time.Now(), hurry: make(chan struct{}, 1), moved: make(chan struct{}),
		serves: map[string]uint64{}, senders: map[string]*sender{}, seen: map[string][]string{},
	}
	a.era, a.endEra = context.WithCancel(context.Background())
	on := cfg.Bus
	on.Exchange, on.Logger, on.Name = exchange, cfg.Logger, "landbridge-agent "+cfg.Host
	on.Connected = func() { wake(a.hurry) }
	var err error
	if a.calls, err = oslomsg.New(on); err != nil {
		return nil, err
	}
	a.hears, err = oslomsg.NewServer(on, oslomsg.Service{
		Topics:   []oslomsg.Topic{{Name: agentTopic, Host: cfg.Host, Fanout: true, Limit: mostWaiting}},
		Handlers: a.handlers(),
	})
	return a, err
}

// mostWaiting bounds what waits in RabbitMQ for one who is not there.
const mostWaiting = 1000

// Run says that the agent lives until the context ends, which is no error.
// Before it ends, the agent serves nothing any more.
func (a *Agent) Run(ctx context.Context) error {
	g, working := errgroup.WithContext(ctx)
	g.Go(func() error { return a.calls.Run(working) })
	g.Go(func() error { return a.hears.Run(working) })
	g.Go(func() error { a.beat(working); return nil })
	err := g.Wait()
	a.drop()
	return err
}

// beat gives signs of life.
func (a *Agent) beat(ctx context.Context) {
	for ctx.Err() == nil {
		asked := time.Now()
		orders, err := a.beatOnce(ctx)
		if err == nil {
			err = a.take(orders, asked)
		}
		if err != nil && ctx.Err() == nil {
			a.lose(err)
		}
		timer := time.NewTimer(time.Until(asked.Add(beatEvery)))
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-a.hurry:
		}
		timer.Stop()
	}
}

// beatOnce waits for the answer no longer than the orders hold that there are.
func (a *Agent) beatOnce(ctx context.Context) (o rpc.Orders, err error) {
	a.mu.Lock()
	left := time.Until(a.until)
	b := rpc.Beat{
		Host: a.cfg.Host, Run: a.run, Version: a.cfg.Version, Started: l2gw.Instant(a.started.UnixMicro()),
		Switches: a.switches(),
	}
	a.mu.Unlock()
	b.Databases, b.Away = a.cfg.Databases()
	if left <= 0 || left > beatWithin {
		left = beatWithin
	}
	err = a.call(ctx, left, methodBeat, b, &o)
	return o, err
}

// take takes over what the leader has ordered at a time not before asked.
func (a *Agent) take(o rpc.Orders, asked time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.follow(o.Term) {
		return fmt.Errorf("a former leader answers, of term %d after %d", o.Term, a.term)
	}
	if a.problem != "" {
		a.problem = ""
		a.log.Info("the leader of the servers is heard of again", "term", o.Term)
	}
	a.until = asked.Add(a.cfg.Lapse)
	a.learn(o.Plan)
	wanted := map[string]uint64{}
	for _, s := range o.Serve {
		wanted[s.Database] = s.Epoch
	}
	a.assign(wanted)
	return nil
}

// follow takes note of a leader, and gives false for a former one. a.mu is held.
func (a *Agent) follow(term uint64) bool {
	if term > a.term {
		a.term = term
		a.endEra()
		a.era, a.endEra = context.WithCancel(context.Background())
	}
	return term == a.term
}

// learn takes note of the state of the plan; a.mu is held.
func (a *Agent) learn(now rpc.Since) {
	if a.plan != now {
		a.plan = now
		close(a.moved)
		a.moved = make(chan struct{})
	}
}

// assign brings the assignments about that are wanted; a.mu is held. One of
// another epoch is another one: the database is told anew.
func (a *Agent) assign(wanted map[string]uint64) {
	for db, epoch := range a.serves {
		if wanted[db] != epoch {
			a.log.Info("the agent serves a database no more", "database", db, "epoch", epoch)
			a.cfg.Assign(db, 0)
			delete(a.serves, db)
		}
	}
	for db, epoch := range wanted {
		if a.serves[db] != epoch {
			a.log.Info("the agent serves a database", "database", db, "epoch", epoch)
			a.serves[db] = epoch
			delete(a.senders, db)
			a.cfg.Assign(db, epoch)
		}
	}
}

// lose is a sign of life without an answer. When the time is over for which the
// last orders hold, others may serve what the agent does.
func (a *Agent) lose(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.problem == "" {
		a.log.Warn("the leader of the servers is not heard of", "error", err)
	}
	a.problem = err.Error()
	if len(a.serves) > 0 && !time.Now().Before(a.until) {
		a.log.Error("the leader has not been heard of for too long; the switches stay as they are", "for", a.cfg.Lapse, "error", err)
		a.assign(nil)
	}
}

func (a *Agent) drop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.assign(nil)
}

// call asks the leader, and stops when another leads.
func (a *Agent) call(ctx context.Context, within time.Duration, method string, args, result any) error {
	ctx, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("no answer within %v", within))
	defer cancel()
	a.mu.Lock()
	era := a.era
	a.mu.Unlock()
	defer context.AfterFunc(era, cancel)()
	return a.calls.Call(ctx, message(serverTopic, leader, method, args), result)
}

func wake(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
