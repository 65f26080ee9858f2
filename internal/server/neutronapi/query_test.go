package neutronapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

func fleet() toy {
	return newToy(
		boat{id: "1", name: "ada", rig: "sloop", masts: 1, racing: true, owner: "p", crew: []string{"jo"}},
		boat{id: "2", name: "", rig: "ketch", masts: 2, owner: "p"},
		boat{id: "3", name: "cy", rig: "sloop", masts: 2, owner: "q"},
	)
}

func TestFilters(t *testing.T) {
	for query, want := range map[string]string{
		"":                       "1 2 3",
		"fields=id":              "1 2 3",
		"name=ada":               "1",
		"name=ADA":               "",
		"name=ada&name=cy":       "1 3",
		"name=":                  "2",
		"name=&name=cy":          "2 3",
		"name=null":              "", // a name like any other
		"rig=sloop&masts=2":      "3",
		"rig=null":               "",
		"masts=02":               "2 3",
		"masts=":                 "",
		"masts=null":             "",
		"racing=TRUE":            "1",
		"racing=false":           "2 3",
		"racing=":                "",
		"id=2":                   "2",
		"uuid=2&uuid=3":          "2 3",
		"id=%00":                 "", // what nobody can keep
		"id=%00&id=1":            "1",
		"tenant_id=p":            "1 2",
		"tenant_id=p&tenant_id=": "1 2",
		"project_id=p&name=ada":  "1",
		"crew=jo":                "1",
		"project_id=p%00":        "400",
		"name=%ff":               "",
		"name='%20OR%201=1%20--": "400", // longer than a name can be
		"masts=many":             "400",
		"masts=9":                "400",
		"rig=junk":               "400",
		"racing=maybe":           "400",
		"sails=sloop":            "400", // an alias is for bodies only
		"berth=x":                "400", // not shown
		"colour=red":             "400",
		"name=%zz":               "400",
		"name=a;b":               "400",
	} {
		if got := ids(t, "/v2.0/boats?"+query); got != want {
			t.Errorf("%s gave %q, wanted %q", query, got, want)
		}
	}
}

// ids lists a collection, and gives the ids, or the status of an error.
func ids(t *testing.T, path string) string {
	t.Helper()
	res, text := fleet().ask(http.MethodGet, path, "")
	if res.StatusCode != http.StatusOK {
		return strings.Fields(res.Status)[0]
	}
	var body struct{ Boats []struct{ ID string } }
	if err := json.Unmarshal([]byte(text), &body); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, b := range body.Boats {
		out = append(out, b.ID)
	}
	return strings.Join(out, " ")
}

func TestPagesAndOrder(t *testing.T) {
	for query, want := range map[string]Query{
		"":                                 {},
		"limit=0":                          {},
		"limit=07&marker=2":                {Limit: 7, Marker: "2"},
		"limit=1&limit=2":                  {Limit: 2},
		"limit=99999999999999999999":       {Limit: math.MaxInt32},
		"page_reverse=True":                {Reverse: true},
		"page_reverse=fALSE":               {},
		"page_reverse=":                    {},
		"sort_key=name&sort_dir=asc":       {Sort: []Sort{{"name", false}}},
		"sort_key=tenant_id&sort_dir=desc": {Sort: []Sort{{"project_id", true}}},
		"sort_key=&sort_dir=":              {},
		"sort_key=id&sort_dir=asc&sort_key=uuid&sort_dir=desc&sort_key=rig&sort_dir=desc": {Sort: []Sort{{"id", false}, {"rig", true}}},
	} {
		toy := fleet()
		toy.expect(t, http.MethodGet, "/v2.0/boats?"+query, "", 200, "boats")
		if !reflect.DeepEqual(toy.asked, want) {
			t.Errorf("%s asked for %+v, wanted %+v", query, toy.asked, want)
		}
	}
	for query, part := range map[string]string{
		"limit=-1":                           `"type":"BadRequest","message":"Bad limit request: Limit must be an integer 0 or greater and not \"-1\"."`,
		"limit=":                             `Limit must be`,
		"limit=many":                         `Limit must be`,
		"limit=1.0":                          `Limit must be`,
		"page_reverse=maybe":                 `page_reverse must be True or False`,
		"sort_key=name":                      `The number of sort_keys and sort_dirs must be same.`,
		"sort_dir=asc":                       `must be same`,
		"sort_key=name&sort_dir=up":          `\"up\" is invalid value for sort_dirs`,
		"sort_key=colour&sort_dir=asc":       `\"colour\" is invalid attribute for sort_keys.`,
		"sort_key=crew&sort_dir=asc":         `\"crew\" is invalid attribute`,
		"sort_key=name;DROP&sort_dir=asc":    `cannot be parsed`,
		"sort_key=name%3BDROP&sort_dir=desc": `invalid attribute for sort_keys`,
	} {
		fleet().expect(t, http.MethodGet, "/v2.0/boats?"+query, "", 400, part)
	}
	fleet().expect(t, http.MethodGet, "/v2.0/boats?marker=9", "", 404, "BoatNotFound")
	fleet().expect(t, http.MethodGet, "/v2.0/boats?marker=%00", "", 404, "HTTPNotFound")
}

