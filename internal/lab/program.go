package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"landbridge/internal/lab/ledger"
	"landbridge/internal/lab/logfile"
	"landbridge/internal/lab/netns"
)

// pollEvery is the pause between two looks at a program that is to be ready.
const pollEvery = 10 * time.Millisecond

// program is how to run one program of a lab.
type program struct {
	name string // unique in the lab, for the ledger
	ns   *netns.Namespace
	argv []string
	dir  string // its working directory
	log  string // the file that gets its output
	// ready tells, by nil, that it serves.
	ready func(ctx context.Context) error
}

// start runs a program in a session of its own, so that a key pressed at the
// lab's terminal does not reach it, and waits until it is ready.
func (l *Lab) start(ctx context.Context, p program) error {
	if old, ok := l.ledger.Find(p.name); ok && old.Alive() {
		return fmt.Errorf("%s runs already, as process %d", p.name, old.PID)
	}
	process, err := l.launch(p)
	if err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	if err := l.ledger.Process(process); err != nil {
		return errors.Join(err, process.End(0))
	}
	return l.await(ctx, p, process)
}

func (l *Lab) launch(p program) (ledger.Process, error) {
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return ledger.Process{}, err
	}
	defer func() { _ = log.Close() }() // the program has its own
	cmd := exec.Command(p.argv[0], p.argv[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.dir, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if p.ns == nil {
		err = cmd.Start()
	} else {
		err = p.ns.Start(cmd)
	}
	if err != nil {
		return ledger.Process{}, err
	}
	process, err := ledger.Identify(p.name, cmd.Process.Pid)
	go func() { _ = cmd.Wait() }() // its end is seen by the ledger's identity
	return process, err
}

func (l *Lab) await(ctx context.Context, p program, process ledger.Process) error {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		err := p.ready(ctx)
		if err == nil {
			return nil
		}
		if !process.Alive() {
			return fmt.Errorf("%s has ended; its log %s ends with:\n%s", p.name, p.log, logfile.Tail(p.log))
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w; its log %s ends with:\n%s", p.name, err, p.log, logfile.Tail(p.log))
		}
	}
}

// end ends a program of the lab, at once where it does not within the patience.
func (l *Lab) end(name string, patience time.Duration) error {
	p, ok := l.ledger.Find(name)
	if !ok {
		return fmt.Errorf("%s was never started", name)
	}
	return p.End(patience)
}

// kill ends a program of the lab as kill -9 does.
func (l *Lab) kill(name string) error {
	p, ok := l.ledger.Find(name)
	if !ok {
		return fmt.Errorf("%s was never started", name)
	}
	return errors.Join(p.Signal(syscall.SIGKILL), p.End(0))
}

// program gives the path of a program of Landbridge.
func (o Options) program(name string) string { return filepath.Join(o.Programs, name) }
