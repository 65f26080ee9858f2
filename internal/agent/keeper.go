package agent

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"landbridge/internal/hwvtep"
	"landbridge/internal/ovsdb"
)

// keeper keeps one database equal to the plan. Its fields belong to the
// goroutine of loop.
type keeper struct {
	address   string
	owner     hwvtep.Owner
	fullEvery time.Duration
	client    *ovsdb.Client
	may       func() bool
	plan      *follower
	reports   *reporter
	log       *slog.Logger
	idle      atomic.Bool   // the database is not this agent's
	turned    chan struct{} // idle has changed

	switches []hwvtep.PhysicalSwitch // as last seen
	logical  map[string]*logical     // by name: what the owner has or wants
	all      bool                    // compare everything
	started  bool                    // a first look at Wanted has been had
	baseline uint64                  // Wanted at that first look
	changes  uint64                  // that were seen so far, of all logical switches
	most     int                     // mostAtOnce
	fenced   bool                    // the log has been told that another agent has it
}

// logical is what a keeper knows of one logical switch.
type logical struct {
	actual hwvtep.Packed  // as reported last
	local  hwvtep.Learned // likewise
	stale  bool           // they may not be what the database holds now
	dirty  bool           // to be compared with the plan
	since  uint64         // the number of the change by which it is
	retry  retry
	err    string
	// written is the number that says the last write has been carried out;
	// unraised: it is written, and no number says so yet.
	written  uint64
	unraised bool
	pruned   bool // the log has been told what the schema cannot hold
}

func newKeeper(cfg Config, db ovsdb.Config) (*keeper, error) {
	db = cfg.client(db)
	client, err := ovsdb.New(db)
	if err != nil {
		return nil, err
	}
	return keep(cfg, db, client), nil
}

// client adds to the configuration of a client what all of them share.
func (cfg Config) client(db ovsdb.Config) ovsdb.Config {
	if db.Logger == nil {
		db.Logger = cfg.Logger
	}
	db.Epoch, db.Agent = cfg.Epoch, cfg.Name
	return db
}

func keep(cfg Config, db ovsdb.Config, client *ovsdb.Client) *keeper {
	log := cfg.Logger.With("database", db.Address)
	k := &keeper{
		address: db.Address, owner: cfg.Owner, fullEvery: cfg.FullEvery, client: client, may: cfg.May, log: log,
		plan: newFollower(cfg.Server, log), reports: newReporter(cfg.Server, log),
		logical: map[string]*logical{}, turned: make(chan struct{}, 1), most: mostAtOnce,
	}
	k.idle.Store(cfg.Assigned)
	return k
}

func (k *keeper) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return k.client.Run(ctx) })
	group.Go(func() error { return k.plan.run(ctx) })
	group.Go(func() error { return k.reports.run(ctx) })
	group.Go(func() error { return k.loop(ctx) })
	if err := group.Wait(); err != nil {
		return fmt.Errorf("database %s: %w", k.address, err)
	}
	return nil
}

// loop takes a step whenever something may have changed or is due.
func (k *keeper) loop(ctx context.Context) error {
	full := time.NewTicker(k.fullEvery)
	defer full.Stop()
	for {
		due, stop := k.nextRetry()
		select {
		case <-ctx.Done():
			stop()
			return nil
		case <-k.client.Updates():
		case <-k.plan.changed:
		case <-k.turned:
		case <-due:
		case <-full.C:
			k.all = true
			k.plan.askForAll()
		}
		stop()
		k.step(ctx)
	}
}

// step looks at everything that has changed, writes what differs and reports.
func (k *keeper) step(ctx context.Context) {
	k.look()
	if k.idle.Load() || !k.may() {
		return
	}
	k.claim(ctx)
	if k.canWrite() {
		k.write(ctx)
	}
	k.report()
}

// canWrite tells whether there is a database that is this agent's, and a plan to
// compare it with.
func (k *keeper) canWrite() bool {
	return !k.idle.Load() && k.may() && k.client.Err() == nil && k.plan.isReady()
}

// look takes in what has changed in the database and in the plan.
func (k *keeper) look() {
	d := k.client.Take()
	if d.Resync {
		k.all = true
	}
	if k.client.Err() == nil {
		k.lookAtSwitches(d)
	}
	k.mark(d.LogicalSwitches)
	for _, name := range d.Local {
		if l := k.of(name); l != nil {
			l.stale = true
		}
	}
	names, fresh := k.plan.changes()
	for _, name := range names {
		if l := k.of(name); l != nil {
			k.changes++
			l.dirty, l.stale, l.retry, l.since = true, true, retry{}, k.changes
		}
	}
	if fresh {
		k.all = true
		k.reports.forget()
		k.checkOwner()
	}
	if k.all {
		k.all = false
		k.mark(k.client.LogicalSwitchNames())
		k.mark(k.plan.names())
		k.mark(slices.Collect(maps.Keys(k.logical)))
	}
}

func (k *keeper) lookAtSwitches(d ovsdb.Dirty) {
	if d.Resync || d.Physical {
		k.switches = k.client.PhysicalSwitches()
		var names []string
		for _, sw := range k.switches {
			names = append(names, sw.Name)
		}
		k.plan.setSwitches(names)
	}
	if d.Resync || d.Global {
		k.lookAtWanted()
	}
}

// mark says that logical switches have to be compared; others' are passed over.
func (k *keeper) mark(names []string) {
	for _, name := range names {
		if l := k.of(name); l != nil {
			if !l.dirty {
				k.changes++
				l.since = k.changes
			}
			l.dirty, l.stale = true, true
		}
	}
}

// checkOwner looks for a server that has another owner in its configuration.
func (k *keeper) checkOwner() {
	for _, name := range k.plan.names() {
		if _, own := k.owner.Network(name); !own {
			k.log.Error("the plan has a logical switch of another owner, which is not written; give server and agent the same owner",
				"logical switch", name, "owner", k.owner)
			return
		}
	}
}

// of gives what is known of a logical switch, nil where it is not the owner's.
func (k *keeper) of(name string) *logical {
	if _, own := k.owner.Network(name); !own {
		return nil
	}
	l := k.logical[name]
	if l == nil {
		l = &logical{written: k.baseline}
		k.logical[name] = l
	}
	return l
}

// nextRetry gives a channel that tells when a logical switch that had to wait is
// due, and what frees it.
func (k *keeper) nextRetry() (<-chan time.Time, func()) {
	var next time.Time
	if !k.canWrite() {
		return nil, func() {}
	}
	for _, l := range k.logical {
		if l.dirty && !l.retry.until.IsZero() && (next.IsZero() || l.retry.until.Before(next)) {
			next = l.retry.until
		}
	}
	if next.IsZero() {
		return nil, func() {}
	}
	timer := time.NewTimer(time.Until(next))
	return timer.C, func() { timer.Stop() }
}
