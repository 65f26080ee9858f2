package neutronapi

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestPick(t *testing.T) {
	h := &harbour{}
	r := h.resource()
	all := []boat{
		{id: "c", name: "two", masts: 2}, {id: "a", name: "one", masts: 10}, {id: "d", name: "two", masts: 1}, {id: "b", name: "", masts: 2},
	}
	// masts are shown as uint32, which count as text: so do not sort by them here.
	byName := func(descending bool) []Sort { return []Sort{{"name", descending}} }
	for name, c := range map[string]struct {
		q    Query
		want string
	}{
		"all":                 {Query{}, "a b c d"},
		"a filter":            {Query{Filters: []Filter{{"name", []any{"two"}}}}, "c d"},
		"several values":      {Query{Filters: []Filter{{"name", []any{"two", "one"}}}}, "a c d"},
		"the empty value":     {Query{Filters: []Filter{{"name", []any{nil}}}}, "b"},
		"no value":            {Query{Filters: []Filter{{"name", nil}}}, ""},
		"both filters":        {Query{Filters: []Filter{{"name", []any{"two"}}, {"masts", []any{uint32(2)}}}}, "c"},
		"sorted":              {Query{Sort: byName(false)}, "b a c d"},
		"sorted down":         {Query{Sort: byName(true)}, "d c a b"},
		"a page":              {Query{Limit: 2}, "a b"},
		"the next":            {Query{Limit: 2, Marker: "b"}, "c d"},
		"the last is short":   {Query{Limit: 3, Marker: "c"}, "d"},
		"the one before":      {Query{Limit: 2, Marker: "d", Reverse: true}, "b c"},
		"the end":             {Query{Limit: 3, Reverse: true}, "b c d"},
		"filtered after":      {Query{Marker: "b", Filters: []Filter{{"name", []any{"two"}}}, Limit: 1}, "c"},
		"a marker that fails": {Query{Marker: "a", Filters: []Filter{{"name", []any{"two"}}}}, "c d"},
	} {
		var ids []string
		found, err := r.Pick(all, c.q)
		for _, b := range found {
			ids = append(ids, b.id)
		}
		if got := strings.Join(ids, " "); err != nil || got != c.want {
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.want)
		}
	}
	if _, err := r.Pick(all, Query{Marker: "z"}); !errors.Is(err, errGone) {
		t.Error(err)
	}
	if all[0].id != "c" || !slices.IsSortedFunc([]any{nil, 2, 10}, compareShown) || compareShown("10", "2") > 0 {
		t.Error("the objects were sorted in place, or numbers are not numbers")
	}
}

func TestAReadOnlyResource(t *testing.T) {
	h := &harbour{boats: []boat{{id: "b1", owner: "demo"}}}
	r := h.resource()
	r.Create, r.Update, r.Delete, r.New = nil, nil, nil, nil
	toy := toy{harbour: h, Handler: New(Options{}, r)}
	toy.expect(t, "GET", "/v2.0/boats", "", 200, "b1")
	toy.expect(t, "GET", "/v2.0/boats/b1", "", 200, "b1")
	for method, path := range map[string]string{"POST": "/v2.0/boats", "PUT": "/v2.0/boats/b1", "DELETE": "/v2.0/boats/b1"} {
		toy.expect(t, method, path, "{}", 405, "HTTPMethodNotAllowed")
	}
	if _, text := toy.ask("GET", "/openapi.json", ""); strings.Contains(text, "boat_create") || strings.Contains(text, `"delete"`) {
		t.Error("the document has what there is not")
	}
}
