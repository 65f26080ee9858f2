package neutronapi

import (
	"bytes"
	"encoding/json"
)

// record is a JSON object whose members keep their order, which is that of the
// attribute table.
type record []member

type member struct {
	name  string
	value any
}

// render shows an object as its table says.
func (r *Resource[T]) render(v T, q query[T]) record {
	out := make(record, 0, len(r.Attributes)+2)
	show := func(name string, a Attribute[T]) {
		if q.wants(name) {
			out = append(out, member{name, a.Show(v)})
		}
	}
	for _, a := range r.Attributes {
		if a.Show == nil {
			continue
		}
		show(a.Name, a)
		for _, twin := range a.Twins {
			show(twin, a)
		}
	}
	return out
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

// appendJSON writes what compact writes, and knows records.
func appendJSON(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case record:
		return appendAll(b, "{}", v, appendMember)
	case []record:
		return appendAll(b, "[]", v, func(b []byte, r record) ([]byte, error) { return appendJSON(b, r) })
	default:
		text, err := compact(v)
		return append(b, text...), err
	}
}

func appendMember(b []byte, m member) ([]byte, error) {
	name, err := compact(m.name)
	if err != nil {
		return nil, err
	}
	return appendJSON(append(append(b, name...), ':'), m.value)
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
