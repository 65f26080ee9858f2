package testenv

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Who is frozen does nothing any more when Freeze returns, however many threads it
// has and however busy they are; whoever is frozen twice goes on once thawed.
func TestFreezeWaitsUntilAllThreadsStand(t *testing.T) {
	dir := t.TempDir()
	p := &Program{
		Name: "many threads", Log: filepath.Join(dir, "log"), Within: scriptWithin,
		Command: func() *exec.Cmd {
			cmd := exec.Command(os.Args[0], "-test.run=^TestBeBusy$")
			cmd.Env = append(os.Environ(), busyVariable+"="+dir)
			return cmd
		},
		Ready: func() error {
			_, err := os.Stat(filepath.Join(dir, "busy"))
			return err
		},
	}
	p.Run(t)
	for range 20 {
		p.Freeze(t)
		if moving := threads(t, p.PID(), func(state string) bool { return state != "T" }); len(moving) > 0 {
			t.Errorf("threads are in the states %v", moving)
		}
		p.Freeze(t)
		p.Thaw(t)
		Eventually(t, scriptWithin, "it goes on", func() error {
			if standing := threads(t, p.PID(), func(state string) bool { return state == "T" }); len(standing) > 0 {
				return fmt.Errorf("%d threads stand", len(standing))
			}
			return nil
		})
	}
}

// threads gives the states of a process's threads that fit.
func threads(t *testing.T, pid int, fits func(state string) bool) (states []string) {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	must(t, err, "list threads")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		_, after, _ := strings.Cut(string(text), ") ")
		if state := after[:1]; fits(state) {
			states = append(states, state)
		}
	}
	return states
}

const busyVariable = "LANDBRIDGE_TEST_BUSY"

// TestBeBusy is for TestFreezeWaitsUntilAllThreadsStand, which ends it.
func TestBeBusy(t *testing.T) {
	dir := os.Getenv(busyVariable)
	if dir == "" {
		return
	}
	for range 8 {
		go func() {
			for {
				_, _ = os.ReadFile("/proc/self/stat")
			}
		}()
	}
	must(t, os.WriteFile(filepath.Join(dir, "busy"), nil, 0o600), "say that it is busy")
	select {}
}
