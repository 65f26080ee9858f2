// Package console tells a person what a program is doing: headings, steps with
// the time they took, a table of results. Colour is for terminals only.
package console

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"golang.org/x/sys/unix"
)

// Console writes for a person. It is for one goroutine.
type Console struct {
	out    io.Writer
	colour bool
	open   bool // a step's line is not ended
	err    error
}

// New makes a console on a writer, in colour where that is a terminal and the
// environment does not say NO_COLOR (no-color.org).
func New(out io.Writer) *Console {
	return &Console{out: out, colour: isTerminal(out) && os.Getenv("NO_COLOR") == ""}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// style is the parameter of an SGR escape sequence (ECMA-48).
type style string

const (
	bold  style = "1"
	faint style = "2"
	red   style = "31"
	green style = "32"
)

func (c *Console) paint(s style, text string) string {
	if !c.colour {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// Heading begins a part.
func (c *Console) Heading(text string) { c.print("\n%s\n", c.paint(bold, text)) }

// Text shows lines as they are, indented.
func (c *Console) Text(text string) {
	for line := range strings.Lines(text) {
		c.print("  %s\n", strings.TrimRight(line, "\n"))
	}
}

// Detail shows a line that belongs to the running step.
func (c *Console) Detail(text string) {
	if c.open {
		c.print("\n")
		c.open = false
	}
	c.print("      %s\n", c.paint(faint, text))
}

// Step says what is being done, does it, and says how it went.
func (c *Console) Step(what string, do func() error) error {
	c.print("  %s ... ", what)
	c.open = true
	begun := time.Now()
	err := do()
	if !c.open {
		c.print("  %s: ", what)
	}
	c.open = false
	if err != nil {
		c.print("%s\n", c.paint(red, "failed"))
		return err
	}
	c.print("%s %s\n", c.paint(green, "done"), c.paint(faint, Seconds(time.Since(begun))))
	return nil
}

// Result is a line of the table of results.
type Result struct {
	Claim, Seen string
	Holds       bool
}

// Results shows a table.
func (c *Console) Results(results []Result) {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"", "claim", "seen"})
	for _, r := range results {
		mark := c.paint(green, "yes")
		if !r.Holds {
			mark = c.paint(red, "NO")
		}
		t.AppendRow(table.Row{mark, r.Claim, r.Seen})
	}
	c.print("\n%s\n", t.Render())
}

// Success ends a text with good news.
func (c *Console) Success(text string) { c.print("\n%s\n", c.paint(green, text)) }

// Err is the first error of the writer.
func (c *Console) Err() error { return c.err }

func (c *Console) print(format string, args ...any) {
	if c.err == nil {
		_, c.err = fmt.Fprintf(c.out, format, args...)
	}
}

// Seconds writes a duration for a person: "1.24 s".
func Seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }
