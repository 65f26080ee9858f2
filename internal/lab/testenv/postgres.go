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

// StartPostgresWithTLS starts one that lets nobody in without TLS.
func StartPostgresWithTLS(t testing.TB, files TLSFiles) *DatabaseServer {
	t.Helper()
	kind := postgresKind(t, "-c", "ssl=on")
	create := kind.create
	kind.create = func(s *DatabaseServer) *exec.Cmd {
		s.writeTLS(t, files)
		s.write(t, "hba.conf", "local all all scram-sha-256\nhostssl all all 127.0.0.1/32 scram-sha-256\n")
		return create(s)
	}
	command := kind.command
	kind.command = func(s *DatabaseServer) *exec.Cmd {
		cmd := command(s)
		cmd.Args = append(cmd.Args, "-c", "hba_file="+s.file("hba.conf"), "-c", "ssl_ca_file="+s.file("ca.pem"),
			"-c", "ssl_cert_file="+s.file("cert.pem"), "-c", "ssl_key_file="+s.file("key.pem"))
		return cmd
	}
	return startDatabase(t, kind).endsWith(t)
}

func newPostgres(t testing.TB) *DatabaseServer {
	t.Helper()
	return startDatabase(t, postgresKind(t))
}

// postgresKind is PostgreSQL with some settings.
func postgresKind(t testing.TB, settings ...string) databaseKind {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(found) == 0 {
		t.Fatalf("no PostgreSQL server is installed (Debian package postgresql): %v", err)
	}
	bin := slices.Max(found)
	return databaseKind{
		scheme: "postgresql", driver: "pgx", account: "postgres", make: "CREATE SCHEMA",
		quit: syscall.SIGINT, // throws clients out
		create: func(s *DatabaseServer) *exec.Cmd {
			s.write(t, "password", DatabasePassword)
			return exec.Command(filepath.Join(bin, "initdb"), "--pgdata="+s.file("data"), "--username="+DatabaseUser,
				"--pwfile="+s.file("password"), "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
		},
		command: func(s *DatabaseServer) *exec.Cmd {
			return exec.Command(filepath.Join(bin, "postgres"), append([]string{
				"-D", s.file("data"), "-k", s.Dir, "-p", fmt.Sprint(s.Port), "-c", "listen_addresses=127.0.0.1",
				// The machine does not lose power in a test; the server may be killed.
				"-c", "fsync=off", "-c", "shared_buffers=32MB", "-c", "max_connections=60",
			}, settings...)...)
		},
		dsn:   func(s *DatabaseServer, name string) string { return Database{s, name}.URL() },
		place: func(name string) (path, query string) { return "/postgres", "search_path=" + name },
	}
}
