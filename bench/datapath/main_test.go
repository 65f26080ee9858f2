package datapath

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"landbridge/bench/report"
)

var (
	rounds  = flag.Int("rounds", 5, "rounds, in each of which every rival is measured")
	macs    = flag.Int("macs", 1<<20, "MACs in the largest tables that the program is measured with")
	results = flag.String("results", "", "the folder that gets the figures; none: they are only shown")
)

// section is what one benchmark has found out.
type section struct {
	title   string
	figures []report.Figure
}

// append gives a section with more figures.
func (s section) append(more ...report.Figure) section {
	s.figures = append(s.figures, more...)
	return s
}

// found has what the benchmarks of this run have found out.
var found []section

func TestMain(m *testing.M) {
	code := m.Run()
	if err := write(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// say tells how far a long benchmark is.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

func write() error {
	var all []report.Figure
	for _, s := range found {
		fmt.Printf("\n### %s\n\n%s", s.title, report.Table(s.figures))
		all = append(all, s.figures...)
	}
	if *results == "" || len(all) == 0 {
		return nil
	}
	return report.Write(filepath.Join(*results, "datapath.json"), all)
}
