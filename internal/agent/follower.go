package agent

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"landbridge/internal/hwvtep"
	"landbridge/internal/rpc"
)

const (
	askAgainFirst = 100 * time.Millisecond
	askAgainMax   = 2 * time.Second
)

// follower keeps the plan for the switches of one database up to date.
type follower struct {
	server rpc.Server
	log    *slog.Logger
	// changed is told of everything that Take would give.
	changed chan struct{}
	// turned ends a wait at the server: other switches, or everything is wanted
	// again.
	turned chan struct{}

	mu       sync.Mutex
	switches []string // sorted
	since    rpc.Since
	planned  map[string]map[string]hwvtep.Packed
	ready    bool
	fresh    bool // planned has been replaced since the last take
	dirty    map[string]struct{}
	problem  string // why there is no plan; logged when it changes
}

func newFollower(server rpc.Server, log *slog.Logger) *follower {
	return &follower{
		server: server, log: log, changed: make(chan struct{}, 1), turned: make(chan struct{}, 1),
		dirty: map[string]struct{}{},
	}
}

// setSwitches says whose plan is wanted. Another set than before makes the plan
// unknown until the server has given it anew.
func (f *follower) setSwitches(names []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	names = slices.Sorted(slices.Values(names))
	if slices.Equal(names, f.switches) {
		return
	}
	f.switches, f.since, f.planned, f.ready = names, rpc.Since{}, nil, false
	wake(f.turned)
}

// askForAll gets everything from the server, not only what has changed.
func (f *follower) askForAll() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.since = rpc.Since{}
	wake(f.turned)
}

// run follows the plan until the context ends.
func (f *follower) run(ctx context.Context) error {
	pause := askAgainFirst
	for ctx.Err() == nil {
		asked := f.ask(ctx)
		if asked {
			pause = askAgainFirst
			continue
		}
		select {
		case <-ctx.Done():
		case <-f.turned:
		case <-time.After(pause):
			pause = min(2*pause, askAgainMax)
		}
	}
	return nil
}

// ask gets the plan and waits until it has changed; it gives false where there
// is nothing to be had now.
func (f *follower) ask(ctx context.Context) bool {
	f.mu.Lock()
	names, since := f.switches, f.since
	f.mu.Unlock()
	if len(names) == 0 {
		return false
	}
	plan, err := f.server.Plan(ctx, names, since)
	if err == nil && !plan.Full && since == (rpc.Since{}) {
		err = errors.New("the server gave a difference where everything was asked for")
	}
	if err != nil {
		f.lose(ctx, err)
		return false
	}
	if !f.take(names, since, plan) {
		return true
	}
	if err := f.wait(ctx, rpc.Since{Epoch: plan.Epoch, Revision: plan.Revision}); err != nil {
		f.lose(ctx, err)
		return false
	}
	return true
}

// wait returns nil when the plan may have changed, or something else is wanted.
func (f *follower) wait(ctx context.Context, since rpc.Since) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var err error
	left := make(chan struct{})
	go func() {
		defer close(left)
		err = f.server.Wait(ctx, since)
	}()
	select {
	case <-left:
		return err
	case <-f.turned:
		cancel()
		<-left
		return nil
	}
}

// lose notes that the server has no plan to give: nothing is written then.
func (f *follower) lose(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return // nobody is interested any more
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ready = false
	if f.problem != err.Error() {
		f.problem = err.Error()
		f.log.Warn("no plan from the server; the switches stay as they are", "error", err)
	}
	wake(f.changed)
}

// take merges what the server gave; it gives false where other switches are
// wanted by now.
func (f *follower) take(names []string, since rpc.Since, p rpc.Plan) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Equal(names, f.switches) || since != f.since {
		return false
	}
	if p.Full {
		f.planned, f.fresh = map[string]map[string]hwvtep.Packed{}, true
	}
	for sw, part := range p.Switches {
		if f.planned[sw] == nil {
			f.planned[sw] = map[string]hwvtep.Packed{}
		}
		for name, ls := range part {
			f.planned[sw][name] = ls
			f.dirty[name] = struct{}{}
		}
	}
	f.since = rpc.Since{Epoch: p.Epoch, Revision: p.Revision}
	f.ready, f.problem = true, ""
	wake(f.changed)
	return true
}

// changes gives the logical switches whose plan has changed since it was last
// asked, and whether all of them may have.
func (f *follower) changes() (names []string, all bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	names, all = slices.Sorted(maps.Keys(f.dirty)), f.fresh
	f.dirty, f.fresh = map[string]struct{}{}, false
	return names, all
}

// isReady tells whether the plan is known.
func (f *follower) isReady() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ready
}

// names gives every logical switch that the plan has.
func (f *follower) names() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := hwvtep.Set[string]{}
	for _, part := range f.planned {
		for name, ls := range part {
			if ls != (hwvtep.Packed{}) {
				all.Add(name)
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// desired gives what the database must hold of a logical switch, nil for
// nothing. The result is the caller's.
func (f *follower) desired(name string) *hwvtep.LogicalSwitch {
	f.mu.Lock()
	defer f.mu.Unlock()
	var parts []*hwvtep.LogicalSwitch
	for _, sw := range f.switches {
		if part := f.planned[sw][name].Unpack(); part != nil {
			parts = append(parts, part)
		}
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return hwvtep.Merge(parts...)
}

// needs tells whether the plan has a logical switch on a switch.
func (f *follower) needs(sw, name string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.planned[sw][name] != (hwvtep.Packed{})
}

func wake(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
