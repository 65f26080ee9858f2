package agent

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/ovsdb"
)

// restless names the database of an agent in a process of its own, which writes
// all the time, and says on its standard output when it is fenced off.
const restless = "LANDBRIDGE_TEST_RESTLESS"

func runRestless(database string) {
	server := newServer()
	a, err := New(Config{Databases: []ovsdb.Config{{Address: database}}, Server: server, Name: "old", Epoch: 5})
	if err != nil {
		panic(err)
	}
	go func() { _ = a.Run(context.Background()) }()
	key := uint32(0)
	for range time.Tick(time.Millisecond) { // the pace of changes
		key = key%1000 + 1
		server.set("sw0", network(fmt.Sprint("old", key), key))
		if text := server.report(database).Error; strings.Contains(text, "served by another agent") {
			fmt.Println(text)
			_, _ = io.Copy(io.Discard, os.Stdin) // until the test ends
			return
		}
	}
}

func TestAStoppedAgentWritesNothingWhenItGoesOn(t *testing.T) {
	for round := range 5 { // it is stopped anywhere in what it does
		b := newBench(t)
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), restless+"="+b.db.Unix)
		cmd.Stderr, cmd.SysProcAttr = os.Stderr, &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		end := func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
		defer end()
		testenv.Eventually(t, soon, "the old agent writes", func() error {
			if n := len(b.db.Journal(t)); n < 10+round {
				return fmt.Errorf("%d transactions", n)
			}
			return nil
		})
		if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		b.server.set("sw0", network("young", 1))
		b.startAs(Config{Name: "young", Epoch: 7})
		b.holds(network("young", 1))
		if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(stdout).ReadString('\n')
		if want := `served by another agent ("young"), epoch 7 > 5`; err != nil || strings.TrimSpace(line) != want {
			t.Fatalf("the old agent says %q (%v), want %q", line, err, want)
		}
		_ = stdin.Close()
		end()
		if err := oldRows(b.db.Journal(t)); err != nil {
			t.Error(err)
		}
		b.stop()
	}
}

// oldRows finds rows that were made after the young agent had the database, and
// are not its own.
func oldRows(journal []testenv.Transaction) error {
	config, claimed := map[string]string{}, false
	for _, transaction := range journal {
		for _, row := range transaction.Rows["Global"] {
			testenv.PatchMap(config, row["other_config"])
		}
		claimed = claimed || config[hwvtep.Agent] == "young"
		for _, row := range transaction.Rows["Logical_Switch"] {
			if claimed && row != nil && row["name"] != "landbridge/young" {
				return fmt.Errorf("written after the young agent's claim: %v", row)
			}
		}
	}
	if !claimed {
		return errors.New("the young agent has never claimed the database")
	}
	return nil
}
