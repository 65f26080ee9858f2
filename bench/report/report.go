// Package report writes down figures: as JSON to keep, as a table to read.
package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"landbridge/bench/measure"
)

// Figure is one thing that was measured, perhaps beside a rival.
type Figure struct {
	Name       string   `json:"figure"`
	Value      float64  `json:"value"`
	Unit       string   `json:"unit"` // "requests/s", "ms", "MiB"
	Rival      string   `json:"rival"`
	RivalValue *float64 `json:"rival_value"` // nil: there is no rival
	Ratio      *float64 `json:"ratio"`       // how many times better than the rival; nil: no rival
	Aim        string   `json:"aim"`         // in words; "": none
	Met        *bool    `json:"met"`         // nil: no aim
}

// New makes a figure without a rival.
func New(name string, value float64, unit string) Figure {
	return Figure{Name: name, Value: measure.Round(value), Unit: unit}
}

// Beside adds a rival's value, and how many times better ours is: the ratio is
// measured round by round, and so no quotient of the two values.
func (f Figure) Beside(rival string, value, ratio float64) Figure {
	value, ratio = measure.Round(value), measure.Round(ratio)
	f.Rival, f.RivalValue, f.Ratio = rival, &value, &ratio
	return f
}

// Aimed adds an aim and whether it is met.
func (f Figure) Aimed(aim string, met bool) Figure {
	f.Aim, f.Met = aim, &met
	return f
}

// Write keeps figures in a file, and makes its folder where that is missing.
func Write(path string, figures []Figure) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(figures); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

// Table gives figures as a table in Markdown.
func Table(figures []Figure) string {
	var b strings.Builder
	b.WriteString("| figure | value | rival | its value | ratio | aim | met |\n| --- | ---: | --- | ---: | ---: | --- | --- |\n")
	for _, f := range figures {
		fmt.Fprintf(&b, "| %s | %s %s | %s | %s | %s | %s | %s |\n", f.Name, number(&f.Value), f.Unit,
			f.Rival, number(f.RivalValue), number(f.Ratio), f.Aim, answer(f.Met))
	}
	return b.String()
}

func number(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'f', -1, 64)
}

func answer(met *bool) string {
	switch {
	case met == nil:
		return ""
	case *met:
		return "yes"
	}
	return "**no**"
}

// Section is what one benchmark has found out.
type Section struct {
	Title   string
	Figures []Figure
}

// Finish shows sections, and keeps their figures in a file of a folder; "": they
// are shown only.
func Finish(folder, file string, sections []Section) error {
	var all []Figure
	for _, s := range sections {
		fmt.Printf("\n### %s\n\n%s", s.Title, Table(s.Figures))
		all = append(all, s.Figures...)
	}
	if folder == "" || len(all) == 0 {
		return nil
	}
	return Write(filepath.Join(folder, file), all)
}
