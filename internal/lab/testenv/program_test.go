package testenv

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// holdVariable has this test binary start a program that belongs to the
// directory that it names, and hold it.
const holdVariable = "LANDBRIDGE_TEST_HOLD"

const scriptWithin = 10 * time.Second

// daemonising is a script that leaves a daemon behind, as epmd does, and ends
// in good order.
func daemonising(dir string) *Program {
	serves := filepath.Join(dir, "serves")
	return &Program{
		Name: "the script", Log: filepath.Join(dir, "log"), Within: scriptWithin,
		Command: func() *exec.Cmd {
			cmd := exec.Command("sh", "-c", `setsid sleep 1000 & trap 'echo in good order; exit' TERM; touch "$SERVES"; while :; do sleep 0.01; done`)
			cmd.Env = append(os.Environ(), "SERVES="+serves)
			return cmd
		},
		Ready: func() error {
			_, err := os.Stat(serves)
			return err
		},
	}
}

func TestProgramEndsWithAllThatItStarted(t *testing.T) {
	dir := t.TempDir()
	p := daemonising(dir)
	p.Run(t)
	p.Stop(t)
	Eventually(t, scriptWithin, "it ends in good order", func() error { return noneWith(dir) })
	must(t, os.Remove(filepath.Join(dir, "serves")), "prepare the next start")
	p.Start(t)
	if noneWith(dir) == nil || p.Ended() {
		t.Error("it does not run")
	}
	p.Kill(t)
	Eventually(t, scriptWithin, "it ends at once", func() error { return noneWith(dir) })
	if log, err := os.ReadFile(p.Log); err != nil || strings.Count(string(log), "in good order") != 1 {
		t.Errorf("log %q, %v", log, err)
	}
}

func TestProgramHasEndedByItself(t *testing.T) {
	p := &Program{
		Name: "true", Log: filepath.Join(t.TempDir(), "log"), Within: scriptWithin,
		Command: func() *exec.Cmd { return exec.Command("true") },
	}
	p.Launch(t)
	Eventually(t, scriptWithin, "it ends", func() error {
		if !p.Ended() {
			return errors.New("not yet")
		}
		return nil
	})
	p.Freeze(t)
	p.Thaw(t)
	p.Kill(t)
	if p.Ended() {
		t.Error("killed is not ended by itself")
	}
}

func TestProgramEndsWithItsParent(t *testing.T) {
	dir := t.TempDir()
	parent := exec.Command(os.Args[0], "-test.run=^TestHoldProgram$")
	parent.Env = append(os.Environ(), holdVariable+"="+dir)
	out, err := parent.StdoutPipe()
	must(t, err, "read from another test")
	must(t, parent.Start(), "start another test")
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != itRuns {
		t.Errorf("the other test says %q: %v", line, err)
	}
	must(t, parent.Process.Kill(), "kill the other test")
	_ = parent.Wait() // it was killed
	Eventually(t, scriptWithin, "the program ends with its parent", func() error { return noneWith(dir) })
}

const itRuns = "it runs\n"

// TestHoldProgram is for TestProgramEndsWithItsParent, which kills it.
func TestHoldProgram(t *testing.T) {
	dir := os.Getenv(holdVariable)
	if dir == "" {
		return
	}
	daemonising(dir).Run(t)
	if noneWith(filepath.Join(dir, "serves")) != nil {
		fmt.Print(itRuns)
	}
	select {}
}
