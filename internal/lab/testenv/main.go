package testenv

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// programsVariable names a directory with Landbridge's programs.
const programsVariable = "LANDBRIDGE_BIN"

// MainWithPrograms is a TestMain for tests that start Landbridge's programs:
// those of the directory that LANDBRIDGE_BIN names, or else ones built now.
func MainWithPrograms(m *testing.M) {
	code, err := withPrograms(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

func withPrograms(m *testing.M) (int, error) {
	if Programs() != "" {
		return m.Run(), nil
	}
	dir, err := os.MkdirTemp("", "landbridge-bin-")
	if err != nil {
		return 1, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if out, err := exec.Command("go", "build", "-o", dir, "landbridge/cmd/...").CombinedOutput(); err != nil {
		return 1, fmt.Errorf("build the programs: %w\n%s", err, out)
	}
	if err := os.Setenv(programsVariable, dir); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// Programs is the directory of the programs, under MainWithPrograms.
func Programs() string { return os.Getenv(programsVariable) }
