package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"net/netip"
	"path/filepath"
	"testing"

	"github.com/pressly/goose/v3"
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

// Each unique index refuses what its rule forbids even if nobody has judged,
// and the refusal becomes the rule's error.
func TestUniqueIndexes(t *testing.T) {
	s, _ := openFile(t)
	rows := []any{
		&gatewayRow{ID: "g", CreatedAt: 1}, &gatewayRow{ID: "g2", CreatedAt: 2},
		&connectionRow{ID: "c", GatewayID: "g", NetworkID: "n", CreatedAt: 1},
		&connectionRow{ID: "c2", GatewayID: "g", NetworkID: "n2", CreatedAt: 2},
		&remoteGatewayRow{ID: "r", Addr: "192.0.2.1", CreatedAt: 1},
		&remoteConnectionRow{ID: "x", GatewayID: "g", NetworkID: "n", RemoteGatewayID: "r", TunnelKey: 5, CreatedAt: 1},
		&remoteMACRow{ID: "m", MAC: "02:00:00:00:00:01", RemoteConnectionID: "x", CreatedAt: 1},
	}
	for _, r := range rows {
		if err := s.insert(t.Context(), s.db, r, nil); err != nil {
			t.Fatal(err)
		}
	}
	for index, row := range map[string]any{
		oneConnection:       &connectionRow{ID: "c9", GatewayID: "g", NetworkID: "n", CreatedAt: 9},
		oneRemoteAddr:       &remoteGatewayRow{ID: "r9", Addr: "192.0.2.1", CreatedAt: 9},
		oneRemoteConnection: &remoteConnectionRow{ID: "x9", GatewayID: "g", NetworkID: "n", RemoteGatewayID: "r", TunnelKey: 9, CreatedAt: 9},
		oneTunnelKey:        &remoteConnectionRow{ID: "x9", GatewayID: "g", NetworkID: "n2", RemoteGatewayID: "r", TunnelKey: 5, CreatedAt: 9},
		oneRemoteMAC:        &remoteMACRow{ID: "m9", MAC: "02:00:00:00:00:01", RemoteConnectionID: "x", CreatedAt: 9},
	} {
		t.Run(index, func(t *testing.T) {
			var found int
			err := s.db.NewSelect().Table("sqlite_master").ColumnExpr("COUNT(*)").
				Where("type = 'index' AND name = ?", index).Scan(t.Context(), &found)
			if err != nil || found != 1 {
				t.Fatalf("found %d indexes of that name, %v", found, err)
			}
			rule := l2gw.Errorf(l2gw.Conflict, "Rule", "the rule")
			err = s.insert(t.Context(), s.db, row, map[string]*l2gw.Error{index: rule})
			if !errors.Is(err, rule) {
				t.Errorf("got %v, want the rule's error", err)
			}
			err = s.insert(t.Context(), s.db, row, nil)
			if err == nil || s.dialect.violated(err) != index {
				t.Errorf("without a rule: got %v, want a fault that names the index", err)
			}
		})
	}
	t.Run("other violations are faults", func(t *testing.T) {
		for _, row := range []any{
			&gatewayRow{ID: "g", CreatedAt: 9}, &gatewayRow{ID: "g9", CreatedAt: 1},
			&connectionRow{ID: "c9", GatewayID: "gone", NetworkID: "n", CreatedAt: 9},
			&remoteConnectionRow{ID: "x9", GatewayID: "g2", NetworkID: "n", RemoteGatewayID: "r", CreatedAt: 9},
			&remoteMACRow{ID: "m9", RemoteConnectionID: "gone", CreatedAt: 9},
		} {
			if err := s.insert(t.Context(), s.db, row, nil); err == nil || s.dialect.violated(err) != "" {
				t.Errorf("%+v: got %v, want a fault without an index of a rule", row, err)
			}
		}
	})
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

func TestMigrationsDownAndUp(t *testing.T) {
	s, _ := openFile(t)
	files, err := fs.Sub(migrations, "migrations/sqlite")
	if err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, s.db.DB, files)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.DownTo(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	var left int
	err = s.db.NewSelect().Table("sqlite_master").ColumnExpr("COUNT(*)").
		Where("type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'goose%'").Scan(t.Context(), &left)
	if err != nil || left != 0 {
		t.Errorf("%d tables are left, %v", left, err)
	}
	if err := migrate(t.Context(), s.db.DB, s.dialect); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Gateways().List(t.Context()); err != nil {
		t.Error(err)
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

// created_at grows even where the clock has gone back.
func TestStampsGrow(t *testing.T) {
	s, _ := openFile(t)
	future := int64(1) << 60
	if err := s.insert(t.Context(), s.db, &remoteGatewayRow{ID: "r", Addr: "192.0.2.1", CreatedAt: future}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.RemoteGateways().Create(t.Context(), l2gw.RemoteGateway{Addr: netip.MustParseAddr("192.0.2.2")}); err != nil {
		t.Fatal(err)
	}
	stamp, err := nextStamp(t.Context(), s.db, "l2remotegateways")
	if err != nil || stamp != future+2 {
		t.Errorf("next is %d (%v), want %d", stamp, err, future+2)
	}
}
