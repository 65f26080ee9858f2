// Package daemon runs the programs that are measured, and tells what they use.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// pollEvery is the pause between two looks at a program that is to be ready.
const pollEvery = 20 * time.Millisecond

// patience is how long a program may take to end when it is asked to.
const patience = 15 * time.Second

// Program is how to run a program.
type Program struct {
	Name string
	Argv []string
	Env  []string // beside those of this process
	Dir  string   // its working directory
	Log  string   // the file that gets its output
	// Core is the one processor core that it and its children may use; nil: any.
	Core *int
	// Ready tells, by nil, that it serves.
	Ready func(ctx context.Context) error
}

// Daemon is a program that runs, with the children it has started.
type Daemon struct {
	Program
	process *os.Process
	exited  chan struct{}
}

// Start starts a program and waits until it is ready, or ctx ends. It dies with
// this process.
func Start(ctx context.Context, p Program) (*Daemon, error) {
	log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // the program has its own
	argv := p.Argv
	if p.Core != nil {
		argv = append([]string{"taskset", "--cpu-list", strconv.Itoa(*p.Core)}, argv...)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.Env = p.Dir, log, log, append(os.Environ(), p.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started, d := make(chan error, 1), &Daemon{Program: p, exited: make(chan struct{})}
	go d.run(cmd, started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", p.Name, err)
	}
	d.process = cmd.Process
	if err := d.await(ctx); err != nil {
		return nil, errors.Join(err, d.Stop())
	}
	return d, nil
}

// run stays with the program: the signal at the parent's death is bound to the
// thread that forked.
func (d *Daemon) run(cmd *exec.Cmd, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(d.exited)
	err := cmd.Start()
	started <- err
	if err == nil {
		_ = cmd.Wait() // how it ended is told by who ended it
	}
}

func (d *Daemon) await(ctx context.Context) error {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		err := d.Ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ticker.C:
		case <-d.exited:
			return fmt.Errorf("%s has ended; see its log %s", d.Name, d.Log)
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w; see its log %s", d.Name, err, d.Log)
		}
	}
}

// PID is the program's process.
func (d *Daemon) PID() int { return d.process.Pid }

// Stop ends the program in good order, and kills what of it is left then.
func (d *Daemon) Stop() error {
	err := d.process.Signal(syscall.SIGTERM)
	select {
	case <-d.exited:
	case <-time.After(patience):
		err = errors.Join(err, fmt.Errorf("%s has not ended within %v", d.Name, patience))
	}
	left := syscall.Kill(-d.process.Pid, syscall.SIGKILL)
	<-d.exited
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	if errors.Is(left, syscall.ESRCH) {
		left = nil
	}
	return errors.Join(err, left)
}
