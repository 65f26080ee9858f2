// Package e2e tests Landbridge from end to end: two clouds of network
// namespaces, the real programs, real packets. It needs root.
package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// programsVariable names a directory with the programs. Where it is not set
// they are built for the tests.
const programsVariable = "LANDBRIDGE_BIN"

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	if os.Getenv(programsVariable) != "" {
		return m.Run(), nil
	}
	dir, err := os.MkdirTemp("", "landbridge-e2e-")
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
