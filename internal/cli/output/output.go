// Package output writes objects as the OpenStack client does: tables for
// people; JSON, YAML, CSV, plain values and shell assignments for programs.
package output

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// The formats.
const (
	Table = "table"
	JSON  = "json"
	YAML  = "yaml"
	CSV   = "csv"
	Value = "value"
	Shell = "shell"
)

// ListFormats and OneFormats are the formats of lists and of single objects.
var (
	listFormats = []string{Table, JSON, YAML, CSV, Value}
	oneFormats  = []string{Table, JSON, YAML, CSV, Value, Shell}
)

// Options say how something is written.
type Options struct {
	Format     string
	Columns    []string // the wanted ones; empty: those that a list begins with, all of one object
	NoIndent   bool     // JSON in one line
	MaxWidth   int      // of a table, in characters; 0: as wide as it gets
	PrintEmpty bool     // an empty list as an empty table
	Quote      string   // in CSV: all, minimal, none, nonnumeric
	Prefix     string   // of the names of shell variables
	SortBy     []string // columns of a list
	Descending bool
}

// Column is a column of a list, or a field of one object. A value is nil, a
// string, a bool, an int64, or anything with JSON; a fmt.Stringer is written by
// its String where there is no structure.
type Column struct {
	Name      string // as shown
	Attribute string // as the API calls it; taken in place of Name
	Extra     bool   // of a list: shown only where it is wanted
}

// is tells whether a user means this column: case does not count, and "_" is
// as good as a space.
func (c Column) is(wanted string) bool {
	return folded(c.Name) == folded(wanted) || folded(c.Attribute) == folded(wanted)
}

func folded(s string) string { return strings.ToLower(strings.ReplaceAll(s, "_", " ")) }

// Check refuses options that no output can follow, before anything is done.
func (o Options) Check(columns []Column) error {
	formats := listFormats
	if columns == nil {
		formats = oneFormats
	}
	if !slices.Contains(formats, o.Format) {
		return fmt.Errorf("the format %q is unknown: there are %s", o.Format, strings.Join(formats, ", "))
	}
	if quotes := []string{"all", "minimal", "none", "nonnumeric"}; !slices.Contains(quotes, o.Quote) {
		return fmt.Errorf("--quote %q is unknown: there are %s", o.Quote, strings.Join(quotes, ", "))
	}
	if columns == nil {
		return nil
	}
	_, err := pick(columns, slices.Concat(o.Columns, o.SortBy))
	return err
}

// pick gives the places of the columns that are wanted, in the order of the
// columns, as the OpenStack client does.
func pick(columns []Column, wanted []string) ([]int, error) {
	var places []int
	for _, w := range wanted {
		if !slices.ContainsFunc(columns, func(c Column) bool { return c.is(w) }) {
			return nil, fmt.Errorf("there is no column %q: there are %s", w, names(columns))
		}
	}
	for i, c := range columns {
		if len(wanted) == 0 && !c.Extra || slices.ContainsFunc(wanted, c.is) {
			places = append(places, i)
		}
	}
	return places, nil
}

func names(columns []Column) string {
	all := make([]string, 0, len(columns))
	for _, c := range columns {
		all = append(all, c.Name)
	}
	return strings.Join(all, ", ")
}

// List writes rows; each has a value for each column.
func List(w io.Writer, columns []Column, rows [][]any, o Options) error {
	if err := sortRows(columns, rows, o); err != nil {
		return err
	}
	places, err := pick(columns, o.Columns)
	if err != nil {
		return err
	}
	head := make([]string, 0, len(places))
	for _, i := range places {
		head = append(head, columns[i].Name)
	}
	picked := make([][]any, 0, len(rows))
	for _, row := range rows {
		cells := make([]any, 0, len(places))
		for _, i := range places {
			cells = append(cells, row[i])
		}
		picked = append(picked, cells)
	}
	return writeList(w, head, picked, o)
}

func writeList(w io.Writer, head []string, rows [][]any, o Options) error {
	switch o.Format {
	case JSON:
		return writeJSON(w, records(head, rows), o)
	case YAML:
		return writeYAML(w, records(head, rows))
	case CSV:
		return writeCSV(w, head, rows, o.Quote)
	case Value:
		return writeValues(w, rows)
	}
	if len(rows) == 0 && !o.PrintEmpty {
		_, err := fmt.Fprintln(w)
		return err
	}
	return writeTable(w, head, rows, o.MaxWidth)
}

// One writes the fields of one object.
func One(w io.Writer, fields []Column, values []any, o Options) error {
	places, err := pick(fields, o.Columns)
	if err != nil {
		return err
	}
	var head []string
	var picked []any
	var rows [][]any
	for _, i := range places {
		head = append(head, fields[i].Name)
		picked = append(picked, values[i])
		rows = append(rows, []any{fields[i].Name, values[i]})
	}
	switch o.Format {
	case JSON:
		return writeJSON(w, record{head, picked}, o)
	case YAML:
		return writeYAML(w, record{head, picked})
	case CSV:
		return writeCSV(w, head, [][]any{picked}, o.Quote)
	case Value:
		return writeColumn(w, picked)
	case Shell:
		return writeShell(w, head, picked, o.Prefix)
	}
	return writeTable(w, []string{"Field", "Value"}, rows, o.MaxWidth)
}
