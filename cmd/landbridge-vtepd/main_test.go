package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"landbridge/internal/lab/testenv"
	"landbridge/internal/vtep/datapath"
)

// run runs the command line to its end.
func run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	cmd := command()
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func TestCommandLine(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"nothing said", nil, "switch is not set"},
		{"unknown flag", []string{"--nonsense"}, "unknown flag: --nonsense"},
		{"an argument", []string{"nonsense"}, "nonsense"},
		{"a bad value", []string{"--fabric-address", "x"}, "is not an IP address"},
		{"a missing file", []string{"--config", "/does/not/exist"}, "/does/not/exist"},
	} {
		if out, err := run(t, c.args...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q; printed %q", c.name, err, c.want, out)
		}
	}
	if out, err := run(t, "--help"); err != nil || !strings.Contains(out, "--fabric-address") {
		t.Errorf("help: %v, %q", err, out)
	}
}

func TestRemove(t *testing.T) {
	dir := filepath.Join(testenv.BPFFS(t), "gw")
	d, err := datapath.Open(datapath.Config{PinDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is nothing
		if _, err := run(t, "remove", "--bpffs", dir); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("the directory is still there: %v", err)
		}
	}
}
