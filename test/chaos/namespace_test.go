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
	inside := os.Getenv(insideVariable) != ""
	do := inNamespace
	if inside {
		do = loopback
	}
	err := do()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Exited() {
		os.Exit(exit.ExitCode())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "this test makes a network namespace: run it as root:", err)
		os.Exit(1)
	}
	if inside {
		testenv.MainWithPrograms(m)
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
func loopback() error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	return netlink.LinkSetUp(lo)
}
