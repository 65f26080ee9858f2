package ovsdb

import (
	"context"
	"fmt"

	"github.com/ovn-kubernetes/libovsdb/ovsdb"
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
func (c *Client) commit(ctx context.Context, s *session, ops []ovsdb.Operation) error {
	results, err := s.transact(ctx, ops)
	if err != nil {
		return err
	}
	if !s.shows(ops, results) {
		return c.catchUp(ctx, s)
	}
	c.refresh(s)
	return nil
}

// catchUp brings the mirror up to date with the server.
func (c *Client) catchUp(ctx context.Context, s *session) error {
	if err := s.echo(ctx, callWithin); err != nil {
		return fmt.Errorf("wait for the database to show the change: %w", err)
	}
	c.refresh(s)
	return nil
}

// transact sends operations and checks every result.
func (s *session) transact(ctx context.Context, ops []ovsdb.Operation) ([]ovsdb.OperationResult, error) {
	ctx, cancel := s.bound(ctx, callWithin)
	defer cancel()
	results, err := s.lib.Transact(ctx, ops...)
	if err = s.ended(err); err != nil {
		return nil, fmt.Errorf("write to the database: %w", err)
	}
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
func unmet(ops []ovsdb.Operation, results []ovsdb.OperationResult) error {
	for i, op := range ops {
		if len(op.Where) > 1 && results[i].Count == 0 {
			return fmt.Errorf("write to the database: another client has changed %s %s at the same time", op.Table, op.Where[1].Column)
		}
	}
	return nil
}

// shows tells whether libovsdb's cache has the outcome of a transaction already.
// ovsdb-server sends changes before its answer, RFC 7047 does not ask for it.
func (s *session) shows(ops []ovsdb.Operation, results []ovsdb.OperationResult) bool {
	for i, op := range ops {
		if op.Op == ovsdb.OperationComment {
			continue
		}
		table := s.rows[op.Table]
		if table == nil { // not followed
			return false
		}
		switch op.Op {
		case ovsdb.OperationWait:
		case ovsdb.OperationInsert:
			if !table.HasRow(results[i].UUID.GoUUID) {
				return false
			}
		case ovsdb.OperationDelete:
			if id, ok := rowOf(op); ok && table.HasRow(id) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// rowOf gives the row that an operation names by its UUID.
func rowOf(op ovsdb.Operation) (string, bool) {
	if len(op.Where) == 0 || op.Where[0].Column != "_uuid" {
		return "", false
	}
	id, ok := op.Where[0].Value.(ovsdb.UUID)
	return id.GoUUID, ok
}
