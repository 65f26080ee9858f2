package store_test

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"landbridge/internal/lab/testenv"
	"landbridge/internal/server/store"
)

// The commands of docs/server.md copy a database while it is used, and the copy
// has everything.
func TestBackupAndRestore(t *testing.T) {
	for name, c := range map[string]struct {
		start func(testing.TB) *testenv.DatabaseServer
		copy  func(t *testing.T, s *testenv.DatabaseServer, from, to string)
	}{
		"postgresql": {testenv.StartPostgres, func(t *testing.T, _ *testenv.DatabaseServer, from, to string) {
			file := filepath.Join(t.TempDir(), "landbridge.dump")
			command(t, "", "pg_dump", "--format=custom", "--file="+file, from)
			command(t, "", "pg_restore", "--no-owner", "--dbname="+to, file)
		}},
		"mariadb": {testenv.StartMariaDB, func(t *testing.T, s *testenv.DatabaseServer, from, to string) {
			login := filepath.Join(t.TempDir(), "login.cnf")
			quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(testenv.DatabasePassword)
			text := fmt.Sprintf("[client]\nhost=127.0.0.1\nport=%d\nuser=%s\npassword=\"%s\"\ndefault-character-set=utf8mb4\n",
				s.Port, testenv.DatabaseUser, quoted)
			must(t, login, os.WriteFile(login, []byte(text), 0o600))
			dump := command(t, "", "mariadb-dump", "--defaults-extra-file="+login, "--single-transaction", named(t, from))
			command(t, dump, "mariadb", "--defaults-extra-file="+login, named(t, to))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			server := c.start(t)
			from, to := makeDatabase(t, server, "original"), makeDatabase(t, server, "restored")
			s := groundIn(world{t, open(t, from)})
			s.gateway("it's \\ \"odd\" 😀 ", device("sw9"))
			must(t, s, s.SaveInventory(t.Context(), sampleInventory("tcp:a")))
			c.copy(t, server, from, to)
			copied, err := store.Open(t.Context(), to, store.WithoutUpgrade())
			must(t, copied, err)
			same(t, "the copy", everything(t, s.Store), everything(t, copied))
			groundAgain := world{t, copied}
			groundAgain.gateway("new", device("sw1"))
			must(t, copied, copied.Close())
		})
	}
}

// makeDatabase makes a database of its own, not a schema, and gives its DSN.
func makeDatabase(t *testing.T, server *testenv.DatabaseServer, name string) string {
	t.Helper()
	db := server.Connect(t, "")
	defer func() { _ = db.Close() }()
	_, err := db.Exec("CREATE DATABASE " + name)
	must(t, name, err)
	u, err := url.Parse(server.NewDatabase(t).URL())
	must(t, u, err)
	u.Path, u.RawQuery = "/"+name, ""
	return u.String()
}

// named is the name of the database of a DSN.
func named(t *testing.T, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	return strings.TrimPrefix(must(t, u, err).Path, "/")
}

func command(t *testing.T, input, name string, args ...string) string {
	t.Helper()
	var said strings.Builder
	cmd := exec.Command(name, args...)
	cmd.Stdin, cmd.Stderr = strings.NewReader(input), &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s", name, err, said.String())
	}
	return string(out)
}
