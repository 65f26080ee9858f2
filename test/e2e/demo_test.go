package e2e

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"landbridge/internal/lab/testenv"
)

// demoWithin is how long a demonstration may take, on a busy machine too.
const demoWithin = time.Minute

// demo starts the demonstration, with labs in a directory of the test's own.
func demo(t *testing.T, root string) *exec.Cmd {
	t.Helper()
	testenv.RequireRoot(t)
	ctx, cancel := context.WithTimeout(t.Context(), demoWithin)
	t.Cleanup(cancel)
	return exec.CommandContext(ctx, filepath.Join(testenv.Programs(), "landbridge-lab"), "demo", "--root", root)
}

func TestDemoHolds(t *testing.T) {
	root := filepath.Join(t.TempDir(), "labs")
	cmd := demo(t, root)
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"All claims hold", "without passing the gateway", "VNI 456", "vm-a2 reaches vm-b1"} {
		if !bytes.Contains(out, []byte(want)) {
			t.Errorf("it does not say %q", want)
		}
	}
	if bytes.Contains(out, []byte("\x1b")) {
		t.Error("it colours what is no terminal")
	}
	nothingLeft(t, root, cmd.Process.Pid)
}

func TestDemoInterrupted(t *testing.T) {
	root := filepath.Join(t.TempDir(), "labs")
	cmd := demo(t, root)
	runUntil(t, cmd, "Proving it", syscall.SIGINT)
	nothingLeft(t, root, cmd.Process.Pid)
}

// TestDemoKilled leaves a lab behind, which the next run removes.
func TestDemoKilled(t *testing.T) {
	root := filepath.Join(t.TempDir(), "labs")
	killed := demo(t, root)
	runUntil(t, killed, "Joining them", syscall.SIGKILL)
	if left := namespaces(t, killed.Process.Pid); len(left) == 0 {
		t.Fatal("the kill came too late to leave anything")
	}
	next := demo(t, root)
	runUntil(t, next, "Joining them", syscall.SIGTERM)
	nothingLeft(t, root, killed.Process.Pid)
	nothingLeft(t, root, next.Process.Pid)
}

func TestDemoNeedsRoot(t *testing.T) {
	testenv.RequireRoot(t) // to become somebody else
	cmd := exec.Command(publicCopy(t, filepath.Join(testenv.Programs(), "landbridge-lab")), "demo")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if err == nil || !bytes.Contains(out, []byte("run it as root")) {
		t.Errorf("%v: %s", err, out)
	}
}

// publicCopy copies a program to where everybody can run it.
func publicCopy(t *testing.T, program string) string {
	t.Helper()
	b, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "landbridge-e2e-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	file := filepath.Join(dir, filepath.Base(program))
	if err := errors.Join(os.WriteFile(file, b, 0o755), os.Chmod(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	return file
}

// runUntil runs a command until it says something, sends it a signal, and
// waits for its end, which must not be a success.
func runUntil(t *testing.T, cmd *exec.Cmd, said string, signal os.Signal) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.Contains(lines.Text(), said) {
		continue
	}
	if err := cmd.Process.Signal(signal); err != nil {
		t.Error(err)
	}
	_, _ = io.Copy(io.Discard, out)
	if err := cmd.Wait(); err == nil {
		t.Error("it ended as if all was well")
	}
}

func namespaces(t *testing.T, pid int) []string {
	t.Helper()
	left, err := filepath.Glob("/run/netns/lb" + strconv.Itoa(pid) + "-*")
	if err != nil {
		t.Fatal(err)
	}
	return left
}

// nothingLeft looks for what a demonstration may have left.
func nothingLeft(t *testing.T, root string, pid int) {
	t.Helper()
	if left := namespaces(t, pid); len(left) > 0 {
		t.Errorf("namespaces are left: %v", left)
	}
	nothingUnder(t, root)
}

// nothingUnder looks for files, mounts and processes of labs in a directory.
func nothingUnder(t *testing.T, root string) {
	t.Helper()
	if entries, err := os.ReadDir(root); err == nil {
		t.Errorf("files are left: %v", entries)
	}
	mounts, err := os.ReadFile("/proc/mounts")
	if err != nil || strings.Contains(string(mounts), root) {
		t.Errorf("mounts are left (%v):\n%s", err, mounts)
	}
	commands, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range commands {
		b, _ := os.ReadFile(file) // one that has ended meanwhile is not left
		if strings.Contains(string(b), root) {
			t.Errorf("a process is left: %s", strings.ReplaceAll(string(b), "\x00", " "))
		}
	}
}
