package logfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTail(t *testing.T) {
	file := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(file, []byte(strings.Repeat("x", tailSize)+"the end"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := Tail(file); len(got) != tailSize || !strings.HasSuffix(got, "the end") {
		t.Errorf("%d bytes: %q", len(got), got)
	}
	if got := Tail(file + ".none"); !strings.Contains(got, "no such file") {
		t.Errorf("got %q", got)
	}
}
