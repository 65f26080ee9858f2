package output

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/goccy/go-yaml"
)

// record is an object whose members stand in this order.
type record struct {
	names  []string
	values []any
}

func records(head []string, rows [][]any) []record {
	out := make([]record, 0, len(rows))
	for _, row := range rows {
		out = append(out, record{head, row})
	}
	return out
}

// MarshalJSON implements json.Marshaler.
func (r record) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, name := range r.names {
		if i > 0 {
			out.WriteByte(',')
		}
		key, err := encode(name, "")
		if err != nil {
			return nil, err
		}
		value, err := encode(r.values[i], "")
		if err != nil {
			return nil, err
		}
		out.Write(key)
		out.WriteByte(':')
		out.Write(value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// MarshalYAML implements yaml.InterfaceMarshaler.
func (r record) MarshalYAML() (any, error) {
	out := make(yaml.MapSlice, 0, len(r.names))
	for i, name := range r.names {
		out = append(out, yaml.MapItem{Key: name, Value: r.values[i]})
	}
	return out, nil
}

func writeJSON(w io.Writer, v any, o Options) error {
	indent := "  "
	if o.NoIndent {
		indent = ""
	}
	out, err := encode(v, indent)
	if err != nil {
		return err
	}
	_, err = w.Write(append(out, '\n'))
	return err
}

func writeYAML(w io.Writer, v any) error {
	out, err := yaml.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(out)
	return err
}

// writeCSV ends lines with a newline alone, as the OpenStack client does.
func writeCSV(w io.Writer, head []string, rows [][]any, quote string) error {
	var out bytes.Buffer
	line := func(cells []any) {
		for i, c := range cells {
			if i > 0 {
				out.WriteByte(',')
			}
			out.WriteString(csvCell(c, quote))
		}
		out.WriteByte('\n')
	}
	first := make([]any, 0, len(head))
	for _, name := range head {
		first = append(first, name)
	}
	line(first)
	for _, row := range rows {
		line(row)
	}
	_, err := w.Write(out.Bytes())
	return err
}

func csvCell(v any, quote string) string {
	s := textOf(v)
	_, number := v.(int64)
	special := strings.ContainsAny(s, ",\"\r\n")
	if quote == "none" || (quote == "minimal" && !special) || (quote == "nonnumeric" && number) {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

// writeValues keeps each row on a line of its own.
func writeValues(w io.Writer, rows [][]any) error {
	var out bytes.Buffer
	for _, row := range rows {
		for i, v := range row {
			if i > 0 {
				out.WriteByte(' ')
			}
			out.WriteString(strings.ReplaceAll(textOf(v), "\n", " "))
		}
		out.WriteByte('\n')
	}
	_, err := w.Write(out.Bytes())
	return err
}

// writeColumn writes one value below the other, each as it is.
func writeColumn(w io.Writer, values []any) error {
	var out bytes.Buffer
	for _, v := range values {
		out.WriteString(textOf(v) + "\n")
	}
	_, err := w.Write(out.Bytes())
	return err
}

// writeShell writes assignments that a shell can evaluate whatever the values
// hold.
func writeShell(w io.Writer, names []string, values []any, prefix string) error {
	var out bytes.Buffer
	for i, name := range names {
		variable := prefix + strings.ReplaceAll(name, " ", "_")
		if !isVariable(variable) {
			return errors.New(variable + " is not a name of a shell variable")
		}
		fmt.Fprintf(&out, "%s='%s'\n", variable, strings.ReplaceAll(textOf(values[i]), "'", `'\''`))
	}
	_, err := w.Write(out.Bytes())
	return err
}

func isVariable(s string) bool {
	for i, r := range s {
		if r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}
