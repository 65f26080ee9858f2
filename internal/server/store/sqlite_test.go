package store

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"landbridge/internal/l2gw"
)

func openFile(t *testing.T) (s *Store, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "test.db")
	s, err := Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, path
}

func TestPragmas(t *testing.T) {
	s, _ := openFile(t)
	for pragma, want := range map[string]string{
		"journal_mode": "wal", "foreign_keys": "1", "synchronous": "2", "busy_timeout": "10000",
	} {
		var got string
		if err := s.db.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q (%v), want %q", pragma, got, err, want)
		}
	}
}

// A database that stays locked is "try again", not a fault of ours.
func TestBusyIsUnavailable(t *testing.T) {
	s, path := openFile(t)
	s.patience = time.Millisecond
	impatient, err := sql.Open("sqlite", "file:"+path+"?_busy_timeout=1&_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = impatient.Close() }()
	err = s.write(t.Context(), "hold", func(context.Context, bun.IDB) error {
		tx, err := impatient.Begin()
		if err == nil {
			return errors.Join(errors.New("two writers at once"), tx.Rollback())
		}
		return err
	})
	if l2gw.CodeOf(err) != l2gw.Unavailable {
		t.Errorf("got %v, want code Unavailable", err)
	}
}

// Rows that somebody has spoilt by hand are faults that name column and row.
func TestSpoiltRows(t *testing.T) {
	if _, err := (remoteGatewayRow{ID: "r", Addr: "x"}).object(); err == nil {
		t.Error("an address that is none was read")
	}
	if _, err := (remoteMACRow{ID: "m", MAC: "x"}).object(); err == nil {
		t.Error("a MAC that is none was read")
	}
	if _, err := (remoteMACRow{ID: "m", MAC: "02:00:00:00:00:01", Addr: "x"}).object(); err == nil {
		t.Error("an address that is none was read")
	}
	spoilt := inventoryRows{databases: []databaseRow{{Encapsulations: "{"}}}
	if _, err := spoilt.gather(); err == nil {
		t.Error("JSON that is none was read")
	}
	spoilt = inventoryRows{databases: []databaseRow{{Database: "d", Encapsulations: "[]"}}, locators: []locatorRow{{Database: "d", Addr: "x"}}}
	if _, err := spoilt.gather(); err == nil {
		t.Error("an address that is none was read")
	}
}
