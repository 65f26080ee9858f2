package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"landbridge/internal/lab/testenv"
)

// said runs a command line and gives what it writes to standard output.
func said(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	cmd := command()
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func TestDatabaseCommands(t *testing.T) {
	for name, dsn := range map[string]string{
		"sqlite":     "sqlite:" + filepath.Join(t.TempDir(), "x.db"),
		"postgresql": testenv.StartPostgres(t).NewDatabase(t).URL(),
		"mariadb":    testenv.StartMariaDB(t).NewDatabase(t).URL(),
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "server.yaml")
			if err := os.WriteFile(file, []byte("database: '"+dsn+"'\ndatabase_upgrade: manual\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			cloud := filepath.Join(t.TempDir(), "cloud.yaml")
			if err := os.WriteFile(cloud, []byte(cloudFile), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := said(t, "--config", file, "--cloud-file", cloud, "--listen", "127.0.0.1:0")
			if err == nil || !strings.Contains(err.Error(), "landbridge-server db upgrade") {
				t.Errorf("started on an empty database: %v", err)
			}
			for _, c := range []struct{ command, want string }{
				{"version", `^schema version 0, this program has [1-9]\d*\n$`},
				{"upgrade", `^schema version [1-9]\d*, was 0\n$`},
				{"upgrade", `^schema version (\d+), was [1-9]\d*\n$`},
				{"version", `^schema version [1-9]\d*, this program has [1-9]\d*\n$`},
			} {
				if out, err := said(t, "db", c.command, "--config", file); err != nil || !regexp.MustCompile(c.want).MatchString(out) {
					t.Errorf("db %s: %q, %v", c.command, out, err)
				}
			}
		})
	}
	if out, err := said(t, "db", "version", "--database", "oracle:x"); err == nil {
		t.Errorf("said %q", out)
	}
}
