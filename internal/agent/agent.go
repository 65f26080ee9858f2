// Package agent makes hardware_vtep databases hold what the plan says, and
// reports what they really hold.
//
// Each database has a loop of its own (see keeper), which reads levels: the
// plan, the contents, what is due again. Nothing depends on having seen an
// event; an agent that starts from any contents reaches the plan in one pass,
// and writes nothing in the next.
//
// The agent owns the logical switches whose names its Owner gives, with all
// that refers to them. It repairs what others change there, removes what the
// plan lacks, and touches nothing else. Without a plan it touches nothing.
package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"landbridge/internal/hwvtep"
	"landbridge/internal/ovsdb"
	"landbridge/internal/rpc"
)

// Config is what an agent needs.
type Config struct {
	Owner     hwvtep.Owner   // "": hwvtep.DefaultOwner
	Databases []ovsdb.Config // of the switches, each address once
	// Listen is where switches may dial in. Each of them is a database too, of the
	// address that ovsdb.DialledAddress gives it.
	Listen []ovsdb.ListenConfig
	Server rpc.Server
	Logger *slog.Logger
	// Epoch and Name fence the databases (ovsdb.Config): the number of the
	// assignment by which this agent serves them, and whose it is. 0: no fence.
	Epoch uint64
	Name  string
	// May tells before each write whether the agent may still; nil: it always may.
	// The fence keeps out who has stood still since, as soon as another is there.
	May func() bool
	// Assigned leaves each database alone until Assign gives it.
	Assigned bool
	// FullEvery is how often everything is compared although nothing has
	// changed; 0: every 5 minutes.
	FullEvery time.Duration
}

const defaultFullEvery = 5 * time.Minute

// Agent keeps databases equal to the plan while Run runs.
type Agent struct {
	cfg       Config
	listeners []*ovsdb.Listener

	mu      sync.Mutex
	keepers []*keeper
	dialled map[string]*keeper // by the names of switches that have dialled in
}

// New checks the configuration; nothing is connected before Run.
func New(cfg Config) (*Agent, error) {
	if cfg.Owner == "" {
		cfg.Owner = hwvtep.DefaultOwner
	}
	if strings.Contains(string(cfg.Owner), "/") {
		return nil, fmt.Errorf("owner %q: must be a word without a slash", cfg.Owner)
	}
	if cfg.Server == nil {
		return nil, errors.New("agent: no server given")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.May == nil {
		cfg.May = func() bool { return true }
	}
	if cfg.FullEvery <= 0 {
		cfg.FullEvery = defaultFullEvery
	}
	a := &Agent{cfg: cfg, dialled: map[string]*keeper{}}
	seen := map[string]bool{}
	for _, db := range cfg.Databases {
		if seen[db.Address] {
			return nil, fmt.Errorf("database %s is given twice", db.Address)
		}
		seen[db.Address] = true
		k, err := newKeeper(cfg, db)
		if err != nil {
			return nil, err
		}
		a.keepers = append(a.keepers, k)
	}
	for _, listen := range cfg.Listen {
		if listen.Logger == nil {
			listen.Logger = cfg.Logger
		}
		l, err := ovsdb.NewListener(listen)
		if err != nil {
			return nil, err
		}
		a.listeners = append(a.listeners, l)
	}
	return a, nil
}

// Assign gives the agent a database, by the number of the assignment, or takes it
// away: 0. What it does not have it follows, and neither writes to nor reports.
// It gives false where the agent has no such database: it is not in its
// configuration, and has not dialled in.
func (a *Agent) Assign(database string, epoch uint64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, k := range a.keepers {
		if k.address == database {
			k.assign(epoch)
			return true
		}
	}
	return false
}

// Database is one that an agent can serve.
type Database struct {
	Address  string
	Switches []string // as last seen, sorted
	// Error is why it cannot be used now; "" while it can.
	Error string
	// Away says that it cannot be reached or read, whoever has it.
	Away bool
}

// Databases gives the databases that the agent can serve, assigned or not, in
// the order in which it has come to know them.
func (a *Agent) Databases() []Database {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []Database
	for _, k := range a.keepers {
		db := Database{Address: k.address}
		for _, sw := range k.client.PhysicalSwitches() {
			db.Switches = append(db.Switches, sw.Name)
		}
		if err := k.client.Err(); err != nil {
			db.Error, db.Away = err.Error(), !errors.Is(err, ovsdb.ErrFenced)
		}
		out = append(out, db)
	}
	return out
}

// Run keeps the databases until the context ends, which is no error.
func (a *Agent) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, k := range a.keepers {
		group.Go(func() error { return k.run(ctx) })
	}
	for _, l := range a.listeners {
		group.Go(func() error { return l.Run(ctx) })
		group.Go(func() error { return a.answer(ctx, l, group) })
	}
	return group.Wait()
}