func TestLinks(t *testing.T) {
	const at = "http://example.com/v2.0/boats?"
	for query, want := range map[string]map[string]string{
		"":                                   {},
		"limit=0":                            {},
		"limit=2":                            {"next": "limit=2&marker=2", "previous": "limit=2&marker=1&page_reverse=True"},
		"limit=4":                            {"previous": "limit=4&marker=1&page_reverse=True"},
		"limit=3":                            {"next": "limit=3&marker=3", "previous": "limit=3&marker=1&page_reverse=True"},
		"limit=2&marker=3":                   {"previous": "limit=2&page_reverse=True"}, // nothing found
		"limit=2&marker=2":                   {"previous": "limit=2&marker=3&page_reverse=True"},
		"limit=2&marker=2&page_reverse=True": {"next": "limit=2&marker=1"},
		"limit=1&name=a%26b&name=ada&fields=name": {
			"next":     "fields=name&limit=1&marker=1&name=a%26b&name=ada",
			"previous": "fields=name&limit=1&marker=1&name=a%26b&name=ada&page_reverse=True",
		},
	} {
		_, text := fleet().ask(http.MethodGet, "/v2.0/boats?"+query, "")
		var body struct {
			Links []struct{ Rel, Href string } `json:"boats_links"`
		}
		if err := json.Unmarshal([]byte(text), &body); err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, l := range body.Links {
			got[l.Rel] = strings.TrimPrefix(l.Href, at)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s has the links %v, wanted %v", query, got, want)
		}
	}
}

func TestFields(t *testing.T) {
	toy := fleet()
	for path, want := range map[string]string{
		"/v2.0/boats?id=1&fields=name&fields=id":      `{"boats":[{"id":"1","name":"ada"}]}`,
		"/v2.0/boats?id=1&fields=tenant_id":           `{"boats":[{"tenant_id":"p"}]}`,
		"/v2.0/boats?id=1&fields=colour&fields=masts": `{"boats":[{"masts":1}]}`,
		"/v2.0/boats?id=1&fields=colour":              `{"boats":[{}]}`,
		"/v2.0/boats?id=4":                            `{"boats":[]}`,
		"/v2.0/boats/2?fields=rig":                    `{"boat":{"rig":"ketch"}}`,
		"/v2.0/boats/2?fields=":                       `{"boat":{"id":"2","uuid":"2","name":"","rig":"ketch","masts":2,"racing":false,"crew":[],"project_id":"p","tenant_id":"p"}}`,
	} {
		res, text := toy.ask(http.MethodGet, path, "")
		if res.StatusCode != 200 || text != want {
			t.Errorf("%s gave %d %s, wanted %s", path, res.StatusCode, text, want)
		}
	}
	toy.expect(t, "GET", "/v2.0/boats/2?name=x", "", 400, "only fields= is taken")
	toy.expect(t, "GET", "/v2.0/boats/2?limit=5", "", 400, "only fields= is taken")
	toy.expect(t, "GET", "/v2.0/boats?colour=red", "", 400, `\"colour\" is not an attribute that boats can be filtered by.`)
	toy.expect(t, "GET", "/v2.0/boats?masts=many", "", 400, `Invalid input for masts. Reason: \"many\" is not a number of masts`)
}

// TestVeryManyFilters: what no server wants to work off is refused before it
// costs anything.
func TestVeryManyFilters(t *testing.T) {
	for name, one := range map[string]string{
		"filters": "name=a%d&", "attributes": "a%d=x&", "fields": "fields=f%d&", "keys": "sort_key=k%d&sort_dir=asc&",
	} {
		var b strings.Builder
		for i := range 1_000_000 {
			fmt.Fprintf(&b, one, i)
		}
		query := b.String()
		toy := fleet()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := toy.resource().parseQuery(query)
		runtime.ReadMemStats(&after)
		if e, ok := errors.AsType[*Error](err); !ok || e.Status != http.StatusRequestURITooLong {
			t.Errorf("a million %s gave %v", name, err)
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<20 {
			t.Errorf("a million %s took %d bytes", name, grown)
		}
	}
	many := strings.Repeat("name=ada&", 7000)
	if got := ids(t, "/v2.0/boats?"+many); got != "1" {
		t.Errorf("one name 7000 times gave %q", got)
	}
}

// FuzzQuery checks that whatever is asked is a list or the user's fault.
func FuzzQuery(f *testing.F) {
	f.Add("name=a&name=b&fields=id")
	f.Add("masts=%31&x=;&limit=1")
	f.Add("%ff=%00&id=''--")
	f.Add("sort_key=name&sort_dir=desc&limit=2&marker=1&page_reverse=True")
	toy := fleet()
	f.Fuzz(func(t *testing.T, raw string) {
		r := toy.resource()
		q, err := r.parseQuery(raw)
		if err != nil {
			var h server
			if e := h.explain(err); e == nil || (e.Status != 400 && e.Status != 414) {
				t.Fatalf("%q gave %v, which is neither 400 nor 414", raw, err)
			}
			return
		}
		if text, err := r.render(toy.boats, q.fields); err != nil || !json.Valid(text) {
			t.Fatalf("%q is shown as %s (%v)", raw, text, err)
		}
		if q.Limit < 0 || len(q.Sort) > len(r.Attributes) || len(q.Filters) > 2*len(r.Attributes) {
			t.Fatalf("%q asks for %+v", raw, q)
		}
		req, err := http.NewRequest(http.MethodGet, "http://example.com/v2.0/boats", nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range r.links(req, q, toy.boats) {
			u, err := url.Parse(l.Href)
			if err != nil {
				t.Fatalf("%q links to %q: %v", raw, l.Href, err)
			}
			if _, err := r.parseQuery(u.RawQuery); err != nil && len(u.RawQuery) <= maxQuery {
				t.Fatalf("%q links to %q, which is refused: %v", raw, l.Href, err)
			}
		}
	})
}
