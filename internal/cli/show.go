package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"landbridge/internal/cli/device"
	"landbridge/internal/cli/output"
	"landbridge/internal/cli/rest"
)

// outputs are the options of what a command writes.
type outputs struct {
	output.Options
	ascending bool
}

// outputFlags are those of commands that write one object.
func outputFlags(c *cobra.Command) *outputs {
	o := &outputs{}
	f := c.Flags()
	f.StringVarP(&o.Format, "format", "f", output.Table, "`FORMAT`: table, json, yaml, csv, value, or shell for one object")
	f.StringArrayVarP(&o.Columns, "column", "c", nil, "only this `COLUMN` (repeatable)")
	f.BoolVar(&o.NoIndent, "noindent", false, "JSON in one line")
	f.IntVar(&o.MaxWidth, "max-width", 0, "width of a table, in `CHARACTERS`; 0: as wide as it gets")
	f.BoolVar(&o.PrintEmpty, "print-empty", false, "an empty list as an empty table")
	f.StringVar(&o.Quote, "quote", "nonnumeric", "`WHAT` is quoted in CSV: all, minimal, none, nonnumeric")
	f.StringVar(&o.Prefix, "prefix", "", "`PREFIX` of shell variables")
	return o
}

// listFlags are those of commands that write lists.
func listFlags(c *cobra.Command) *outputs {
	o := outputFlags(c)
	f := c.Flags()
	f.StringArrayVar(&o.SortBy, "sort-column", nil, "sort by this `COLUMN` (repeatable)")
	f.BoolVar(&o.ascending, "sort-ascending", false, "sort upwards (the default)")
	f.BoolVar(&o.Descending, "sort-descending", false, "sort downwards")
	return o
}

// check refuses what cannot be written, before anything is done. Columns are
// nil for one object.
func (o *outputs) check(c *cobra.Command, columns []output.Column) error {
	if o.ascending && o.Descending {
		return misuse(c, "--sort-ascending and --sort-descending exclude each other")
	}
	if err := o.Check(columns); err != nil {
		return misuse(c, "%v", err)
	}
	return nil
}

// show writes one object: all that the server has shown of it, by name.
func (a *app) show(object rest.Object, o *outputs) error {
	var fields []output.Column
	var values []any
	for _, name := range slices.Sorted(maps.Keys(object)) {
		fields = append(fields, output.Column{Name: name})
		values = append(values, shown(name, object[name]))
	}
	return output.One(a.Out, fields, values, o.Options)
}

func (a *app) list(columns []output.Column, all []rest.Object, o *outputs) error {
	rows := make([][]any, 0, len(all))
	for _, object := range all {
		row := make([]any, 0, len(columns))
		for _, c := range columns {
			row = append(row, shown(c.Attribute, object[c.Attribute]))
		}
		rows = append(rows, row)
	}
	return output.List(a.Out, columns, rows, o.Options)
}

// shown are the columns of a list.
func (k *kind) shown(long bool) []output.Column {
	columns := slices.Clone(k.columns)
	for i := range columns {
		columns[i].Extra = columns[i].Extra && !long
	}
	return columns
}

// attributesOf is what a list has to be asked for: the others need not travel.
func attributesOf(columns []output.Column, o output.Options) []string {
	out := []string{"id"}
	for _, c := range columns {
		if c.Attribute != "id" && (!c.Extra || len(o.Columns) > 0 || len(o.SortBy) > 0) {
			out = append(out, c.Attribute)
		}
	}
	return out
}

// shown makes of an attribute what is written.
func shown(name string, v any) any {
	if name == "devices" {
		return devices{v}
	}
	if list, ok := v.([]any); ok {
		return words(list)
	}
	return v
}

// words are written as they are given on a command line, where there is no
// structure.
type words []any

// String implements fmt.Stringer: the words with commas between.
func (w words) String() string {
	texts := make([]string, len(w))
	for i, word := range w {
		texts[i] = fmt.Sprint(word)
	}
	return strings.Join(texts, ",")
}

// devices are written as they are given on a command line, where there is no
// structure.
type devices struct{ raw any }

// String implements fmt.Stringer: one device a line.
func (d devices) String() string {
	text, err := json.Marshal(d.raw)
	if err != nil {
		return err.Error()
	}
	var all []device.Device
	if err := json.Unmarshal(text, &all); err != nil {
		return string(text)
	}
	var lines []string
	for _, one := range all {
		if len(one.Interfaces) == 0 {
			one.Interfaces = nil
		}
		lines = append(lines, one.String())
	}
	return strings.Join(lines, "\n")
}

// MarshalJSON implements json.Marshaler.
func (d devices) MarshalJSON() ([]byte, error) { return json.Marshal(d.raw) }

// MarshalYAML implements yaml.InterfaceMarshaler.
func (d devices) MarshalYAML() (any, error) { return d.raw, nil }
