package output

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// textOf is a value where there is no structure, in the words of Python, which
// scripts around the OpenStack client look for.
func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case string:
		return v
	case bool:
		if v {
			return "True"
		}
		return "False"
	case int64:
		return strconv.FormatInt(v, 10)
	case fmt.Stringer:
		return v.String()
	}
	out, err := encode(v, "")
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(out)
}

// encode is JSON without escapes for HTML.
func encode(v any, indent string) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	err := e.Encode(v)
	return bytes.TrimSpace(out.Bytes()), err
}

// sortRows sorts by the columns that are wanted, the first before the second;
// rows that are alike stay in their order.
func sortRows(columns []Column, rows [][]any, o Options) error {
	var by []int
	for _, w := range o.SortBy {
		i, err := pick(columns, []string{w})
		if err != nil {
			return err
		}
		by = append(by, i...)
	}
	slices.SortStableFunc(rows, func(a, b []any) int {
		for _, i := range by {
			if n := compare(a[i], b[i]); n != 0 && o.Descending {
				return -n
			} else if n != 0 {
				return n
			}
		}
		return 0
	})
	return nil
}

// compare orders numbers, and texts that are such, by their value.
func compare(a, b any) int {
	x, y := textOf(a), textOf(b)
	n, err1 := strconv.ParseInt(x, 10, 64)
	m, err2 := strconv.ParseInt(y, 10, 64)
	if err1 == nil && err2 == nil {
		return cmp.Compare(n, m)
	}
	return strings.Compare(x, y)
}
