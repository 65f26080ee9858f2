package store

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"landbridge/internal/l2gw"
)

func TestObserveCountsAndPings(t *testing.T) {
	s, err := Open(t.Context(), "sqlite:"+t.TempDir()+"/server.db")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	var mu sync.Mutex
	seen, failed := map[string]int{}, 0
	s.Observe(func(operation string, took time.Duration, err error) {
		mu.Lock()
		defer mu.Unlock()
		seen[operation]++
		if err != nil {
			failed++
		}
		if took < 0 {
			t.Errorf("%s took %s", operation, took)
		}
	})
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := s.Gateways().Create(t.Context(), l2gw.Gateway{Devices: []l2gw.Device{{Name: "sw"}}}); err != nil {
		t.Fatal(err)
	}
	objects, connections, err := s.Counts(t.Context())
	if err != nil || objects["l2_gateway"] != 1 || objects["l2_remote_mac"] != 0 || objects["l2_gateway_connection"] != 0 || len(objects) != 5 {
		t.Errorf("objects %v, %v", objects, err)
	}
	for _, kind := range []string{"l2_gateway_connection", "l2_remote_gateway_connection"} {
		if n, ok := connections[kind]["PENDING"]; n != 0 || !ok || len(connections[kind]) != 4 {
			t.Errorf("%s: %v", kind, connections[kind])
		}
	}
	if seen["SELECT"] == 0 || seen["INSERT"] == 0 || seen["ROLLBACK"] != 0 || failed != 0 {
		t.Errorf("statements %v, %d failed", seen, failed)
	}
	if stats := s.Stats(); stats.MaxOpenConnections == 0 || stats.OpenConnections == 0 || s.Retries() != 0 {
		t.Errorf("pool %+v, %d retries", stats, s.Retries())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Ping(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a look that nobody waits for: %v", err)
	}
	if _, err := s.db.ExecContext(t.Context(), "DROP TABLE l2remotemacs"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Counts(t.Context()); err == nil || failed == 0 {
		t.Errorf("counted without a table: %v, %d failed", err, failed)
	}
}
