package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"landbridge/internal/lab/testenv"
)

// sleeper starts a child that sleeps, says so in a file, and waits for it.
func sleeper(t *testing.T) Program {
	t.Helper()
	dir := t.TempDir()
	return Program{
		Name: "sleeper", Argv: []string{"sh", "-c", `sleep 1000 & echo "$WORD" >up; wait`}, Env: []string{"WORD=hello"},
		Dir: dir, Log: filepath.Join(dir, "log"),
		Ready: func(context.Context) error {
			_, err := os.Stat(filepath.Join(dir, "up"))
			return err
		},
	}
}

func TestADaemonEndsWithAllThatItStarted(t *testing.T) {
	core := 0
	for name, at := range map[string]*int{"on any core": nil, "on one core": &core} {
		t.Run(name, func(t *testing.T) {
			p := sleeper(t)
			p.Core = at
			d, err := Start(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			if text, err := os.ReadFile(filepath.Join(p.Dir, "up")); err != nil || string(text) != "hello\n" {
				t.Errorf("it says %q, %v", text, err)
			}
			if m, err := d.Memory(); err != nil || m.Now <= 0 || m.Peak < m.Now {
				t.Errorf("memory %+v, %v", m, err)
			}
			pid := d.PID()
			if err := d.Stop(); err != nil {
				t.Error(err)
			}
			testenv.Eventually(t, 10*time.Second, "nothing of it is left", func() error {
				if err := syscall.Kill(-pid, 0); !errors.Is(err, syscall.ESRCH) {
					return fmt.Errorf("something is: %w", err)
				}
				return nil
			})
		})
	}
}

func TestWhatDoesNotStart(t *testing.T) {
	for name, c := range map[string]struct {
		argv []string
		want string
	}{
		"no such program":   {[]string{"/nowhere"}, "start sleeper"},
		"it ends":           {[]string{"false"}, "has ended"},
		"it is never ready": {[]string{"sleep", "1000"}, "is not ready"},
	} {
		t.Run(name, func(t *testing.T) {
			p := sleeper(t)
			p.Argv = c.argv
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			if _, err := Start(ctx, p); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestParseStatus(t *testing.T) {
	m, err := parseStatus([]byte("Name:\tx\nVmHWM:\t   2048 kB\nVmRSS:\t   1024 kB\nThreads:\t1\n"))
	if err != nil || m != (Memory{Now: 1 << 20, Peak: 2 << 20}) {
		t.Errorf("%+v, %v", m, err)
	}
	for _, text := range []string{"", "VmRSS:\t1 kB\n", "VmRSS:\tx kB\nVmHWM:\t1 kB\n"} {
		if _, err := parseStatus([]byte(text)); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
