package api

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"landbridge/bench/report"
)

var (
	rounds  = flag.Int("rounds", 5, "rounds, in each of which every rival is measured")
	phase   = flag.Duration("phase", 5*time.Second, "how long each operation is repeated in a round")
	macs    = flag.Int("macs", 100_000, "remote MACs stored while memory and pages are measured")
	results = flag.String("results", "", "the folder that gets the figures; none: they are only shown")
)

// found has what the benchmarks of this run have found out.
var found []report.Section

func TestMain(m *testing.M) {
	code := m.Run()
	if err := report.Finish(*results, "api.json", found); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// say tells how far a long benchmark is.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
