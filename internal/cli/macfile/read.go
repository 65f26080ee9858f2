package macfile

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"landbridge/internal/ethernet"
)

// maxLine is how many bytes a line may have.
const maxLine = 64 << 10

// Read reads a file of lines MAC[;IP], or of CSV: MAC[,IP], or any columns
// below a line that names them, as the client writes its lists. Empty lines and
// those that begin with "#" are passed over. The first bad line, or a MAC that
// stands there twice, is an error with its number, and nothing is given.
func Read(r io.Reader) ([]Entry, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	f := file{layout: layout{mac: 0, ip: 1}, first: map[ethernet.MAC]int{}}
	n := 0
	for lines.Scan() {
		n++
		text := lines.Text()
		if n == 1 {
			text = strings.TrimPrefix(text, "\ufeff") // spreadsheets begin files so
		}
		if err := f.take(n, strings.TrimSpace(text)); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, fmt.Errorf("line %d: it is longer than %d bytes", n+1, maxLine)
	} else if err != nil {
		return nil, err
	}
	if len(f.entries) == 0 {
		return nil, errors.New("there is no MAC in it")
	}
	return f.entries, nil
}

// file is what has been read so far.
type file struct {
	layout
	begun   bool // a line with content has been seen
	entries []Entry
	first   map[ethernet.MAC]int // line
}

// layout says which column has what.
type layout struct {
	mac, ip int // ip is -1 where there is none
	width   int // columns; 0: one or two
}

func (f *file) take(n int, text string) error {
	if text == "" || strings.HasPrefix(text, "#") {
		return nil
	}
	fields, err := split(text)
	if err != nil {
		return err
	}
	head := !f.begun && isHead(fields)
	f.begun = true
	if head {
		f.layout, err = readHead(fields)
		return err
	}
	e, err := f.entry(fields)
	if err != nil {
		return err
	}
	if other, ok := f.first[e.MAC]; ok {
		return fmt.Errorf("%s stands on line %d already", e.MAC, other)
	}
	f.first[e.MAC] = n
	e.Line = n
	f.entries = append(f.entries, e)
	return nil
}

// split gives the columns of a line. Lists are separated by semicolons where
// there is one, else by commas.
func split(line string) ([]string, error) {
	r := csv.NewReader(strings.NewReader(line))
	if strings.Contains(line, ";") {
		r.Comma = ';'
	}
	fields, err := r.Read()
	if bad, ok := errors.AsType[*csv.ParseError](err); ok {
		return nil, fmt.Errorf("column %d: %w", bad.Column, bad.Err)
	}
	return fields, err
}

func (l layout) entry(fields []string) (Entry, error) {
	switch {
	case l.width == 0 && len(fields) > 2:
		return Entry{}, fmt.Errorf("it has %d columns; wanted MAC and perhaps IP, or a first line that names the columns", len(fields))
	case l.width > 0 && len(fields) != l.width:
		return Entry{}, fmt.Errorf("it has %d columns, the first line has %d", len(fields), l.width)
	case l.ip < 0 || l.ip >= len(fields):
		return newEntry(fields[l.mac], "")
	}
	return newEntry(fields[l.mac], fields[l.ip])
}

// The names of columns in a first line, as the client's lists have them and as
// the API names the attributes.
var (
	macNames = []string{"mac", "mac address"}
	ipNames  = []string{"ip", "ipaddr", "ip address"}
	unused   = []string{"id", "uuid", "rgw_connection", "remote connection id", "project_id", "project id", "tenant_id", "description"}
)

// isHead tells a line of names from one of values.
func isHead(fields []string) bool {
	return slices.ContainsFunc(fields, func(s string) bool { return slices.Contains(macNames, name(s)) })
}

func readHead(fields []string) (layout, error) {
	l := layout{mac: -1, ip: -1, width: len(fields)}
	for i, f := range fields {
		switch {
		case l.mac < 0 && slices.Contains(macNames, name(f)):
			l.mac = i
		case l.ip < 0 && slices.Contains(ipNames, name(f)):
			l.ip = i
		case !slices.Contains(unused, name(f)):
			return l, fmt.Errorf("the column %q is unknown or stands there twice; there are MAC and IP", f)
		}
	}
	return l, nil
}

func name(s string) string { return strings.ToLower(strings.TrimSpace(s)) }
