package control

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"landbridge/bench/report"
)

var (
	rounds   = flag.Int("rounds", 3, "rounds, in each of which everything but the full size is measured")
	each     = flag.Int("each", 100, "objects of which each latency is measured in a round")
	macs     = flag.Int("macs", 100_000, "remote MACs of the bulk create")
	networks = flag.Int("networks", 4096, "networks of the full size")
	nodes    = flag.Int("nodes", 256, "compute nodes of the full size, each with a port of each network")
	results  = flag.String("results", "", "the folder that gets the figures; none: they are only shown")
)

// patience bounds every wait.
const patience = 5 * time.Minute

// found has what the benchmarks of this run have found out.
var found []report.Section

func TestMain(m *testing.M) {
	if file := os.Getenv(largeServer); file != "" {
		runLargeServer(file) // this is the other process of a benchmark
		return
	}
	code := m.Run()
	if err := report.Finish(*results, "control.json", found); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// say tells how far a long benchmark is.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
