package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/uptrace/bun"

	"landbridge/internal/l2gw"
)

// patience is how long a transaction that gave way to others, or has lost its
// database, is begun anew.
const patience = 10 * time.Second

// standstill is how long a server may do nothing in its turn to write before it
// loses it, where the database can tell: others wait, and who has the lease may
// have to be replaced.
const standstill = 2 * time.Second

// work is what is done in a transaction. It may be done again, from the start,
// where the database asks for that: what it leaves outside, it has to set anew.
type work = func(ctx context.Context, db bun.IDB) error

// view runs do in a transaction that sees one state of the database.
func (s *Store) view(ctx context.Context, what string, do work) error {
	err := s.persist(ctx, func(ctx context.Context) error {
		return s.transact(ctx, &s.dialect.reading, do)
	})
	return s.explain(what, err)
}

// look runs do, which is one statement and so sees one state by itself.
func (s *Store) look(ctx context.Context, what string, do work) error {
	err := s.persist(ctx, func(ctx context.Context) error { return do(ctx, s.db) })
	return s.explain(what, err)
}

// write runs do in a transaction that no other writer's can change the ground
// under, on this server or another: what do has loaded and judged holds until
// it commits. Others that wait at the same time may be in the transaction too,
// before and after do.
func (s *Store) write(ctx context.Context, what string, do work) error {
	e := &errand{ctx: ctx, do: do, done: make(chan struct{})}
	if s.line.join(e) {
		go s.serve()
	}
	select {
	case <-e.done:
	case <-ctx.Done():
		if s.line.leave(e) {
			return fmt.Errorf("%s: %w", what, ctx.Err())
		}
		<-e.done
	}
	if e.panicked != nil {
		panic(e.panicked)
	}
	return s.explain(what, e.err)
}

// inTurn waits for the turn to write before do.
func (s *Store) inTurn(do work) work {
	if s.dialect.takeTurn == nil {
		return do
	}
	return func(ctx context.Context, db bun.IDB) error {
		if err := s.dialect.takeTurn(ctx, db); err != nil {
			return err
		}
		return do(ctx, db)
	}
}

// persist makes attempts until one succeeds, fails for good, or patience ends.
func (s *Store) persist(ctx context.Context, attempt func(context.Context) error) error {
	pause := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(5*time.Millisecond), backoff.WithMaxInterval(time.Second),
		backoff.WithMaxElapsedTime(s.patience))
	return backoff.RetryNotify(func() error {
		alarmed, stop := withAlarm(ctx, s.silence)
		defer stop()
		err := attempt(alarmed)
		if err != nil && errors.Is(context.Cause(alarmed), errSilent) {
			err = fmt.Errorf("%w: %w", errSilent, err)
		}
		if err != nil && (ctx.Err() != nil || !s.passes(err)) {
			return backoff.Permanent(err)
		}
		return err
	}, backoff.WithContext(pause, ctx), func(error, time.Duration) { s.retries.Add(1) })
}

// passes tells whether a new attempt is right and may have another end.
func (s *Store) passes(err error) bool {
	if _, ok := errors.AsType[*uncertainError](err); ok {
		return false
	}
	return s.dialect.outcome(err) != failed
}

// uncertainError is a commit of which nobody knows whether it was made.
type uncertainError struct{ error }

func (e *uncertainError) Unwrap() error { return e.error }

// transact makes one attempt at a transaction.
func (s *Store) transact(ctx context.Context, options *sql.TxOptions, do work) error {
	if s.galera != nil && !reads(options) {
		return s.galera.transact(ctx, s, do)
	}
	return s.attempt(ctx, s.db, options, do)
}

func reads(options *sql.TxOptions) bool { return options != nil && options.ReadOnly }

// beginner is a connection, or a pool of them.
type beginner interface {
	BeginTx(ctx context.Context, options *sql.TxOptions) (bun.Tx, error)
}

func (s *Store) attempt(ctx context.Context, db beginner, options *sql.TxOptions, do work) error {
	tx, err := db.BeginTx(ctx, options)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // of what has been committed does nothing
	if err := do(ctx, tx); err != nil {
		return err
	}
	err = tx.Commit()
	if err != nil && !reads(options) && (ctx.Err() != nil || s.dialect.outcome(err) == lost) {
		return &uncertainError{err}
	}
	return err
}

// explain leaves broken rules as they are and says of faults what failed.
func (s *Store) explain(what string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*l2gw.Error](err); ok {
		return err
	}
	if _, ok := errors.AsType[*uncertainError](err); ok {
		return unavailable("%s: the database was lost while it was told to keep the change; look whether it has: %v", what, err)
	}
	switch s.dialect.outcome(err) {
	case gaveWay:
		return unavailable("%s: the database is busy, try again: %v", what, err)
	case lost:
		return unavailable("%s: the database is out of reach, try again: %v", what, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

func unavailable(format string, args ...any) error {
	return l2gw.Errorf(l2gw.Unavailable, "ServiceUnavailable", format, args...)
}
