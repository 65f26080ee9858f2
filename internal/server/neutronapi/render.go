package neutronapi

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// record is a JSON object whose members keep their order, which is that of the
// attribute table.
type record []member

type member struct {
	name  string
	value any
}

// rendered is JSON as it is.
type rendered []byte

// column is an attribute under one of its names.
type column[T any] struct {
	name string
	show func(T) any
}

// columns gives what is shown of objects; fields are the names, nil for all.
func (r *Resource[T]) columns(fields map[string]bool) []column[T] {
	var out []column[T]
	add := func(name string, a Attribute[T]) {
		if fields == nil || fields[name] {
			out = append(out, column[T]{name, a.Show})
		}
	}
	for _, a := range r.Attributes {
		if a.Show == nil {
			continue
		}
		add(a.Name, a)
		for _, twin := range a.Twins {
			add(twin, a)
		}
	}
	return out
}

// render shows objects as the table says, one by one, so that a long list is
// there only as its objects and its text.
func (r *Resource[T]) render(list []T, fields map[string]bool) (rendered, error) {
	columns := r.columns(fields)
	return appendAll(nil, "[]", list, func(b []byte, v T) ([]byte, error) { return appendObject(b, columns, v) })
}

func appendObject[T any](b []byte, columns []column[T], v T) ([]byte, error) {
	return appendAll(b, "{}", columns, func(b []byte, c column[T]) ([]byte, error) {
		return appendMember(b, member{c.name, c.show(v)})
	})
}

// compact writes JSON in one line, without the HTML escapes of encoding/json.
func compact(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// appendJSON writes what compact writes, and knows records. Most values are
// plain strings, for which it takes a short way.
func appendJSON(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case record:
		return appendAll(b, "{}", v, appendMember)
	case []record:
		return appendAll(b, "[]", v, func(b []byte, r record) ([]byte, error) { return appendJSON(b, r) })
	case rendered:
		return append(b, v...), nil
	case string:
		if plain(v) {
			return append(append(append(b, '"'), v...), '"'), nil
		}
	case bool:
		return strconv.AppendBool(b, v), nil
	}
	text, err := compact(v)
	return append(b, text...), err
}

// plain tells whether a string stands for itself in JSON.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

func appendMember(b []byte, m member) ([]byte, error) {
	b, err := appendJSON(b, m.name)
	if err != nil {
		return nil, err
	}
	return appendJSON(append(b, ':'), m.value)
}

// appendAll writes elements with commas between two brackets.
func appendAll[E any](b []byte, brackets string, all []E, one func([]byte, E) ([]byte, error)) (_ []byte, err error) {
	b = append(b, brackets[0])
	for i, e := range all {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = one(b, e); err != nil {
			return nil, err
		}
	}
	return append(b, brackets[1]), nil
}
