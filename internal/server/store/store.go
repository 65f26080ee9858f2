// Package store keeps what administrators ask for, and what switches report,
// in a database. It judges each change by the rules of package l2gw on what the
// database holds, and writes it, in one transaction.
//
// SQL goes through bun, so that what differs between databases is in one
// dialect value for each, with its migrations in a folder of their own. On all
// of them one transaction writes at a time, whatever the number of servers: so
// what has been judged still holds when it is written, and objects become
// visible in the order of their created_at.
package store

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/uptrace/bun"

	"landbridge/internal/l2gw"
)

// Store is an open database. Its methods may be called from several
// goroutines; several Stores, also of several processes, may share a database.
// While the database is out of reach they wait for it, for a bounded time, and
// then give an Unavailable error.
type Store struct {
	db      *bun.DB
	dialect dialect
	name    string // for logs
	// line is where writers wait: there is one transaction that writes at a time,
	// and waiting here is fair, ends with the context, and needs no connection.
	line     line
	patience time.Duration
	silence  time.Duration
	retries  atomic.Uint64 // transactions begun anew
	quota    l2gw.Quota    // of projects without limits of their own
	refusals map[l2gw.Kind]*atomic.Uint64
	galera   *galera // nil: the database is no node of a Galera cluster
}

// Option changes how Open opens.
type Option func(*options)

type options struct {
	pool   Pool
	manual bool
	quota  l2gw.Quota
}

// WithPool bounds the connections.
func WithPool(p Pool) Option { return func(o *options) { o.pool = p } }

// WithoutUpgrade leaves the schema as it is: one older than this program's is
// refused.
func WithoutUpgrade() Option { return func(o *options) { o.manual = true } }

// Open opens the database that dsn names and brings its schema up to date.
//
//	sqlite:/path/file.db   a file, made if it is missing
//	sqlite::memory:        gone when closed
//	postgresql://user:password@host:5432/database?sslmode=verify-full
//	mysql://user:password@host:3306/database?ssl_ca=/path/ca.pem
//
// A database with a schema newer than this program's is refused.
func Open(ctx context.Context, dsn string, opts ...Option) (*Store, error) {
	var o options
	for _, set := range opts {
		set(&o)
	}
	d, err := dialectOf(dsn)
	if err != nil {
		return nil, err
	}
	name := d.redact(dsn)
	db, err := d.open(ctx, dsn, o.pool)
	if err != nil {
		return nil, fmt.Errorf("open the database %s: %w", name, err)
	}
	s := &Store{
		db: db.WithQueryHook(heard{}).WithQueryHook(pen{}), dialect: d, name: name, patience: patience, silence: silenceLimit,
		quota: o.quota.With(nil), refusals: newRefusals(),
	}
	if err := s.suitSchema(ctx, dsn, o); err != nil {
		return nil, errors.Join(fmt.Errorf("bring the database %s up to date: %w", name, err), db.Close())
	}
	if err := s.findCluster(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open the database %s: %w", name, err), db.Close())
	}
	return s, nil
}

// findCluster finds out whether the database is a node of a cluster.
func (s *Store) findCluster(ctx context.Context) (err error) {
	if s.dialect.cluster == nil {
		return nil
	}
	if s.galera, err = s.dialect.cluster(ctx, s.db); err != nil || s.galera == nil {
		return err
	}
	return s.galera.tidy(ctx, s)
}

// suitSchema brings the schema up to date, or only looks whether it is. That
// needs connections of its own, but for SQLite, whose database may live with
// the one that it has.
func (s *Store) suitSchema(ctx context.Context, dsn string, o options) error {
	suit := func(m migrator) error {
		if o.manual {
			return m.check(ctx)
		}
		_, err := m.upgrade(ctx)
		return err
	}
	if s.dialect.lockSchema == nil {
		return suit(migrator{s.dialect, s.db.DB})
	}
	return onSchema(ctx, dsn, suit)
}

// Close closes the database. Transactions under way end with an error.
func (s *Store) Close() error { return s.db.Close() }

// String is the name of the database, for logs: without a password.
func (s *Store) String() string { return s.name }

// insert writes a new row. Where a unique index refuses it, because another
// server was first, the error is the one that taken has for the index.
func (s *Store) insert(ctx context.Context, db bun.IDB, row any, taken map[string]*l2gw.Error) error {
	_, err := db.NewInsert().Model(row).Exec(ctx)
	return s.refused(err, taken)
}

// refused turns the refusal of a unique index into what taken has for it.
func (s *Store) refused(err error, taken map[string]*l2gw.Error) error {
	if err == nil {
		return nil
	}
	if broken := taken[s.dialect.violated(err)]; broken != nil {
		return broken
	}
	return err
}

// nextStamp gives the created_at of the next row of a table: the time in
// microseconds, and later than all before it whatever the clock does.
func nextStamp(ctx context.Context, db bun.IDB, table string) (int64, error) {
	var last int64
	err := db.NewSelect().Table(table).ColumnExpr("COALESCE(MAX(created_at), 0)").Scan(ctx, &last)
	return max(time.Now().UnixMicro(), last+1), err
}
