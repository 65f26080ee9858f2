package testenv

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// freeze has a child stand still, and returns when all of it does: the thread that
// gets the signal has to have its turn before it stops the others, which may do a
// lot until then on a busy machine.
func freeze(t testing.TB, name string, p *os.Process) {
	t.Helper()
	err := p.Signal(syscall.SIGSTOP)
	for err == nil {
		if err = unix.Waitid(unix.P_PID, p.Pid, nil, unix.WSTOPPED|unix.WEXITED|unix.WNOWAIT, nil); err == nil {
			return
		}
		if errors.Is(err, unix.EINTR) {
			err = nil
		}
	}
	mustSignal(t, name, err)
}

// thaw ends a freeze.
func thaw(t testing.TB, name string, p *os.Process) {
	t.Helper()
	mustSignal(t, name, p.Signal(syscall.SIGCONT))
}

// mustSignal lets a process have ended already.
func mustSignal(t testing.TB, name string, err error) {
	t.Helper()
	if err != nil && !errors.Is(err, os.ErrProcessDone) && !errors.Is(err, unix.ECHILD) {
		t.Fatal(fmt.Errorf("signal %s: %w", name, err))
	}
}
