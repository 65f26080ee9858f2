package neutronapi

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

// query is the query part of a request for one object or a list.
type query[T any] struct {
	fields  []string // the attributes to show; empty: all
	filters []filter[T]
}

// filter lets objects pass whose shown value is one of the texts.
type filter[T any] struct {
	show  func(T) any
	texts []string
}

func (q query[T]) wants(name string) bool {
	return len(q.fields) == 0 || slices.Contains(q.fields, name)
}

// unsupported are the parameters of Neutron's lists that mean something else
// than a filter. Passing over them would give a wrong answer.
var unsupported = []string{"limit", "marker", "page_reverse", "sort_key", "sort_dir"}

// parseQuery reads fields and filters. An unknown name in fields is passed
// over, as Neutron does.
func (r *Resource[T]) parseQuery(raw string) (q query[T], err error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return q, Errorf(http.StatusBadRequest, "The query cannot be parsed: %s.", err)
	}
	for name, texts := range values {
		switch {
		case name == "fields":
			q.fields = slices.DeleteFunc(texts, func(s string) bool { return s == "" })
		case slices.Contains(unsupported, name):
			return q, Errorf(http.StatusBadRequest, "The query parameter %s is not supported.", brief(name))
		default:
			f, err := r.filter(name, texts)
			if err != nil {
				return q, err
			}
			q.filters = append(q.filters, f)
		}
	}
	return q, nil
}

// filter makes the filter of one parameter: its texts are written as the
// attribute's values are.
func (r *Resource[T]) filter(name string, texts []string) (filter[T], error) {
	a, ok := r.shown(name)
	f := filter[T]{show: a.Show}
	if !ok || a.Type.Composite {
		return f, Errorf(http.StatusBadRequest, "%s is not an attribute that %s can be filtered by.", brief(name), r.Plural)
	}
	for _, t := range texts {
		same, err := a.Type.canonical(t)
		if err != nil {
			return f, within(name, err)
		}
		f.texts = append(f.texts, same)
	}
	return f, nil
}

// canonical is the text of the value that a filter's text means. The empty
// text is the empty value of any type.
func (t Type) canonical(text string) (string, error) {
	if text == "" || t.Convert == nil {
		return text, nil
	}
	v, err := t.Convert(text)
	return plain(v), err
}

// plain is the text that filters compare.
func plain(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// fits tells whether an object passes all filters of a query.
func (q query[T]) fits(v T) bool {
	for _, f := range q.filters {
		if !slices.Contains(f.texts, plain(f.show(v))) {
			return false
		}
	}
	return true
}

// shown finds a shown attribute by its name or a twin.
func (r *Resource[T]) shown(name string) (Attribute[T], bool) {
	i := slices.IndexFunc(r.Attributes, func(a Attribute[T]) bool {
		return a.Show != nil && (a.Name == name || slices.Contains(a.Twins, name))
	})
	if i < 0 {
		return Attribute[T]{}, false
	}
	return r.Attributes[i], true
}
