package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/uptrace/bun"
)

// errUndone is a transaction that the node has undone although it has called it
// committed.
var errUndone = errors.New("the cluster has undone the transaction for another node's, without a word")

// galera is what a server leaves in the database with each transaction that it
// writes on a Galera cluster, to see whether it was kept.
//
// A node undoes a transaction where another node's was first, and says so to the
// next statement (ER_LOCK_DEADLOCK). MariaDB 10.11 does not where it happens just
// as a statement begins: this one is answered, what follows is no part of the
// transaction, and COMMIT succeeds. So without autocommit what follows is a
// transaction of its own, in which the row of this server is not as it was left:
// that is looked at before the commit, so that nothing is half done, and once more
// afterwards, since the first look may be the statement that was answered.
type galera struct {
	row  int64 // of write_turns, this server's alone
	last int64 // mark; errands are carried out one after the other
}

// keptFor is how long the row of a server stays that writes no more.
const keptFor = 24 * time.Hour

// onGalera gives what is needed on a node of a Galera cluster, nil elsewhere.
func onGalera(ctx context.Context, db bun.IDB) (*galera, error) {
	var name, value string
	err := db.QueryRowContext(ctx, "SHOW VARIABLES LIKE 'wsrep_on'").Scan(&name, &value)
	if errors.Is(err, sql.ErrNoRows) || err == nil && value != "ON" {
		return nil, nil
	}
	return &galera{row: 2 + rand.Int64N(1<<31-3)}, err
}

// transact is Store.attempt, and sees whether the work is kept.
func (g *galera) transact(ctx context.Context, s *Store, do work) error {
	conn, err := s.db.Conn(ctx) // the same node for all
	if err != nil {
		return err
	}
	defer func() { release(conn) }()
	if _, err := conn.ExecContext(ctx, "SET SESSION autocommit = 0"); err != nil {
		return err
	}
	mark := g.next()
	err = s.attempt(ctx, conn, nil, func(ctx context.Context, tx bun.IDB) error {
		if err := g.leave(ctx, tx, mark); err != nil {
			return err
		}
		if err := do(ctx, tx); err != nil {
			return err
		}
		return g.see(ctx, tx, mark)
	})
	if err != nil {
		return err
	}
	err = g.see(ctx, conn, mark)
	if err != nil && !errors.Is(err, errUndone) {
		return &uncertainError{fmt.Errorf("look whether the transaction was kept: %w", err)}
	}
	return err
}

// release gives a connection back as it was; one that cannot be made so ends.
func release(conn bun.Conn) {
	ctx, stop := context.WithTimeout(context.Background(), silenceLimit)
	defer stop()
	if _, err := conn.ExecContext(ctx, "SET SESSION autocommit = 1"); err != nil {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // is what it says then
	}
	_ = conn.Close()
}

// next gives a mark that no transaction of this server had before: the time, in
// microseconds since 1970.
func (g *galera) next() int64 {
	g.last = max(time.Now().UnixMicro(), g.last+1)
	return g.last
}

func (g *galera) leave(ctx context.Context, tx bun.IDB, mark int64) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO write_turns (id, turn) VALUES (?, ?) ON DUPLICATE KEY UPDATE turn = VALUES(turn)", g.row, mark)
	return err
}

// see is errUndone where the mark is not there.
func (g *galera) see(ctx context.Context, db bun.IDB, mark int64) error {
	var found int64
	err := db.QueryRowContext(ctx, "SELECT turn FROM write_turns WHERE id = ?", g.row).Scan(&found)
	if err == nil && found != mark || errors.Is(err, sql.ErrNoRows) {
		return errUndone
	}
	return err
}

// tidy removes the rows of servers that are no more.
func (g *galera) tidy(ctx context.Context, s *Store) error {
	return s.write(ctx, "remove the marks of former servers", func(ctx context.Context, db bun.IDB) error {
		_, err := db.ExecContext(ctx, "DELETE FROM write_turns WHERE id > 1 AND turn < ?", time.Now().Add(-keptFor).UnixMicro())
		return err
	})
}
