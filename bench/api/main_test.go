package api

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
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

// section is what one benchmark has found out.
type section struct {
	title   string
	figures []report.Figure
}

// found has what the benchmarks of this run have found out.
var found []section

func TestMain(m *testing.M) {
	code := m.Run()
	var all []report.Figure
	for _, s := range found {
		fmt.Printf("\n### %s\n\n%s", s.title, report.Table(s.figures))
		all = append(all, s.figures...)
	}
	if *results != "" && len(all) > 0 {
		if err := report.Write(filepath.Join(*results, "api.json"), all); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// say tells how far a long benchmark is.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
