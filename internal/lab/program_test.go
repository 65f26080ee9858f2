package lab

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"landbridge/internal/lab/ledger"
)

// bareLab is a lab without nodes, for programs only.
func bareLab(t *testing.T) *Lab {
	t.Helper()
	book, err := ledger.Create(filepath.Join(t.TempDir(), "labs", "bare"))
	if err != nil {
		t.Fatal(err)
	}
	l := newLab(Spec{Name: "bare"}, Options{}, book)
	t.Cleanup(func() {
		if err := l.Remove(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func script(l *Lab, text string, ready func(context.Context) error) program {
	return program{name: "script", argv: []string{"sh", "-c", text}, dir: l.Dir, log: filepath.Join(l.Dir, "script.log"), ready: ready}
}

func TestProgramIsAwaitedStartedOnceAndEnded(t *testing.T) {
	l := bareLab(t)
	flag := filepath.Join(l.Dir, "ready")
	p := script(l, "echo ready > "+flag+"; exec sleep 60", func(context.Context) error {
		_, err := os.Stat(flag)
		return err
	})
	if err := l.start(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if err := l.start(t.Context(), p); err == nil || !strings.Contains(err.Error(), "runs already") {
		t.Errorf("started twice: %v", err)
	}
	if err := l.kill("script"); err != nil {
		t.Fatal(err)
	}
	if err := l.start(t.Context(), p); err != nil {
		t.Errorf("not again after its end: %v", err)
	}
	if err := l.end("script", time.Second); err != nil {
		t.Error(err)
	}
	if process, ok := l.ledger.Find("script"); !ok || process.Alive() {
		t.Errorf("%+v lives", process)
	}
}

func TestProgramThatFailsIsTold(t *testing.T) {
	l := bareLab(t)
	never := func(context.Context) error { return errors.New("not yet") }
	err := l.start(t.Context(), script(l, "echo out of paper >&2; exit 3", never))
	if err == nil || !strings.Contains(err.Error(), "has ended") || !strings.Contains(err.Error(), "out of paper") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err = l.start(ctx, script(l, "exec sleep 60", never))
	if err == nil || !strings.Contains(err.Error(), "not ready: not yet") {
		t.Errorf("got %v", err)
	}
	p := script(l, "", never)
	p.name, p.argv = "absent", []string{"/no/such/program"}
	if err := l.start(t.Context(), p); err == nil || !strings.Contains(err.Error(), "/no/such/program") {
		t.Errorf("got %v", err)
	}
	if err := errors.Join(l.kill("absent"), l.end("absent", 0)); err == nil {
		t.Error("ended what was never started")
	}
}
