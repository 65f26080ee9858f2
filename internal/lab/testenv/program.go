package testenv

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"landbridge/internal/lab/logfile"
	"landbridge/internal/lab/netns"
)

// Program is a program with all that it starts: a process namespace holds them
// together, so that none outlives the program, and none this process. It needs
// root.
type Program struct {
	Name string
	// Log is the file that gets its output.
	Log string
	// Namespace is the network namespace it runs in; nil is the test's own.
	Namespace *netns.Namespace
	// Within is how long it may take to be ready, and to end in good order.
	Within time.Duration
	// Command makes its command line, anew for each start.
	Command func() *exec.Cmd
	// Ready tells, by nil, that it serves.
	Ready func() error

	child *child
}

// child is a process that dies with this one.
type child struct {
	*os.Process
	exited chan struct{}
}

// Run starts a program that ends with its test.
func (p *Program) Run(t testing.TB) {
	t.Helper()
	RequireRoot(t)
	t.Cleanup(func() { p.Kill(t) })
	p.Start(t)
}

// Start starts the program and returns when it is ready.
func (p *Program) Start(t testing.TB) {
	t.Helper()
	p.Launch(t)
	Eventually(t, p.Within, p.Name+" serves", func() error {
		select {
		case <-p.child.exited:
			t.Fatalf("%s has ended; its log ends with:\n%s", p.Name, logfile.Tail(p.Log))
		default:
		}
		if err := p.Ready(); err != nil {
			return fmt.Errorf("%w; its log ends with:\n%s", err, logfile.Tail(p.Log))
		}
		return nil
	})
}

// Launch starts the program and leaves it to itself.
func (p *Program) Launch(t testing.TB) {
	t.Helper()
	log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	must(t, err, "open the log of %s", p.Name)
	defer func() { _ = log.Close() }() // the program has its own descriptor
	cmd := p.Command()
	must(t, cmd.Err, "start %s", p.Name)
	cmd.Stdout, cmd.Stderr = log, log
	p.child, err = startChild(enclosed(cmd), p.Namespace)
	must(t, err, "start %s", p.Name)
}

// enclosed has a command be the first process of a namespace, with whose end
// the kernel ends all others. What it reads below /proc is of that namespace.
func enclosed(cmd *exec.Cmd) *exec.Cmd {
	cmd.Args = append([]string{"sh", "-c", `mount -t proc proc /proc && exec "$@"`, "sh", cmd.Path}, cmd.Args[1:]...)
	cmd.Path = "/bin/sh"
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID, Unshareflags: syscall.CLONE_NEWNS}
	return cmd
}

// startChild starts a command that dies with this process, in a network
// namespace if one is given. The thread that forks stays there as long as the
// command lives.
func startChild(cmd *exec.Cmd, ns *netns.Namespace) (*child, error) {
	started, exited := make(chan error, 1), make(chan struct{})
	if ns == nil {
		go runWithParent(cmd, started, exited)
	} else {
		go func() {
			err := ns.Do(func() error {
				runWithParent(cmd, started, exited)
				return nil
			})
			if err != nil {
				started <- err
			}
		}()
	}
	if err := <-started; err != nil {
		return nil, err
	}
	return &child{cmd.Process, exited}, nil
}

// PID is the program's process.
func (p *Program) PID() int { return p.child.Pid }

// Stop ends the program in good order; where it takes longer than Within, the
// test fails.
func (p *Program) Stop(t testing.TB) {
	t.Helper()
	if p.child == nil {
		return
	}
	_ = p.child.Signal(syscall.SIGTERM) // where it has ended already, that is told here:
	select {
	case <-p.child.exited:
		p.child = nil
	case <-time.After(p.Within):
		p.Kill(t)
		t.Errorf("%s has not ended within %v; its log ends with:\n%s", p.Name, p.Within, logfile.Tail(p.Log))
	}
}

// Kill ends the program and all that it has started, as kill -9 does.
func (p *Program) Kill(t testing.TB) {
	t.Helper()
	must(t, p.child.end(syscall.SIGKILL), "end %s", p.Name)
	p.child = nil
}

// Freeze makes the program stand still without ending it; Thaw lets it go on.
func (p *Program) Freeze(t testing.TB) {
	t.Helper()
	freeze(t, p.Name, p.child.Process)
}

// Thaw ends a Freeze.
func (p *Program) Thaw(t testing.TB) {
	t.Helper()
	thaw(t, p.Name, p.child.Process)
}

// Ended tells whether the program has ended by itself.
func (p *Program) Ended() bool {
	if p.child == nil {
		return false
	}
	select {
	case <-p.child.exited:
		return true
	default:
		return false
	}
}

// end is for a child that may never have started, or has ended.
func (c *child) end(sig os.Signal) error {
	if c == nil {
		return nil
	}
	err := c.Signal(sig)
	<-c.exited
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}
