package neutronapi

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Query is what a list is asked for. The zero Query is all objects in the
// order of their creation.
type Query struct {
	Filters []Filter // an object passes all of them
	Sort    []Sort   // the most significant first, none twice
	Limit   int      // 0: none
	Marker  string   // the id of the object after which the list begins; "": at its beginning
	Reverse bool     // the list ends before Marker instead ("": at its end), and is as long as Limit
}

// Filter lets objects pass whose attribute has one of the values.
type Filter struct {
	Attribute string
	Values    []any // as Type.Convert makes them, each once; nil: the empty value
}

// Sort is one attribute by which a list is sorted.
type Sort struct {
	Attribute  string
	Descending bool
}

// query is the query part of a request for one object or a list.
type query struct {
	Query
	fields map[string]bool // the names to show; nil: all
	given  url.Values
}

// maxQuery bounds what a query may cost, in bytes; the headers of a request
// have the same bound by default in net/http's users.
const maxQuery = 64 << 10

// parseQuery reads a query. An unknown name in fields is passed over, as
// Neutron does.
func (r *Resource[T]) parseQuery(raw string) (q query, err error) {
	if len(raw) > maxQuery {
		return q, Errorf(http.StatusRequestURITooLong, "The query has %d bytes; %d are the most.", len(raw), maxQuery)
	}
	if q.given, err = url.ParseQuery(raw); err != nil {
		return q, Errorf(http.StatusBadRequest, "The query cannot be parsed: %s.", err)
	}
	for _, name := range slices.Sorted(maps.Keys(q.given)) {
		texts := q.given[name]
		last := texts[len(texts)-1]
		switch name {
		case "fields":
			q.fields = r.fields(texts)
		case "limit":
			q.Limit, err = limit(last)
		case "marker":
			q.Marker = last
		case "page_reverse":
			q.Reverse, err = pageReverse(last)
		case "sort_key", "sort_dir":
			q.Sort, err = r.sort(q.given["sort_key"], q.given["sort_dir"])
		default:
			err = r.addFilter(&q.Query, name, texts)
		}
		if err != nil {
			return q, err
		}
	}
	return q, nil
}

// fields gives the names that are shown; those of nothing do not count, but
// restrict.
func (r *Resource[T]) fields(texts []string) map[string]bool {
	texts = given(texts)
	if len(texts) == 0 {
		return nil
	}
	out := map[string]bool{}
	for _, t := range texts {
		if _, ok := r.shown(t); ok {
			out[t] = true
		}
	}
	return out
}

// given leaves out the empty texts, as Neutron does of what is a list.
func given(texts []string) []string {
	return slices.DeleteFunc(slices.Clone(texts), func(s string) bool { return s == "" })
}

// limit reads a number of any size; what no list can reach is no limit.
func limit(text string) (int, error) {
	if text == "" || strings.ContainsFunc(text, func(r rune) bool { return r < '0' || r > '9' }) {
		return 0, &Error{Status: http.StatusBadRequest, Type: "BadRequest", Message: fmt.Sprintf("Bad limit request: Limit must be an integer 0 or greater and not %s.", brief(text))}
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return math.MaxInt32, nil
	}
	return int(n), nil
}

func pageReverse(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "true":
		return true, nil
	case "false", "":
		return false, nil
	}
	return false, Errorf(http.StatusBadRequest, "page_reverse must be True or False and not %s.", brief(text))
}

// sort pairs keys and directions by Neutron's rules. A key that comes again
// changes nothing.
func (r *Resource[T]) sort(keys, dirs []string) ([]Sort, error) {
	keys, dirs = given(keys), given(dirs)
	if len(keys) != len(dirs) {
		return nil, Errorf(http.StatusBadRequest, "The number of sort_keys and sort_dirs must be same.")
	}
	var out []Sort
	for i, key := range keys {
		a, ok := r.shown(key)
		if !ok || a.Type.Composite {
			return nil, Errorf(http.StatusBadRequest, "%s is invalid attribute for sort_keys.", brief(key))
		}
		if dirs[i] != "asc" && dirs[i] != "desc" {
			return nil, Errorf(http.StatusBadRequest, "%s is invalid value for sort_dirs, valid value is 'asc' and 'desc'.", brief(dirs[i]))
		}
		if !slices.ContainsFunc(out, func(s Sort) bool { return s.Attribute == a.Name }) {
			out = append(out, Sort{a.Name, dirs[i] == "desc"})
		}
	}
	return out, nil
}

// addFilter makes the filter of one parameter. Its texts are what the
// attribute may be in a body, or empty; what nobody could keep passes nothing.
func (r *Resource[T]) addFilter(q *Query, name string, texts []string) error {
	a, ok := r.shown(name)
	t, can := a.filter()
	if !ok || !can {
		return Errorf(http.StatusBadRequest, "%s is not an attribute that %s can be filtered by.", brief(name), r.Plural)
	}
	f := Filter{Attribute: a.Name}
	seen := make(map[any]bool, len(texts))
	for _, text := range texts {
		v, err := t.filter(text)
		if err != nil {
			return within(name, err)
		}
		if !seen[v] && keepable(text) {
			seen[v] = true
			f.Values = append(f.Values, v)
		}
	}
	q.Filters = append(q.Filters, f)
	return nil
}

// keepable tells whether any database could hold a text.
func keepable(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

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
