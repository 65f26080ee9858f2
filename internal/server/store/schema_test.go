package store

import (
	"errors"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"landbridge/internal/l2gw"
)

// All databases have the same tables, columns and indexes.
func TestSchemasAreAlike(t *testing.T) {
	var want map[string]string
	each(t, func(t *testing.T, e Engine) {
		p := e.New(t)
		openOn(t, p)
		have := schemaText(t, e, p.Raw(t))
		if want == nil {
			want = have
		}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("(-sqlite +%s):\n%s", e.Name, diff)
		}
		for _, index := range []string{oneConnection, oneRemoteAddr, oneRemoteConnection, oneTunnelKey, oneRemoteMAC} {
			if !strings.HasPrefix(have[index], "unique: true") {
				t.Errorf("index %s: %q", index, have[index])
			}
		}
	})
}

// Every dialect ends in the same version.
func TestMigrationsHaveTheSameVersions(t *testing.T) {
	newest := map[string]bool{}
	each(t, func(t *testing.T, e Engine) {
		files, err := fs.Glob(migrations, "migrations/"+openOn(t, e.New(t)).dialect.name+"/*.sql")
		if err != nil || len(files) == 0 {
			t.Fatalf("no migrations: %v", err)
		}
		last := files[len(files)-1]
		newest[last[strings.LastIndexByte(last, '/')+1:][:5]] = true
	})
	if len(newest) != 1 {
		t.Errorf("the last migrations are %v, want one version", newest)
	}
}

func TestMigrationsDownAndUp(t *testing.T) {
	each(t, func(t *testing.T, e Engine) {
		place := e.New(t)
		s, db := openOn(t, place), place.Raw(t)
		before := schemaText(t, e, db)
		m := migrator{s.dialect, s.db.DB}
		p, err := m.provider()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.DownTo(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		if left := schemaText(t, e, db); len(left) > 0 {
			t.Errorf("left are %v", left)
		}
		if _, err := m.upgrade(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, schemaText(t, e, db)); diff != "" {
			t.Error(diff)
		}
	})
}

// Where each statement commits by itself, a migration that was cut off in the
// middle is carried out whole the next time.
func TestMySQLMigrationAfterACrash(t *testing.T) {
	e := Engines()[2]
	place := e.New(t)
	openOn(t, place)
	db := place.Raw(t)
	want := schemaText(t, e, db)
	for _, statement := range []string{
		"DELETE FROM goose_db_version WHERE version_id > 0", "DROP TABLE write_turns", "DROP TABLE physical_locators", "DROP TABLE l2remotemacs",
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	openOn(t, place)
	if diff := cmp.Diff(want, schemaText(t, e, db)); diff != "" {
		t.Error(diff)
	}
}

// Servers that start at once on a database that is empty make it once.
func TestConcurrentOpen(t *testing.T) {
	each(t, func(t *testing.T, e Engine) {
		p := e.New(t)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				s, err := Open(t.Context(), p.DSN)
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := s.Gateways().Create(t.Context(), l2gw.Gateway{Devices: []l2gw.Device{{Name: "sw"}}}); err != nil {
					t.Error(err)
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		var n int
		if err := p.Raw(t).QueryRow("SELECT COUNT(*) FROM l2gateways").Scan(&n); err != nil || n != 8 {
			t.Errorf("%d gateways, want 8: %v", n, err)
		}
	})
}

func TestNewerSchemaIsRefused(t *testing.T) {
	each(t, func(t *testing.T, e Engine) {
		p := e.New(t)
		openOn(t, p)
		if _, err := p.Raw(t).Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (900, TRUE)"); err != nil {
			t.Fatal(err)
		}
		_, opened := Open(t.Context(), p.DSN)
		_, manual := Open(t.Context(), p.DSN, WithoutUpgrade())
		_, upgraded := Upgrade(t.Context(), p.DSN)
		v, told := Version(t.Context(), p.DSN)
		for what, err := range map[string]error{"open": opened, "open as it is": manual, "upgrade": upgraded, "version": told} {
			if !errors.Is(err, errNewer) || !strings.Contains(err.Error(), "900") {
				t.Errorf("%s: got %v", what, err)
			}
		}
		if v.Have != 900 || v.Known >= 900 {
			t.Errorf("version %+v", v)
		}
	})
}

// Without leave to upgrade, an older schema is refused and left as it is.
func TestUpgradeByHand(t *testing.T) {
	each(t, func(t *testing.T, e Engine) {
		p := e.New(t)
		if _, err := Open(t.Context(), p.DSN, WithoutUpgrade()); !errors.Is(err, errOlder) || !strings.Contains(err.Error(), "db upgrade") {
			t.Errorf("an empty database: %v", err)
		}
		v, err := Version(t.Context(), p.DSN)
		if err != nil || v.Have != 0 || v.Known == 0 {
			t.Errorf("version %+v, %v", v, err)
		}
		was, err := Upgrade(t.Context(), p.DSN)
		if err != nil || was != v {
			t.Errorf("upgraded from %+v (%v), want %+v", was, err, v)
		}
		again, err := Upgrade(t.Context(), p.DSN)
		if err != nil || again.Have != v.Known {
			t.Errorf("upgraded again from %+v, %v", again, err)
		}
		openOn(t, p, WithoutUpgrade())
	})
}
