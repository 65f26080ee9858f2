package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/uptrace/bun"

	"landbridge/internal/l2gw"
)

// Observe has seen told of each SQL statement when it has ended: its operation
// ("SELECT"), how long it took, and its error. It is called before the store is
// used, once.
func (s *Store) Observe(seen func(operation string, took time.Duration, err error)) {
	s.db = s.db.WithQueryHook(observer(seen))
}

// observer is a bun.QueryHook.
type observer func(operation string, took time.Duration, err error)

// BeforeQuery implements bun.QueryHook.
func (observer) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context { return ctx }

// AfterQuery implements bun.QueryHook.
func (o observer) AfterQuery(_ context.Context, e *bun.QueryEvent) {
	if errors.Is(e.Err, sql.ErrTxDone) {
		return // a rollback of what has ended: nothing was sent
	}
	o(e.Operation(), time.Since(e.StartTime), e.Err)
}

// Stats gives the state of the connection pool.
func (s *Store) Stats() sql.DBStats { return s.db.DB.Stats() }

// Retries gives how many transactions have been begun anew.
func (s *Store) Retries() uint64 { return s.retries.Load() }

// Ping is nil where the database answers from one of our tables.
func (s *Store) Ping(ctx context.Context) error {
	return s.view(ctx, "look at the database", func(ctx context.Context, db bun.IDB) error {
		var ids []string
		return db.NewSelect().Table("l2gateways").Column("id").Limit(1).Scan(ctx, &ids)
	})
}

// withStatus has the kinds whose objects have a status.
var withStatus = []l2gw.Kind{l2gw.KindConnection, l2gw.KindRemoteConnection}

// Counts gives how many objects there are by kind, and the connections among
// them by kind and status, with 0 for those that there are none of.
func (s *Store) Counts(ctx context.Context) (objects map[string]int, connections map[string]map[string]int, err error) {
	err = s.view(ctx, "count the objects", func(ctx context.Context, db bun.IDB) (err error) {
		objects, connections = map[string]int{}, map[string]map[string]int{}
		for kind, table := range tables {
			n, err := db.NewSelect().Table(table).Count(ctx)
			if err != nil {
				return err
			}
			objects[string(kind)] = int(n)
		}
		for _, kind := range withStatus {
			if connections[string(kind)], err = countStatuses(ctx, db, tables[kind]); err != nil {
				return err
			}
		}
		return nil
	})
	return objects, connections, err
}

func countStatuses(ctx context.Context, db bun.IDB, table string) (map[string]int, error) {
	n := map[string]int{}
	for _, state := range []l2gw.State{l2gw.Active, l2gw.Down, l2gw.Pending, l2gw.Errored} {
		n[string(state)] = 0
	}
	var rows []struct {
		Status string
		Number int
	}
	err := db.NewSelect().Table(table).Column("status").ColumnExpr("COUNT(*) AS number").Group("status").Scan(ctx, &rows)
	for _, r := range rows {
		n[r.Status] += r.Number
	}
	return n, err
}
