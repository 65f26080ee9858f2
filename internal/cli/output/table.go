package output

import (
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// minColumn is the least that a column is squeezed to, in characters.
const minColumn = 8

func writeTable(w io.Writer, head []string, rows [][]any, maxWidth int) error {
	t := table.NewWriter()
	t.SetStyle(table.StyleDefault)
	t.Style().Format.Header = text.FormatDefault
	first := make(table.Row, 0, len(head))
	widths := make([]int, len(head))
	for i, name := range head {
		first = append(first, name)
		widths[i] = text.LongestLineLen(name)
	}
	t.AppendHeader(first)
	for _, row := range rows {
		t.AppendRow(cells(row, widths))
	}
	t.SetColumnConfigs(squeeze(widths, maxWidth))
	_, err := io.WriteString(w, t.Render()+"\n")
	return err
}

// cells are the texts of a row; widths grow to what they need.
func cells(row []any, widths []int) table.Row {
	out := make(table.Row, 0, len(row))
	for i, v := range row {
		s := printable(textOf(v))
		widths[i] = max(widths[i], text.LongestLineLen(s))
		out = append(out, s)
	}
	return out
}

// printable keeps control characters in names from acting on a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && (r < ' ' || (r >= 0x7f && r < 0xa0)) {
			return '\uFFFD'
		}
		return r
	}, s)
}

// squeeze takes characters from the widest columns until the table fits.
func squeeze(widths []int, maxWidth int) []table.ColumnConfig {
	if maxWidth <= 0 {
		return nil
	}
	spare := maxWidth - 1
	for _, n := range widths {
		spare -= n + 3 // its borders and paddings
	}
	for ; spare < 0; spare++ {
		widest := 0
		for i, n := range widths {
			if n > widths[widest] {
				widest = i
			}
		}
		if widths[widest] <= minColumn {
			break
		}
		widths[widest]--
	}
	configs := make([]table.ColumnConfig, 0, len(widths))
	for i, n := range widths {
		configs = append(configs, table.ColumnConfig{Number: i + 1, WidthMax: n, WidthMaxEnforcer: text.WrapSoft})
	}
	return configs
}
