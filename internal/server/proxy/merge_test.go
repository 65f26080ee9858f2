package proxy

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestMergedLists(t *testing.T) {
	lists := map[string]string{
		"/v2.0/extensions": `{"extensions": [ {"alias":"router","name":"<b> é"}, {"alias":"both","name":"theirs"}, {"name":"nameless"} ], "more": 1.50}`,
		"/v2.0/":           `{"resources":[{"name":"network","collection":"networks","links":[{"href":"x"}]},{"name":"their boat","collection":"boats"}]}`,
	}
	lists["/v2.0"] = lists["/v2.0/"]
	neutron := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.Header.Get("X-Auth-Token") != "token" || r.Header.Get("Accept-Encoding") != "" || r.Header.Get("If-None-Match") != "" {
			t.Errorf("%s %s came with %v", r.Method, r.RequestURI, r.Header)
		}
		w.Header().Set("X-Openstack-Request-Id", "req-neutrons")
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		w.Header().Set("ETag", "theirs")
		_, _ = io.WriteString(w, lists[r.URL.Path])
	})
	f := serve(t, neutron.URL)
	resources := `{"resources":[{"name":"network","collection":"networks","links":[{"href":"x"}]},{"name":"boat","collection":"boats","links":[]}]}`
	for path, want := range map[string]string{
		"/v2.0/extensions": `{"extensions":[{"alias":"router","name":"<b> é"},{"name":"nameless"},{"alias":"sea","name":"The <sea>"},{"alias":"both","name":"ours"}],"more":1.50}`,
		"/v2.0/":           resources,
		"/v2.0?x=y":        resources,
	} {
		res, text := ask(t, http.MethodGet, f.url+path, "", "X-Auth-Token", "token", "Accept-Encoding", "gzip", "If-None-Match", "*")
		if res.StatusCode != 200 || text != want || res.ContentLength != int64(len(want)) {
			t.Errorf("%s: %s, %d bytes\n%s\nwant\n%s", path, res.Status, res.ContentLength, text, want)
		}
		if h := res.Header; h.Get("X-Openstack-Request-Id") != "req-neutrons" || h.Get("Content-Type") != "application/json; charset=UTF-8" || h.Get("ETag") != "" {
			t.Errorf("%s: headers %v", path, h)
		}
		head, nothing := ask(t, http.MethodHead, f.url+path, "", "X-Auth-Token", "token")
		if head.StatusCode != 200 || nothing != "" || head.ContentLength != int64(len(want)) {
			t.Errorf("HEAD %s: %s, %d bytes, %q", path, head.Status, head.ContentLength, nothing)
		}
	}
}

func TestNeutronsRefusalOfAListIsTold(t *testing.T) {
	neutron := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Www-Authenticate", "Keystone uri='x'")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"error":{}}`)
	})
	f := serve(t, neutron.URL)
	res, text := ask(t, http.MethodGet, f.url+"/v2.0/extensions", "")
	if res.StatusCode != 401 || text != `{"error":{}}` || res.Header.Get("Www-Authenticate") == "" {
		t.Errorf("%s %s %v", res.Status, text, res.Header)
	}
}

func TestListsThatAreNone(t *testing.T) {
	for name, answer := range map[string]string{
		"HTML":        "<html></html>",
		"no list":     `{"extensions": {"a": 1}}`,
		"absent":      `{}`,
		"null":        `null`,
		"no objects":  `{"extensions": [1]}`,
		"no text":     `{"extensions": [{"alias": 1}]}`,
		"cut short":   `{"extensions": [{"alias": "a"}`,
		"a long tail": `{"extensions": []}` + strings.Repeat(" ", mostAnswer),
	} {
		t.Run(name, func(t *testing.T) {
			neutron := upstream(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer) })
			f := serve(t, neutron.URL)
			res, text := ask(t, http.MethodGet, f.url+"/v2.0/extensions", "")
			if kind, message := fault(t, res, text); res.StatusCode != 502 || kind != "HTTPBadGateway" || !strings.Contains(message, neutron.URL) {
				t.Errorf("%s %s", res.Status, text)
			}
		})
	}
}

func FuzzMerge(f *testing.F) {
	own := []byte(`{"extensions":[{"alias":"sea"}]}`)
	for _, seed := range []string{
		`{"extensions":[]}`, `{"extensions":[{"alias":"sea"},{"alias":"x"}]}`, `{"extensions":null,"a":"\u2028"}`, `[]`, `{"extensions":[{"alias":"\ud800"}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, theirs []byte) {
		merged, err := documents[extensionsPath].merge(own, theirs)
		if err != nil {
			return
		}
		var got struct{ Extensions []struct{ Alias string } }
		if err := json.Unmarshal(merged, &got); err != nil {
			return // members of other types than ours, in other cases
		}
		n := 0
		for _, e := range got.Extensions {
			if e.Alias == "sea" {
				n++
			}
		}
		if n == 0 {
			t.Errorf("%s became %s", theirs, merged)
		}
	})
}
