package testenv

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// StartPostgres starts a PostgreSQL server that ends with its test.
func StartPostgres(t testing.TB) *DatabaseServer {
	t.Helper()
	return newPostgres(t).endsWith(t)
}

func newPostgres(t testing.TB) *DatabaseServer {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(found) == 0 {
		t.Fatalf("no PostgreSQL server is installed (Debian package postgresql): %v", err)
	}
	bin := slices.Max(found)
	return startDatabase(t, databaseKind{
		scheme: "postgresql", driver: "pgx", account: "postgres", make: "CREATE SCHEMA",
		quit: syscall.SIGINT, // throws clients out
		create: func(s *DatabaseServer) *exec.Cmd {
			s.write(t, "password", DatabasePassword)
			return exec.Command(filepath.Join(bin, "initdb"), "--pgdata="+s.file("data"), "--username="+DatabaseUser,
				"--pwfile="+s.file("password"), "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
		},
		command: func(s *DatabaseServer) *exec.Cmd {
			return exec.Command(filepath.Join(bin, "postgres"), "-D", s.file("data"), "-k", s.Dir,
				"-p", fmt.Sprint(s.Port), "-c", "listen_addresses=127.0.0.1",
				// The machine does not lose power in a test; the server may be killed.
				"-c", "fsync=off", "-c", "shared_buffers=32MB", "-c", "max_connections=60")
		},
		dsn:   func(s *DatabaseServer, name string) string { return Database{s, name}.URL() },
		place: func(name string) (path, query string) { return "/postgres", "search_path=" + name },
	})
}
