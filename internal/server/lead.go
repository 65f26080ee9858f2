package server

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"landbridge/internal/l2gw"
)

// planning is the lease of the server that plans.
const planning = "plan"

const (
	// leaseLasts is how long a leader may be silent before another takes over.
	leaseLasts = 2 * time.Second
	// leaseEvery is how often it is made to last, and how often at least others
	// look whether it has ended.
	leaseEvery = 500 * time.Millisecond
	// farewell bounds what a server that ends does for the others.
	farewell = time.Second
)

// term is the time of one leader.
type term struct {
	lease l2gw.Lease
	// until is when it ends if nothing is heard of the database, in nanoseconds
	// of the clock that clock gives; without a lease it has no end.
	until atomic.Int64
}

// clock is a time that nobody sets.
func clock() int64 { return int64(time.Since(started)) }

var started = time.Now()

// Leads tells whether this server plans now. One that has stood still for long
// sees by it that others may have gone on.
func (s *Server) Leads() bool {
	t := s.term.Load()
	return t != nil && (t.lease.Epoch == 0 || clock() < t.until.Load())
}

// Lease is what this server leads by; nothing while it does not, or has no peers.
func (s *Server) Lease() (under []l2gw.Lease) {
	if t := s.term.Load(); t != nil && t.lease.Epoch > 0 {
		under = append(under, t.lease)
	}
	return under
}

// May tells why nothing may be changed outside of the database any more: what is
// written there is written under the lease.
func (s *Server) May() error {
	if !s.Leads() {
		return errors.New("another server leads by now")
	}
	return nil
}

// NetworksChanged is what a peer tells: networks to plan, nil for all. It is for
// the leader, and passed over by others.
func (s *Server) NetworksChanged(networks []string) {
	if s.Leads() {
		s.queue.planNetworks(networks)
	}
}

// errLost is the end of a term before that of its server.
var errLost = errors.New("another server leads, or the database has not answered")

// takeTurns leads each time that this server gets the lease.
func (s *Server) takeTurns(ctx context.Context) error {
	for standBack := time.Duration(0); ; standBack = 2 * leaseEvery {
		t, err := s.await(ctx, standBack)
		if err != nil {
			return err
		}
		err = s.lead(ctx, t)
		s.term.Store(nil)
		if ctx.Err() != nil || !errors.Is(err, errLost) {
			return err
		}
		s.cfg.Logger.Warn("this server leads no more", "term", t.lease.Epoch, "reason", err)
		s.book.begin()
		s.reports.begin()
	}
}

// await waits for the lease, after a time in which others come first. Meanwhile
// what changes here is told to the leader.
func (s *Server) await(ctx context.Context, standBack time.Duration) (*term, error) {
	ctx, stop := context.WithCancel(ctx)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.tellLeader(ctx) })
	pause(ctx, standBack)
	t := s.apply(ctx)
	stop()
	if err := g.Wait(); t == nil {
		return nil, err
	}
	return t, nil
}

// apply tries for the lease until it has it, or ctx ends.
func (s *Server) apply(ctx context.Context) *term {
	fault := ""
	for ctx.Err() == nil {
		asked := clock()
		lease, left, err := s.cfg.Store.TakeLease(ctx, planning, s.cfg.Peers.Holder(), leaseLasts)
		s.tally.follows.Store(err == nil && lease.Epoch == 0)
		if err == nil && lease.Epoch > 0 {
			t := &term{lease: lease}
			t.until.Store(asked + int64(leaseLasts))
			return t
		}
		if err != nil && ctx.Err() == nil && fault != err.Error() {
			s.cfg.Logger.Warn("the lease of the leader cannot be looked at; trying again", "error", err)
		}
		fault = fmt.Sprint(err)
		pause(ctx, min(max(left, time.Millisecond), leaseEvery))
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// tellLeader passes on what the API has changed here.
func (s *Server) tellLeader(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.queue.wake:
		}
		w, ok := s.queue.take()
		if !ok {
			continue
		}
		networks := keys(w.plan)
		if w.all {
			networks = nil
		}
		if err := s.cfg.Peers.Tell(ctx, networks); err != nil && ctx.Err() == nil {
			s.cfg.Logger.Debug("the leader could not be told of a change; it finds it by its next full pass", "error", err)
		}
	}
}

// lead plans for as long as the lease is held.
func (s *Server) lead(ctx context.Context, t *term) error {
	s.cfg.Logger.Info("this server leads", "term", t.lease.Epoch)
	s.tally.terms.Add(1)
	s.tally.planned.Store(false)
	s.term.Store(t)
	g, working := errgroup.WithContext(ctx)
	g.Go(func() error { return s.keep(working, t) })
	g.Go(func() error { return s.cfg.Peers.Lead(working, t.lease) })
	s.plan(working, g, t.lease)
	err := g.Wait()
	if ctx.Err() != nil {
		last, stop := context.WithTimeout(context.WithoutCancel(ctx), farewell)
		defer stop()
		_ = s.cfg.Store.EndLease(last, t.lease) // else it ends by itself
	}
	return err
}

// keep holds the lease until it is lost.
func (s *Server) keep(ctx context.Context, t *term) error {
	tick := time.NewTicker(leaseEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if err := s.prolong(ctx, t); err != nil {
			return err
		}
	}
}

// prolong makes a term longer. A database that does not answer ends it with the
// time that it had.
func (s *Server) prolong(ctx context.Context, t *term) error {
	asked := clock()
	waits, stop := context.WithTimeout(ctx, time.Duration(t.until.Load()-asked))
	defer stop()
	err := s.cfg.Store.KeepLease(waits, t.lease, leaseLasts)
	switch {
	case err == nil:
		t.until.Store(asked + int64(leaseLasts))
	case ctx.Err() != nil:
		return ctx.Err()
	case l2gw.CodeOf(err) == l2gw.Stale || clock() >= t.until.Load():
		return fmt.Errorf("%w: %w", errLost, err)
	}
	return nil
}
