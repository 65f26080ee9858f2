package chaos

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/vishvananda/netlink"

	"landbridge/internal/lab/testenv"
)

// insideVariable says that this test binary runs in a network namespace of its
// own.
const insideVariable = "LANDBRIDGE_CHAOS_INSIDE"

// TestMain runs the tests in a network namespace, which ends with them: no rule
// of theirs can meet anybody else's packets.
func TestMain(m *testing.M) {
	if os.Getenv(insideVariable) != "" {
		testenv.MainWithPrograms(m)
		return
	}
	var exit *exec.ExitError
	if err := inNamespace(); errors.As(err, &exit) && exit.Exited() {
		os.Exit(exit.ExitCode())
	} else if err != nil {
		fmt.Fprintln(os.Stderr, "this test makes a network namespace: run it as root:", err)
		os.Exit(1)
	}
}

// inNamespace runs this test binary once more. It dies with this process.
func inNamespace() error {
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), insideVariable+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	return cmd.Run()
}

// loopback brings the namespace's own up.
func loopback(t *testing.T) {
	t.Helper()
	lo, err := netlink.LinkByName("lo")
	if err == nil {
		err = netlink.LinkSetUp(lo)
	}
	if err != nil {
		t.Fatal(err)
	}
}
