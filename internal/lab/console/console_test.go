package console

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestWhatAPersonReads(t *testing.T) {
	var out bytes.Buffer
	c := New(&out)
	c.Heading("A part")
	c.Text("one\n two\n")
	steps := []error{
		c.Step("a step", func() error { return nil }),
		c.Step("a step with details", func() error {
			c.Detail("a detail")
			c.Detail("another")
			return nil
		}),
		c.Step("a step that fails", func() error { return errors.New("no") }),
	}
	c.Results([]Result{{"it holds", "3 of 3", true}, {"it does not", "2 of 3", false}})
	c.Success("well")

	if steps[0] != nil || steps[1] != nil || steps[2] == nil || c.Err() != nil {
		t.Errorf("errors %v, %v", steps, c.Err())
	}
	got := regexp.MustCompile(`\d+\.\d\d s`).ReplaceAllString(out.String(), "N s")
	want := `
A part
  one
   two
  a step ... done N s
  a step with details ... 
      a detail
      another
  a step with details: done N s
  a step that fails ... failed

┌─────┬─────────────┬────────┐
│     │ CLAIM       │ SEEN   │
├─────┼─────────────┼────────┤
│ yes │ it holds    │ 3 of 3 │
│ NO  │ it does not │ 2 of 3 │
└─────┴─────────────┴────────┘

well
`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestColourIsOnlyForTerminals(t *testing.T) {
	var out bytes.Buffer
	c := New(&out)
	c.Heading("plain")
	c.colour = true // as on a terminal
	c.Heading("bold")
	if got := out.String(); strings.Count(got, "\x1b[1m") != 1 || !strings.Contains(got, "\nplain\n") {
		t.Errorf("got %q", got)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no paper") }

func TestErrorOfTheWriterIsKept(t *testing.T) {
	c := New(broken{})
	c.Heading("x")
	c.Text("y")
	if c.Err() == nil {
		t.Error("it is lost")
	}
}

func TestSeconds(t *testing.T) {
	if got := Seconds(1234 * time.Millisecond); got != "1.23 s" {
		t.Errorf("got %q", got)
	}
}
