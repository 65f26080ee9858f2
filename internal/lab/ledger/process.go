package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Process names one process for good: process ids are used again, the time of
// start with it is not.
type Process struct {
	Name    string `json:"name"`
	PID     int    `json:"pid"`
	Started uint64 `json:"started"` // clock ticks after boot, proc(5)
}

// Identify gives the identity of a living process.
func Identify(name string, pid int) (Process, error) {
	now, err := stat(pid)
	if err != nil {
		return Process{}, fmt.Errorf("look up process %d (%s): %w", pid, name, err)
	}
	return Process{Name: name, PID: pid, Started: now.started}, nil
}

// Alive tells whether it still runs, or still holds what it has opened. One
// that has ended but was not waited for does not.
func (p Process) Alive() bool {
	now, err := stat(p.PID)
	return err == nil && now.started == p.Started && !now.ended()
}

// End ends the process: in good order if it can within the patience, else at
// once. One that is gone, or whose id is another's now, is left alone.
func (p Process) End(patience time.Duration) error {
	for _, step := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGTERM, patience}, {syscall.SIGKILL, killWithin}} {
		if err := p.Signal(step.signal); err != nil {
			return err
		}
		for deadline := time.Now().Add(step.wait); time.Now().Before(deadline); time.Sleep(pollEvery) {
			if !p.Alive() {
				return nil
			}
		}
	}
	return fmt.Errorf("process %d (%s) does not end", p.PID, p.Name)
}

const (
	pollEvery  = 2 * time.Millisecond
	killWithin = 5 * time.Second
)

// Signal sends a signal to the process; to one that is gone, none.
func (p Process) Signal(s syscall.Signal) error {
	if !p.Alive() {
		return nil
	}
	if err := syscall.Kill(p.PID, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("send %s to process %d (%s): %w", s, p.PID, p.Name, err)
	}
	return nil
}

// status is what proc(5) says of a process.
type status struct {
	state   byte   // field 3, of the first thread
	threads int    // field 20
	started uint64 // field 22
}

// ended: a zombie without other threads. With others it only waits for them to
// end, and they still hold sockets and files.
func (s status) ended() bool { return (s.state == 'Z' || s.state == 'X') && s.threads <= 1 }

// stat reads /proc/<pid>/stat. The second field, the name in parentheses, may
// hold anything.
func stat(pid int) (s status, err error) {
	file := fmt.Sprintf("/proc/%d/stat", pid)
	b, err := os.ReadFile(file)
	if err != nil {
		return s, err
	}
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(fields) < 20 {
		return s, fmt.Errorf("%s: %w", file, fs.ErrInvalid)
	}
	s.state = fields[0][0]
	s.threads, err = strconv.Atoi(fields[17])
	if err == nil {
		s.started, err = strconv.ParseUint(fields[19], 10, 64)
	}
	return s, err
}
