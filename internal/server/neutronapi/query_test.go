package neutronapi

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func fleet() toy {
	return newToy(
		boat{id: "1", name: "ada", rig: "sloop", masts: 1, racing: true, owner: "p"},
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
		"rig=sloop&masts=2":      "3",
		"masts=02":               "2 3",
		"masts=":                 "",
		"racing=TRUE":            "1",
		"racing=false":           "2 3",
		"id=2":                   "2",
		"uuid=2&uuid=3":          "2 3",
		"tenant_id=p":            "1 2",
		"project_id=p&name=ada":  "1",
		"project_id=p%00":        "400",
		"name=%ff":               "",
		"name='%20OR%201=1%20--": "400", // longer than a name can be
		"masts=many":             "400",
		"masts=9":                "400",
		"rig=junk":               "400",
		"racing=maybe":           "400",
		"crew=x":                 "400",
		"sails=sloop":            "400", // an alias is for bodies only
		"berth=x":                "400", // not shown
		"colour=red":             "400",
		"limit=1":                "400",
		"marker=1":               "400",
		"page_reverse=true":      "400",
		"sort_key=name":          "400",
		"sort_dir=asc":           "400",
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
	toy.expect(t, "GET", "/v2.0/boats?limit=5", "", 400, `The query parameter \"limit\" is not supported.`)
	toy.expect(t, "GET", "/v2.0/boats?colour=red", "", 400, `\"colour\" is not an attribute that boats can be filtered by.`)
	toy.expect(t, "GET", "/v2.0/boats?masts=many", "", 400, `Invalid input for masts. Reason: \"many\" is not a number of masts`)
}

// FuzzQuery checks that whatever is asked is a list or the user's fault.
func FuzzQuery(f *testing.F) {
	f.Add("name=a&name=b&fields=id")
	f.Add("masts=%31&x=;&limit=1")
	f.Add("%ff=%00&id=''--")
	toy := fleet()
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := toy.resource().parseQuery(raw)
		if err == nil {
			for _, b := range toy.boats {
				toy.resource().render(b, q)
				q.fits(b)
			}
			return
		}
		var h server
		if e := h.explain(err); e == nil || e.Status != 400 {
			t.Fatalf("%q gave %v, which is no 400", raw, err)
		}
	})
}
