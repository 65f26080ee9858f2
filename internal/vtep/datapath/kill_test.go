package datapath

import (
	"bufio"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"landbridge/internal/lab/testenv"
)

// victimDir makes the test binary the process that TestKilled kills.
const victimDir = "LANDBRIDGE_TEST_VICTIM_DIRECTORY"

func TestMain(m *testing.M) {
	if dir := os.Getenv(victimDir); dir != "" {
		fmt.Fprintln(os.Stderr, victim(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func killConfig(dir string) Config {
	return Config{PinDir: dir, Logger: slog.New(slog.DiscardHandler), Sizes: Sizes{Tunnels: 64, Networks: 8, NextHops: 64, FDB: 64}}
}

// victim changes networks until it is killed, and writes a line for each change.
func victim(dir string) error {
	d, err := Open(killConfig(dir))
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		for name, err := range d.Apply(killState(i)) {
			return fmt.Errorf("apply %s: %w", name, err)
		}
		fmt.Println(i)
	}
}

// killState gives states that differ in everything from one to the next.
func killState(i int) changes {
	r, b := red(), blue()
	switch i % 4 {
	case 0:
		return changes{"red": r, "blue": nil}
	case 1:
		b.Tunnels, r.Tunnels = r.Tunnels, b.Tunnels
		r.FDB, b.FDB = nil, nil
		return changes{"red": r, "blue": b}
	case 2:
		r.FDB = nil
		for e, tun := range r.Tunnels {
			tun.Flood, tun.Group = !tun.Flood, 1-tun.Group
			r.Tunnels[e] = tun
		}
		return changes{"red": r, "blue": b}
	}
	return changes{"red": nil, "blue": b}
}

// Killed at any instant, what is left is whole.
func TestKilled(t *testing.T) {
	dir := filepath.Join(testenv.BPFFS(t), "gw")
	for range 25 {
		killAfter(t, dir, rand.IntN(8), time.Duration(rand.IntN(30_000))*time.Microsecond)
		d := openWith(t, killConfig(dir))
		d.resolve(t)
		wantNetworks(t, d, d.Networks())
		d.apply(t, changes{"red": red(), "blue": blue()})
		d.resolve(t)
		wantNetworks(t, d, networks(red(), blue()))
		closed(t, d)
	}
	if err := Remove(dir); err != nil {
		t.Error(err)
	}
}

// killAfter runs a victim and kills it some time after so many changes.
func killAfter(t *testing.T, dir string, lines int, later time.Duration) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victimDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewScanner(out)
	for range lines {
		if !in.Scan() {
			t.Fatal("the victim ended by itself")
		}
	}
	<-time.After(later)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
}
