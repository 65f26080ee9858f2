package store

import (
	"context"
	"strings"
	"testing"

	"github.com/uptrace/bun"

	"landbridge/internal/l2gw"
)

// queries remembers the statements that were sent.
type queries struct{ texts []string }

func (*queries) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context { return ctx }

func (q *queries) AfterQuery(_ context.Context, e *bun.QueryEvent) {
	q.texts = append(q.texts, e.Query)
}

// having gives those that have a word.
func (q *queries) having(word string) (out []string) {
	for _, text := range q.texts {
		if strings.Contains(text, word) {
			out = append(out, text)
		}
	}
	return out
}

// TestNothingIsCountedWithoutLimits: what is not limited costs one look at the
// limits, for a bulk as for one object.
func TestNothingIsCountedWithoutLimits(t *testing.T) {
	s, _ := openFile(t)
	connectionID := stretched(t, s)
	seen := &queries{}
	s.db = s.db.WithQueryHook(seen)
	addMACs(t, s, connectionID, 1200)
	if n := len(seen.having(`"quotas"`)); n != 1 {
		t.Errorf("%d looks at the limits, want 1", n)
	}
	if _, err := s.Quotas().Set(t.Context(), "p", l2gw.Quota{l2gw.KindRemoteMAC: l2gw.Unlimited, l2gw.KindGateway: 5}); err != nil {
		t.Fatal(err)
	}
	addMACs(t, s, connectionID, 300)
	if counted := seen.having("COUNT("); len(counted) > 0 {
		t.Errorf("counted by %q", counted)
	}
	if _, err := s.Quotas().Set(t.Context(), "p", l2gw.Quota{l2gw.KindRemoteMAC: 5000}); err != nil {
		t.Fatal(err)
	}
	addMACs(t, s, connectionID, 600)
	counted := seen.having("COUNT(")
	if len(counted) != 1 {
		t.Fatalf("counted by %q, want one statement", counted)
	}
	var plan []struct {
		ID, Parent, Notused int
		Detail              string
	}
	if err := s.db.NewRaw("EXPLAIN QUERY PLAN "+counted[0]).Scan(t.Context(), &plan); err != nil {
		t.Fatal(err)
	}
	if len(plan) != 1 || !strings.Contains(plan[0].Detail, "USING COVERING INDEX ix_l2remotemacs_project_id_order (project_id=?)") {
		t.Errorf("the objects of a project are counted by %+v", plan)
	}
}

// TestRefusedBulkIsCheap: what a quota refuses has not been written before.
func TestRefusedBulkIsCheap(t *testing.T) {
	s, _ := openFile(t)
	connectionID := stretched(t, s)
	if _, err := s.Quotas().Set(t.Context(), "p", l2gw.Quota{l2gw.KindRemoteMAC: 1}); err != nil {
		t.Fatal(err)
	}
	seen := &queries{}
	s.db = s.db.WithQueryHook(seen)
	list := []l2gw.RemoteMAC{
		{ProjectID: "p", MAC: l2gw.MAC{2, 1}, RemoteConnectionID: connectionID}, {ProjectID: "p", MAC: l2gw.MAC{2, 2}, RemoteConnectionID: connectionID},
	}
	if _, err := s.RemoteMACs().CreateAll(t.Context(), list); !l2gw.IsOverQuota(err) {
		t.Fatalf("got %v", err)
	}
	if written := seen.having("INSERT"); len(written) > 0 {
		t.Errorf("written by %q", written)
	}
}
