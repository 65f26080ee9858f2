package ovsdb

import (
	"context"
	"fmt"

	"landbridge/internal/ovsdb/wire"
)

// refused is a transaction that the server has not carried out.
type refused struct {
	code    string // RFC 7047 section 3.1
	details string
	op      string // the operation, "commit" for the whole of them
}

// unguarded tells whether the fence has kept the transaction from being carried
// out.
func (r *refused) unguarded() bool { return r.code == "timed out" }

func (r *refused) Error() string {
	return fmt.Sprintf("the database refuses the change: %s: %s (%s)", r.code, r.details, r.op)
}

// commit carries out operations in one transaction and returns when the mirror
// shows them.
func (c *Client) commit(ctx context.Context, s *session, ops []wire.Operation) error {
	results, err := s.transact(ctx, ops)
	if err != nil {
		return err
	}
	if !c.shows(ops, results) {
		return c.catchUp(ctx, s)
	}
	return nil
}

// catchUp returns when the mirror is up to date with the server.
func (c *Client) catchUp(ctx context.Context, s *session) error {
	if err := s.echo(ctx, callWithin); err != nil {
		return fmt.Errorf("wait for the database to show the change: %w", err)
	}
	return nil
}

// transact sends operations and checks every result.
func (s *session) transact(ctx context.Context, ops []wire.Operation) ([]wire.Result, error) {
	answer, err := s.request(ctx, methodTransact, wire.Transaction(databaseName, ops), callWithin)
	if err != nil {
		return nil, fmt.Errorf("write to the database: %w", err)
	}
	results := answer.results
	for i, r := range results {
		if r.Error == "" {
			continue
		}
		op := "commit"
		if i < len(ops) {
			op = ops[i].Op + " " + ops[i].Table
		}
		return nil, &refused{r.Error, r.Details, op}
	}
	if len(results) < len(ops) {
		return nil, fmt.Errorf("write to the database: %d answers to %d operations", len(results), len(ops))
	}
	return results, unmet(ops, results)
}

// unmet finds an operation that was bound to a condition beside its row's UUID,
// and has met none.
func unmet(ops []wire.Operation, results []wire.Result) error {
	for i, op := range ops {
		if len(op.Where) > 1 && results[i].Count == 0 {
			return fmt.Errorf("write to the database: another client has changed %s %s at the same time", op.Table, op.Where[1].Column)
		}
	}
	return nil
}

// shows tells whether the mirror has the outcome of a transaction already.
// ovsdb-server sends changes before its answer, RFC 7047 does not ask for it.
func (c *Client) shows(ops []wire.Operation, results []wire.Result) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range ops {
		if !c.mirror.showsOne(&ops[i], results[i]) {
			return false
		}
	}
	return true
}

func (m *mirror) showsOne(op *wire.Operation, result wire.Result) bool {
	switch op.Op {
	case wire.Wait, wire.Comment:
		return true
	case wire.Insert:
		return m.has(ref{op.Table, result.UUID})
	case wire.Delete:
		id, ok := rowOf(op)
		return !ok || !m.has(ref{op.Table, id})
	}
	return false
}

// has tells whether a row is there; of tables that are not followed none is.
func (m *mirror) has(r ref) bool {
	switch r.table {
	case tableUcast:
		return has(m.ucast, r.id)
	case tableMcast:
		return has(m.mcast, r.id)
	case tableLogical:
		e := m.logical[r.id]
		return e != nil && e.there
	case tableLocator:
		e := m.locators[r.id]
		return e != nil && e.there
	case tableLocatorSet:
		e := m.sets[r.id]
		return e != nil && e.there
	case tableSwitch:
		return has(m.physical, r.id)
	case tablePort:
		return has(m.ports, r.id)
	}
	return has(m.local, r)
}

// rowOf gives the row that an operation names by its UUID.
func rowOf(op *wire.Operation) (wire.UUID, bool) {
	if len(op.Where) == 0 || op.Where[0].Column != "_uuid" {
		return wire.UUID{}, false
	}
	id, ok := op.Where[0].Value.(wire.UUID)
	return id, ok
}
