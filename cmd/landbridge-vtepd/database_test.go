package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"landbridge/internal/lab/testenv"
	"landbridge/internal/vtep/database"
)

func TestSchema(t *testing.T) {
	out, err := run(t, "schema")
	if err != nil {
		t.Fatal(err)
	}
	s, err := database.ParseSchema([]byte(out))
	if err != nil || s.Version != "1.7.100" || !strings.Contains(out, "gre_over_ipv6") {
		t.Errorf("version %s, %v: %s", s.Version, err, out)
	}
	file := filepath.Join(t.TempDir(), "schema")
	if err := os.WriteFile(file, []byte(out), 0o600); err != nil {
		t.Fatal(err)
	}
	if again, err := run(t, "schema", "--schema", file); err != nil || again != out {
		t.Errorf("of what it prints it makes something else: %v", err)
	}
}

func TestDatabaseCommands(t *testing.T) {
	file, running := filepath.Join(t.TempDir(), "vtep.db"), testenv.StartOVSDB(t, testenv.WithSchema(testenv.VTEPSchema))
	for _, c := range []struct {
		args       []string
		want, fail string
	}{
		{[]string{"create", file}, file + ": made, schema version 1.7.100\n", ""},
		{[]string{"create", file}, file + ": is there already, schema version 1.7.100\n", ""},
		{[]string{"upgrade", file}, file + ": up to date, schema version 1.7.100\n", ""},
		{[]string{"upgrade", running.Unix}, running.Unix + ": upgraded from schema version 1.7.0 to 1.7.100\n", ""},
		{[]string{"upgrade", running.TCP}, running.TCP + ": up to date, schema version 1.7.100\n", ""},
		{[]string{"upgrade", running.DatabaseFile()}, "", "is in use"},
		{[]string{"upgrade", "unix:/nowhere"}, "", "/nowhere"},
		{[]string{"upgrade", "/nowhere"}, "", "/nowhere"},
		{[]string{"create", file, "--schema", "/nowhere"}, "", "openvswitch-vtep"},
		{[]string{"create"}, "", "accepts 1 arg"},
		{[]string{"upgrade", "a", "b"}, "", "accepts 1 arg"},
		{[]string{"nonsense"}, "", "nonsense"},
	} {
		out, err := run(t, append([]string{"db"}, c.args...)...)
		switch {
		case c.fail == "" && (err != nil || out != c.want):
			t.Errorf("%q: %v, printed %q, want %q", c.args, err, out, c.want)
		case c.fail != "" && (err == nil || !strings.Contains(err.Error(), c.fail)):
			t.Errorf("%q: %v, want %q; printed %q", c.args, err, c.fail, out)
		}
	}
	if out, err := run(t, "db"); err != nil || !strings.Contains(out, "keeping all rows") {
		t.Errorf("help: %v, %s", err, out)
	}
}
