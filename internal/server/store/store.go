// Package store keeps what administrators ask for, and what switches report,
// in a database. It judges each change by the rules of package l2gw on what the
// database holds, and writes it, in one transaction.
//
// SQL goes through bun, so that what differs between databases is in one
// dialect value for each, with its migrations in a folder of their own.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"landbridge/internal/l2gw"
)

// Store is an open database. Its methods may be called from several
// goroutines; several Stores, also of several processes, may share a database.
type Store struct {
	db      *bun.DB
	dialect dialect
	// writing holds one token: SQLite has one writer at a time, and waiting
	// here is fair and ends with the context, unlike waiting in SQLite.
	writing chan struct{}
}

// Open opens the database that dsn names and brings its schema up to date.
//
//	sqlite:/path/file.db   a file, made if it is missing
//	sqlite::memory:        gone when closed
//
// A database with a schema newer than this program's is refused.
func Open(ctx context.Context, dsn string) (*Store, error) {
	scheme, rest, _ := strings.Cut(dsn, ":")
	d, err := dialectOf(scheme)
	if err != nil {
		return nil, err
	}
	db, err := d.open(ctx, rest)
	if err != nil {
		return nil, fmt.Errorf("open the %s database: %w", d.name, err)
	}
	if err := migrate(ctx, db.DB, d); err != nil {
		return nil, errors.Join(fmt.Errorf("bring the %s database up to date: %w", d.name, err), db.Close())
	}
	return &Store{db: db, dialect: d, writing: make(chan struct{}, 1)}, nil
}

// Close closes the database. Transactions under way end with an error.
func (s *Store) Close() error { return s.db.Close() }

// view runs do in a transaction that sees one state of the database.
func (s *Store) view(ctx context.Context, what string, do func(ctx context.Context, db bun.IDB) error) error {
	err := s.db.RunInTx(ctx, &sql.TxOptions{ReadOnly: true}, func(ctx context.Context, tx bun.Tx) error {
		return do(ctx, tx)
	})
	return s.explain(what, err)
}

// write runs do in a transaction that no other writer's can change the ground
// under: what do has loaded and judged holds until it commits.
func (s *Store) write(ctx context.Context, what string, do func(ctx context.Context, db bun.IDB) error) error {
	select {
	case s.writing <- struct{}{}:
		defer func() { <-s.writing }()
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", what, ctx.Err())
	}
	err := s.db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		return do(ctx, tx)
	})
	return s.explain(what, err)
}

// explain leaves broken rules as they are and says of faults what failed.
func (s *Store) explain(what string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*l2gw.Error](err); ok {
		return err
	}
	if s.dialect.busy(err) {
		return l2gw.Errorf(l2gw.Unavailable, "ServiceUnavailable", "%s: the database is busy, try again: %v", what, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

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
