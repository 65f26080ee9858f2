package store

import (
	"path/filepath"
	"strings"
	"testing"

	"landbridge/internal/lab/testenv"
)

const secret = "s3cr3t"

// No error and no name shows a password, whatever is wrong with the URL.
func TestPasswordsAreNotShown(t *testing.T) {
	for _, dsn := range []string{
		"postgresql://u:s3cr3t@127.0.0.1:1/db",
		"postgresql://u:s3cr3t@127.0.0.1:1/db?sslmode=nonsense",
		"postgresql://u:s3cr3t@127.0.0.1:x/db",
		"postgresql://u:%zzs3cr3t@127.0.0.1:1/db",
		"postgresql://u:s3cr3t@127.0.0.1:1/",
		"postgresql://127.0.0.1:1/db?password=s3cr3t&sslmode=nonsense",
		"postgresql:s3cr3t",
		"mysql://u:s3cr3t@127.0.0.1:1/db",
		"mysql://u:s3cr3t@127.0.0.1:x/db",
		"mysql://u:s3cr3t/x@127.0.0.1:1/db",
		"mysql://u:s3cr3t#x@127.0.0.1:1/db",
		"mysql://u:s3cr3t@127.0.0.1:1/",
		"mysql://u:s3cr3t@127.0.0.1:1/db?unknown=s3cr3t",
		"mysql://u:s3cr3t@127.0.0.1:1/db?charset=latin1",
		"mysql:u:s3cr3t",
		"oracle://u:s3cr3t@127.0.0.1:1/db",
	} {
		s, err := Open(t.Context(), dsn)
		if err == nil {
			t.Fatalf("%s: opened %v", dsn, s)
		}
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the error shows it: %v", dsn, err)
		}
		if !strings.HasPrefix(dsn, "oracle") && strings.Contains(redactURL(dsn), secret) {
			t.Errorf("%s: shown as %s", dsn, redactURL(dsn))
		}
	}
}

func TestMySQLURLs(t *testing.T) {
	for dsn, want := range map[string]string{
		"mysql://u:p%40:ss@h:3307/db":                               "u:p@:ss@tcp(h:3307)/db",
		"mysql+pymysql://u:p@h/db?charset=utf8":                     "u:p@tcp(h:3306)/db",
		"mariadb://u@h/db?charset=utf8mb4":                          "u@tcp(h:3306)/db",
		"mysql://u@[::1]/db":                                        "u@tcp([::1]:3306)/db",
		"mysql://u@/db?unix_socket=/run/mysqld/s&connect_timeout=3": "u@unix(/run/mysqld/s)/db",
		"mysql:///db": "tcp(127.0.0.1:3306)/db",
	} {
		cfg, err := mysqlConfig(dsn)
		if err != nil {
			t.Errorf("%s: %v", dsn, err)
			continue
		}
		if got, _, _ := strings.Cut(cfg.FormatDSN(), "?"); got != want {
			t.Errorf("%s: %s, want %s", dsn, got, want)
		}
	}
	for dsn, want := range map[string]string{
		"mysql://u@h":                                 "names no database",
		"mysql://u@h/db?charset=latin1":               "must be utf8mb4",
		"mysql://u@h/db?connect_timeout=x":            "number of seconds",
		"mysql://u@h/db?ssl=perhaps":                  "true or false",
		"mysql://u@h/db?wsrep_sync_wait=16":           "from 0 to 15",
		"mysql://u@h/db?ssl_ca=/nowhere":              "/nowhere",
		"mysql://u@h/db?ssl_ca=/etc/hostname":         "no certificate",
		"mysql://u@h/db?ssl_cert=/nowhere&ssl_key=/n": "ssl_cert",
		"mysql://u@h/db?parseTime=true":               "is not known",
		"mysql://u:a/b@h/db":                          "%2F",
	} {
		if _, err := mysqlConfig(dsn); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", dsn, err, want)
		}
	}
}

func TestRedacted(t *testing.T) {
	for dsn, want := range map[string]string{
		"postgresql+psycopg2://u:p@h:1/db?password=q": "postgresql+psycopg2://u@h:1/db",
		"mysql://h/db":       "mysql://h/db",
		"mysql://u:%zz@h/db": "mysql:(unreadable)",
	} {
		if got := redactURL(dsn); got != want {
			t.Errorf("%s: %s, want %s", dsn, got, want)
		}
	}
}

// Both servers are reached through their unix sockets too.
func TestUnixSockets(t *testing.T) {
	pg, my := servers.Postgres(t), servers.MariaDB(t)
	for _, c := range []struct {
		server *testenv.DatabaseServer
		query  string
	}{
		{pg, "&host=" + pg.Dir}, {my, "?unix_socket=" + filepath.Join(my.Dir, "sock")},
	} {
		dsn := c.server.NewDatabase(t).URL() + c.query
		s := openOn(t, Place{DSN: strings.Replace(dsn, "127.0.0.1", "192.0.2.1", 1)})
		if strings.Contains(s.String(), "p@") {
			t.Errorf("its name is %s", s)
		}
		if _, err := s.Gateways().Create(t.Context(), aGateway("x")); err != nil {
			t.Error(err)
		}
	}
}

// A pool holds no more connections than it may.
func TestPoolIsBounded(t *testing.T) {
	each(t, func(t *testing.T, e Engine) {
		s := openOn(t, e.New(t), WithPool(Pool{Connections: 3}))
		if got := s.db.Stats().MaxOpenConnections; got != 3 {
			t.Errorf("%d connections, want 3", got)
		}
	})
}

// A database that cannot keep every name is refused.
func TestEncodingIsLookedAt(t *testing.T) {
	pg := servers.Postgres(t)
	db := pg.Connect(t, "")
	defer func() { _ = db.Close() }()
	defer func() {
		if _, err := db.Exec("DROP DATABASE IF EXISTS latin"); err != nil {
			t.Error(err)
		}
	}()
	if _, err := db.Exec("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'"); err != nil {
		t.Fatal(err)
	}
	dsn := strings.Replace(pg.NewDatabase(t).URL(), "/postgres?", "/latin?", 1)
	if _, err := Open(t.Context(), dsn); err == nil || !strings.Contains(err.Error(), "--encoding=UTF8") {
		t.Errorf("got %v", err)
	}
}

// What a session is told holds, whatever the server's defaults are.
func TestMySQLSession(t *testing.T) {
	s := openOn(t, Engines()[2].New(t))
	for variable, want := range map[string]string{
		"tx_isolation": "REPEATABLE-READ", "character_set_client": "utf8mb4", "innodb_lock_wait_timeout": "10",
		"wait_timeout": "20", "sql_mode": "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION", "foreign_key_checks": "1",
	} {
		var got string
		if err := s.db.QueryRow("SELECT @@SESSION." + variable).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q (%v), want %q", variable, got, err, want)
		}
	}
}
