package underlay

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

// Config says how to follow the underlay.
type Config struct {
	Logger *slog.Logger
	// FullPass is the time between two looks at everything; 0 is
	// DefaultFullPass.
	FullPass time.Duration
}

// DefaultFullPass mends what no change has told.
const DefaultFullPass = 30 * time.Second

const (
	settle     = 10 * time.Millisecond // changes come in swarms: wait for the rest
	probeEvery = time.Second
)

// Underlay keeps the states of pairs. Its methods may be called from any
// goroutine.
type Underlay struct {
	cfg     Config
	wake    chan struct{} // Want has changed
	changes chan struct{}

	mu      sync.Mutex
	wanted  map[Pair]struct{}
	states  map[Pair]State
	changed map[Pair]struct{}
}

// New makes one that knows no pairs.
func New(cfg Config) *Underlay {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.FullPass == 0 {
		cfg.FullPass = DefaultFullPass
	}
	return &Underlay{
		cfg: cfg, wake: make(chan struct{}, 1), changes: make(chan struct{}, 1),
		wanted: map[Pair]struct{}{}, states: map[Pair]State{}, changed: map[Pair]struct{}{},
	}
}

// Want replaces the set of pairs to keep. What is found of new ones arrives
// as changes.
func (u *Underlay) Want(pairs map[Pair]struct{}) {
	u.mu.Lock()
	same := maps.Equal(u.wanted, pairs)
	u.wanted = maps.Clone(pairs)
	u.mu.Unlock()
	if !same {
		signal(u.wake)
	}
}

// Changes tells that Take has something to give.
func (u *Underlay) Changes() <-chan struct{} { return u.changes }

// Take gives the states that have changed since it was last called. Pairs that
// are no longer wanted are not among them.
func (u *Underlay) Take() map[Pair]State {
	u.mu.Lock()
	defer u.mu.Unlock()
	out := make(map[Pair]State, len(u.changed))
	for p := range u.changed {
		if s, ok := u.states[p]; ok {
			out[p] = s
		}
	}
	clear(u.changed)
	return out
}

// State gives what is known of a pair; not ok where it has not been looked at
// yet, or is not wanted.
func (u *Underlay) State(p Pair) (s State, ok bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	s, ok = u.states[p]
	return s, ok
}

// States gives a copy of all that is known.
func (u *Underlay) States() map[Pair]State {
	u.mu.Lock()
	defer u.mu.Unlock()
	return maps.Clone(u.states)
}

// Run follows the kernel, in the network namespace of the thread that calls
// it, until ctx ends or netlink fails.
func (u *Underlay) Run(ctx context.Context) error {
	h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return fmt.Errorf("open netlink: %w", err)
	}
	defer h.Close()
	socket, err := subscribe()
	if err != nil {
		return err
	}
	events := make(chan event)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return watch(ctx, socket, events) })
	group.Go(func() error {
		defer socket.Close() // ends watch
		return newKeeper(u, kernel{h}).run(ctx, events)
	})
	return group.Wait()
}

// publish takes in what was found of one pair.
func (u *Underlay) publish(p Pair, s State) {
	u.mu.Lock()
	old, known := u.states[p]
	differs := !known || old != s
	if differs {
		u.states[p] = s
		u.changed[p] = struct{}{}
	}
	u.mu.Unlock()
	if !differs {
		return
	}
	if old.Problem != s.Problem {
		u.report(p, s)
	}
	signal(u.changes)
}

func (u *Underlay) report(p Pair, s State) {
	if s.Problem == "" {
		u.cfg.Logger.Info("a tunnel's other end can be reached again", "local", p.Local, "remote", p.Remote)
		return
	}
	u.cfg.Logger.Warn("a tunnel's other end cannot be reached", "local", p.Local, "remote", p.Remote, "reason", s.Problem)
}

// forget drops what is known of pairs that are not wanted, and gives those
// that are.
func (u *Underlay) forget() map[Pair]struct{} {
	u.mu.Lock()
	defer u.mu.Unlock()
	maps.DeleteFunc(u.states, func(p Pair, _ State) bool {
		_, ok := u.wanted[p]
		return !ok
	})
	return maps.Clone(u.wanted)
}

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
