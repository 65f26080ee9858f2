package datapath

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// core is the processor that sources run on, and with them all that the kernel
// does with their packets.
const core = 1

// onCore runs fn on the one core.
func onCore(fn func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	one.Set(core % runtime.NumCPU())
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return err
	}
	defer func() { _ = unix.SchedSetaffinity(0, &before) }() // back to what it was
	return fn()
}

// work is the CPU time of a measurement: that of the calling thread, in whose
// time the kernel serves what it sends, that of the kernel's threads for what
// is left over, and that of processes which forward.
type work struct{ tasks []string }

// workOf finds the tasks whose time counts besides the caller's.
func workOf(b *testing.B, processes []int) work {
	b.Helper()
	var w work
	names, err := filepath.Glob("/proc/[0-9]*/comm")
	must(b, err)
	for _, name := range names {
		if text, err := os.ReadFile(name); err == nil && strings.HasPrefix(string(text), "ksoftirqd/") {
			w.tasks = append(w.tasks, filepath.Dir(name))
		}
	}
	w.tasks = append(w.tasks, tasksOf(b, processes)...)
	return w
}

// tasksOf finds the threads of processes.
func tasksOf(b *testing.B, processes []int) (out []string) {
	b.Helper()
	for _, pid := range processes {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
		must(b, err)
		out = append(out, threads...)
	}
	return out
}

// of gives the CPU time that fn and what it causes have taken.
func (w work) of(fn func() error) (time.Duration, error) {
	began, err := w.now()
	if err != nil {
		return 0, err
	}
	if err := fn(); err != nil {
		return 0, err
	}
	ended, err := w.now()
	return ended - began, err
}

// now gives the time spent so far.
func (w work) now() (time.Duration, error) {
	var own unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &own); err != nil {
		return 0, err
	}
	others, err := w.others()
	return time.Duration(own.Nano()) + others, err
}

// others gives the time that all but the calling thread have spent.
func (w work) others() (sum time.Duration, err error) {
	for _, task := range w.tasks {
		text, err := os.ReadFile(task + "/schedstat") // in nanoseconds
		if err != nil {
			return 0, err
		}
		first, _, _ := strings.Cut(string(text), " ")
		n, err := strconv.ParseInt(first, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", task, err)
		}
		sum += time.Duration(n)
	}
	return sum, nil
}
