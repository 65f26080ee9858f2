package testenv

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// StartMariaDB starts a MariaDB server that ends with its test. Its defaults are
// not ours: latin1, and names of one case are the same.
func StartMariaDB(t testing.TB) *DatabaseServer {
	t.Helper()
	return newMariaDB(t).endsWith(t)
}

// StartDurableMariaDB starts one with MariaDB's own settings: what has been
// committed survives a loss of power. Benchmarks take it.
func StartDurableMariaDB(t testing.TB) *DatabaseServer {
	t.Helper()
	return startDatabase(t, mariadbKind(t, "--innodb-flush-log-at-trx-commit=1")).endsWith(t)
}

// StartMariaDBWithTLS starts one that lets nobody in without TLS.
func StartMariaDBWithTLS(t testing.TB, files TLSFiles) *DatabaseServer {
	t.Helper()
	kind := mariadbKind(t, append(slices.Clone(quickMariaDB), "--require-secure-transport=ON")...)
	create, command, dsn := kind.create, kind.command, kind.dsn
	kind.create = func(s *DatabaseServer) *exec.Cmd {
		s.writeTLS(t, files)
		return create(s)
	}
	kind.command = func(s *DatabaseServer) *exec.Cmd {
		cmd := command(s)
		cmd.Args = append(cmd.Args, "--ssl-ca="+s.file("ca.pem"), "--ssl-cert="+s.file("cert.pem"), "--ssl-key="+s.file("key.pem"))
		return cmd
	}
	kind.dsn = func(s *DatabaseServer, name string) string { return dsn(s, name) + "?tls=skip-verify" }
	return startDatabase(t, kind).endsWith(t)
}

// quickMariaDB has the settings of servers that a machine does not lose power
// under; they may be killed.
var quickMariaDB = []string{
	"--innodb-flush-log-at-trx-commit=2", "--innodb-flush-method=nosync", "--innodb-buffer-pool-size=32M",
	"--innodb-log-file-size=8M", "--performance-schema=off", "--max-connections=60",
}

func newMariaDB(t testing.TB) *DatabaseServer {
	t.Helper()
	return startDatabase(t, mariadbKind(t, quickMariaDB...))
}

// mariadbKind is MariaDB with some settings.
func mariadbKind(t testing.TB, settings ...string) databaseKind {
	t.Helper()
	return databaseKind{
		scheme: "mysql", driver: "mysql", account: "mysql", make: "CREATE DATABASE",
		quit: syscall.SIGTERM,
		create: func(s *DatabaseServer) *exec.Cmd {
			s.write(t, "user.sql", mariadbUser())
			return exec.Command("mariadb-install-db", "--no-defaults", "--datadir="+s.file("data"),
				"--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve", "--innodb-log-file-size=8M",
				// In the common one, servers that start at once delete each other's files.
				"--tmpdir="+s.Dir)
		},
		command: func(s *DatabaseServer) *exec.Cmd {
			return exec.Command("mariadbd", append([]string{
				"--no-defaults", "--datadir=" + s.file("data"), "--socket=" + s.file("sock"),
				"--port=" + fmt.Sprint(s.Port), "--bind-address=127.0.0.1", "--pid-file=" + s.file("pid"), "--init-file=" + s.file("user.sql"),
				"--character-set-server=latin1", "--collation-server=latin1_swedish_ci", "--skip-name-resolve", "--tmpdir=" + s.Dir,
			}, settings...)...)
		},
		dsn: func(s *DatabaseServer, name string) string {
			cfg := mysql.NewConfig()
			cfg.User, cfg.Passwd, cfg.DBName = DatabaseUser, DatabasePassword, name
			cfg.Net, cfg.Addr, cfg.Logger = "tcp", fmt.Sprintf("127.0.0.1:%d", s.Port), &mysql.NopLogger{}
			return cfg.FormatDSN()
		},
		place: func(name string) (path, query string) { return "/" + name, "" },
	}
}

// Socket is where a MariaDB server listens too, reached from any network
// namespace; its root needs no password there.
func (s *DatabaseServer) Socket() string { return s.file("sock") }

// mariadbUser is what the server does at each start: it makes the user.
func mariadbUser() string {
	quoted := strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(DatabasePassword)
	return fmt.Sprintf("SET NAMES utf8mb4;\nGRANT ALL ON *.* TO '%s'@'%%' IDENTIFIED BY '%s';\n", DatabaseUser, quoted)
}
