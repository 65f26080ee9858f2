package testenv

import (
	"errors"
	"os"
	"testing"
)

// A server keeps its data and address over being stopped and killed.
func TestDatabaseServers(t *testing.T) {
	for name, start := range map[string]func(testing.TB) *DatabaseServer{"postgresql": StartPostgres, "mariadb": StartMariaDB} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			db := s.NewDatabase(t).Connect(t)
			defer func() { _ = db.Close() }()
			if _, err := db.Exec("CREATE TABLE kept (n INTEGER)"); err != nil {
				t.Fatal(err)
			}
			for i, end := range []func(testing.TB){s.Stop, s.Kill} {
				if _, err := db.Exec("INSERT INTO kept VALUES (1)"); err != nil {
					t.Fatal(err)
				}
				end(t)
				if err := db.Ping(); err == nil {
					t.Error("it answers after its end")
				}
				s.Start(t)
				var n int
				if err := db.QueryRow("SELECT COUNT(*) FROM kept").Scan(&n); err != nil || n != i+1 {
					t.Errorf("%d rows, want %d: %v", n, i+1, err)
				}
			}
		})
	}
}

func TestSharedDatabases(t *testing.T) {
	var shared Databases
	s := shared.Postgres(t)
	if shared.Postgres(t) != s {
		t.Error("it is started twice")
	}
	if err := shared.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(s.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left: %v", s.Dir, err)
	}
}
