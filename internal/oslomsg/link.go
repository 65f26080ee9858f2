package oslomsg

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"
)

const (
	reconnectFirst = 100 * time.Millisecond
	reconnectMax   = 2 * time.Second
	// steadyAfter is how long a connection has to hold to count as a good one;
	// after a shorter one, the next waits longer.
	steadyAfter = 5 * time.Second
	// farewellWithin bounds what is done before the last connection is closed.
	farewellWithin = 10 * time.Second
)

// link keeps one connection to RabbitMQ, made anew each time it is lost.
type link struct {
	cfg   Config
	log   *slog.Logger
	count counters
	// prepare makes on a new session what the link is for; farewell undoes it
	// before the last one is closed.
	prepare  func(*session) error
	farewell func(*session)

	mu      sync.Mutex
	session *session // nil while there is none
	err     error    // then why
	changed chan struct{}

	next int           // of the hosts
	over chan struct{} // closed when run has ended
}

var (
	errNotRunning = errors.New("not connected yet")
	errEnded      = errors.New("it has been ended")
)

func newLink(cfg Config) (*link, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("messaging: %w", err)
	}
	cfg = cfg.withDefaults()
	return &link{
		cfg: cfg, log: cfg.Logger, err: errNotRunning, changed: make(chan struct{}), over: make(chan struct{}),
		next: rand.IntN(len(cfg.Hosts)), // services do not all crowd on the first
	}, nil
}

// run connects, and connects again, until the context ends.
func (l *link) run(ctx context.Context) {
	wait := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(reconnectFirst), backoff.WithMaxInterval(reconnectMax), backoff.WithMaxElapsedTime(0))
	for ctx.Err() == nil {
		s, err := l.connect(ctx)
		if err == nil {
			began := time.Now()
			err = l.follow(ctx, s)
			if time.Since(began) >= steadyAfter {
				wait.Reset()
			}
		}
		if ctx.Err() != nil {
			break
		}
		l.set(nil, err)
		pause := wait.NextBackOff()
		l.log.Warn("not connected to RabbitMQ", "error", err, "again_in", pause.Round(time.Millisecond))
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	l.set(nil, errEnded)
	close(l.over)
}

// connect tries each host once.
func (l *link) connect(ctx context.Context) (*session, error) {
	var all error
	for range l.cfg.Hosts {
		h := l.cfg.Hosts[l.next]
		l.next = (l.next + 1) % len(l.cfg.Hosts)
		s, err := openSession(ctx, l.cfg, &l.count, h, l.prepare)
		if err == nil {
			return s, nil
		}
		all = errors.Join(all, fmt.Errorf("%s: %w", h.address(), err))
		if ctx.Err() != nil {
			break
		}
	}
	return nil, all
}

// follow lets others use a session until it or the context ends, and gives the
// reason.
func (l *link) follow(ctx context.Context, s *session) error {
	defer s.close()
	l.count.connects.Add(1)
	l.set(s, nil)
	l.log.Info("connected to RabbitMQ", "host", s.host.address())
	l.cfg.Connected()
	select {
	case <-s.done:
		return s.lost()
	case <-ctx.Done():
	}
	parted := make(chan struct{})
	go func() {
		defer close(parted)
		l.farewell(s)
	}()
	select {
	case <-parted:
	case <-s.done:
	case <-time.After(farewellWithin):
	}
	return ctx.Err()
}

func (l *link) set(s *session, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.session, l.err = s, err
	close(l.changed)
	l.changed = make(chan struct{})
}

func (l *link) state() (s *session, changed <-chan struct{}, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.session, l.changed, l.err
}

// await waits for a session that has not ended.
func (l *link) await(ctx context.Context) (*session, error) {
	for {
		s, changed, err := l.state()
		if s != nil && !s.ended() {
			return s, nil
		}
		if errors.Is(err, errEnded) {
			return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w: %w", ErrUnavailable, ctx.Err(), orUnknown(err))
		}
	}
}

func orUnknown(err error) error {
	if err == nil {
		return errors.New("the connection was just lost")
	}
	return err
}

// Err is nil while connected, else why there is no connection.
func (l *link) Err() error {
	s, _, err := l.state()
	if s != nil && !s.ended() {
		return nil
	}
	return orUnknown(err)
}

// Stats gives what was counted so far.
func (l *link) Stats() Stats { return l.count.stats() }

// send publishes at least once: with the same content again, where a connection
// was lost before the confirmation.
func (l *link) send(ctx context.Context, x *publishing) error {
	for {
		s, err := l.await(ctx)
		if err != nil {
			return err
		}
		again := *x
		err = s.pub.publish(ctx, &again)
		if !errors.Is(err, ErrUnavailable) || ctx.Err() != nil {
			return err
		}
	}
}
