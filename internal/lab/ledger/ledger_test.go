package ledger

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"landbridge/internal/lab/netns"
	"landbridge/internal/lab/testenv"
)

// sleeper starts a process that lives until it is ended.
func sleeper(t *testing.T, argv ...string) Process {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p, err := Identify("sleeper", cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(done)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-done
	})
	return p
}

func create(t *testing.T) *Ledger {
	t.Helper()
	l, err := Create(filepath.Join(t.TempDir(), "labs", "one"))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestEndLeavesAnotherProcessOfTheSameIDAlone(t *testing.T) {
	p := sleeper(t, "sleep", "60")
	other := p
	other.Started++ // the id has been used again since
	if other.Alive() {
		t.Fatal("took one process for another")
	}
	if err := other.End(time.Second); err != nil {
		t.Fatal(err)
	}
	if !p.Alive() {
		t.Fatal("ended a process that is not the one written down")
	}
	if err := p.End(5 * time.Second); err != nil || p.Alive() {
		t.Fatalf("still there: %v", err)
	}
	if err := p.End(time.Second); err != nil {
		t.Errorf("the end of an ended process: %v", err)
	}
}

func TestEndOfAStubbornProcess(t *testing.T) {
	p := sleeper(t, "sh", "-c", "trap '' TERM; while :; do sleep 60; done")
	testenv.Eventually(t, 5*time.Second, "the trap is set", func() error {
		b, err := os.ReadFile(filepath.Join("/proc", itoa(p.PID), "status"))
		if err != nil {
			return err
		}
		if !ignores(b, syscall.SIGTERM) {
			return errors.New("SIGTERM is not ignored")
		}
		return nil
	})
	if err := p.End(10 * time.Millisecond); err != nil || p.Alive() {
		t.Errorf("still there: %v", err)
	}
}

// A process of several threads whose first one has ended is a zombie that still
// holds its sockets.
func TestEndedMeansAllThreads(t *testing.T) {
	for _, c := range []struct {
		status status
		want   bool
	}{
		{status{'S', 1, 0}, false},
		{status{'R', 9, 0}, false},
		{status{'Z', 2, 0}, false},
		{status{'Z', 1, 0}, true},
		{status{'X', 0, 0}, true},
	} {
		if got := c.status.ended(); got != c.want {
			t.Errorf("%+v has ended: %v", c.status, got)
		}
	}
	own, err := stat(os.Getpid())
	if err != nil || own.threads < 2 || own.ended() {
		t.Errorf("this process: %+v, %v", own, err)
	}
}

func TestIdentifyOfNobody(t *testing.T) {
	if _, err := Identify("nobody", 1<<22+1); err == nil {
		t.Error("found a process that cannot be")
	}
}

func TestLedgerIsReadAsWritten(t *testing.T) {
	l := create(t)
	p := Process{"a program", 1 << 21, 5}
	if err := errors.Join(l.Namespace("n1"), l.Namespace("n2"), l.Mount("/m"), l.Process(p)); err != nil {
		t.Fatal(err)
	}
	r, err := Load(l.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.record.Namespaces, []string{"n1", "n2"}) || !slices.Equal(r.record.Mounts, []string{"/m"}) {
		t.Errorf("%+v", r.record)
	}
	if got, ok := r.Find("a program"); !ok || got != p {
		t.Errorf("found %v, %v", got, ok)
	}
	if _, ok := r.Find("another"); ok {
		t.Error("found a program that was never started")
	}
}

func TestCreateRefusesATakenName(t *testing.T) {
	l := create(t)
	if _, err := Create(l.Dir); !errors.Is(err, os.ErrExist) {
		t.Errorf("got %v", err)
	}
}

func TestRemoveAbandonedTouchesOnlyLabsWithoutOwner(t *testing.T) {
	testenv.RequireRoot(t)
	root := filepath.Join(t.TempDir(), "labs")
	labs := map[string]*Ledger{}
	for _, name := range []string{"killed", "running", "kept"} {
		l, err := Create(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		labs[name] = l
	}
	program := sleeper(t, "sleep", "60")
	name := "lbledger" + itoa(os.Getpid())
	ns, err := netns.New(name)
	if err != nil {
		t.Fatal(err)
	}
	dead := Process{"gone", os.Getpid(), 1}
	err = errors.Join(ns.Close(), labs["killed"].Namespace(name), labs["killed"].Namespace("never-made"),
		labs["killed"].Mount(filepath.Join(root, "killed", "never-mounted")), labs["killed"].Process(program),
		labs["killed"].change(func(r *record) { r.Owner = dead }),
		labs["kept"].Keep(), labs["kept"].change(func(r *record) { r.Owner = dead }))
	if err != nil {
		t.Fatal(err)
	}

	removed, err := RemoveAbandoned(root)
	if err != nil || !slices.Equal(removed, []string{"killed"}) {
		t.Fatalf("removed %v, %v", removed, err)
	}
	if program.Alive() {
		t.Error("the program of the killed lab is left")
	}
	for path, want := range map[string]bool{
		"/run/netns/" + name: false, labs["killed"].Dir: false, labs["running"].Dir: true, labs["kept"].Dir: true,
	} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s is there: %v, want %v", path, err == nil, want)
		}
	}
}

func TestRemoveAbandonedWithoutLabs(t *testing.T) {
	if removed, err := RemoveAbandoned(filepath.Join(t.TempDir(), "none")); err != nil || removed != nil {
		t.Errorf("%v, %v", removed, err)
	}
}

func TestBrokenLedgerIsTold(t *testing.T) {
	l := create(t)
	if err := os.WriteFile(l.file(), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := RemoveAbandoned(filepath.Dir(l.Dir)); err == nil {
		t.Error("passed over in silence")
	}
}

func itoa(n int) string { return strconv.Itoa(n) }

// ignores tells whether a process ignores a signal, by its status of proc(5).
// It may ignore others as well: those that whoever started the tests did.
func ignores(status []byte, signal syscall.Signal) bool {
	for line := range strings.Lines(string(status)) {
		if mask, ok := strings.CutPrefix(line, "SigIgn:"); ok {
			set, err := strconv.ParseUint(strings.TrimSpace(mask), 16, 64)
			return err == nil && set&(1<<(signal-1)) != 0
		}
	}
	return false
}
