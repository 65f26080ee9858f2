package proxy

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ledger is the quotas of an API, in memory.
type ledger struct {
	mu        sync.Mutex
	known     map[string]int            // by default
	own       map[string]map[string]int // by project
	refuse    map[string]int            // status by method
	changes   []string                  // what was asked beside GET
	tokens    map[string]bool
	encodings []string // by path, that were accepted
}

func newLedger(known map[string]int) *ledger {
	return &ledger{known: known, own: map[string]map[string]int{}, refuse: map[string]int{}, tokens: map[string]bool{}}
}

func (l *ledger) of(project string) map[string]int {
	out := maps.Clone(l.known)
	maps.Copy(out, l.own[project])
	return out
}

type rehearsing struct{}

func rehearse(ctx context.Context) context.Context { return context.WithValue(ctx, rehearsing{}, true) }

// ServeHTTP answers below /v2.0/quotas, as Neutron does.
func (l *ledger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tokens[r.Header.Get("X-Auth-Token")] = true
	l.encodings = append(l.encodings, r.URL.Path+r.Header.Get("Accept-Encoding"))
	body, _ := io.ReadAll(r.Body)
	again := r.Context().Value(rehearsing{}) != nil
	if r.Method != http.MethodGet && !again {
		l.changes = append(l.changes, r.Method+" "+string(body))
	}
	if status := l.refuse[r.Method]; status != 0 {
		w.Header().Set("Www-Authenticate", "told")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, "refused %s", r.Method)
		return
	}
	project, sub, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/v2.0/quotas"), "/"), "/")
	switch {
	case r.Method == http.MethodPut:
		l.put(w, project, body, again)
	case r.Method == http.MethodDelete:
		l.delete(w, project, again)
	case project == "":
		l.list(w)
	case sub == "default":
		show(w, map[string]any{"quota": l.known})
	case sub == "details":
		details := map[string]any{}
		for name, n := range l.of(project) {
			details[name] = map[string]int{"limit": n, "used": 1, "reserved": 0}
		}
		show(w, map[string]any{"quota": details})
	case project == "project" || project == "tenant":
		show(w, map[string]any{project: "of " + r.Header.Get("X-Auth-Token")})
	default:
		show(w, map[string]any{"quota": l.of(project)})
	}
}

func show(w http.ResponseWriter, v any) {
	w.Header().Set("X-Openstack-Request-Id", "req-one")
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func (l *ledger) list(w http.ResponseWriter) {
	all := []any{}
	for _, project := range slices.Sorted(maps.Keys(l.own)) {
		entry := map[string]any{"project_id": project, "tenant_id": project}
		for name, n := range l.of(project) {
			entry[name] = n
		}
		all = append(all, entry)
	}
	show(w, map[string]any{"quotas": all})
}

func (l *ledger) put(w http.ResponseWriter, project string, body []byte, again bool) {
	var asked struct{ Quota map[string]any }
	if err := json.Unmarshal(body, &asked); err != nil || asked.Quota == nil {
		http.Error(w, "no quota", http.StatusBadRequest)
		return
	}
	own := map[string]int{}
	for name, v := range asked.Quota {
		n, isNumber := v.(float64)
		if _, ok := l.known[name]; !ok && !quotaOptions[name] || isNumber && n < -1 {
			http.Error(w, "bad "+name, http.StatusBadRequest)
			return
		}
		if isNumber {
			own[name] = int(n)
		}
	}
	if !again && len(own) > 0 {
		all := maps.Clone(l.own[project])
		if all == nil {
			all = map[string]int{}
		}
		maps.Copy(all, own)
		l.own[project] = all
	}
	show(w, map[string]any{"quota": l.of(project)})
}

func (l *ledger) delete(w http.ResponseWriter, project string, again bool) {
	if !again && l.own[project] == nil {
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "none of its own")
		return
	}
	if !again {
		delete(l.own, project)
	}
	w.WriteHeader(http.StatusNoContent)
}

// twoLedgers is a proxy between them.
type twoLedgers struct {
	*front
	ours, theirs *ledger
}

func newTwoLedgers(t *testing.T, change ...func(*Config)) twoLedgers {
	t.Helper()
	ours := newLedger(map[string]int{"boat": 9, "both": 1})
	theirs := newLedger(map[string]int{"network": 100, "port": -1, "both": 2})
	neutron := upstream(t, http.StripPrefix("/net", theirs).ServeHTTP)
	toy := newToy()
	for _, path := range []string{"", "/project", "/tenant", "/{id}", "/{id}/default", "/{id}/details"} {
		toy.Handle(quotasPath+path, ours)
	}
	f := serve(t, neutron.URL+"/net", append([]func(*Config){func(c *Config) { c.Ours, c.Rehearse = toy, rehearse }}, change...)...)
	return twoLedgers{f, ours, theirs}
}

// ask does a request with a token, and gives the answer's JSON.
func (l twoLedgers) ask(method, path, body string) (*http.Response, string) {
	l.t.Helper()
	return ask(l.t, method, l.url+quotasPath+path, body, "X-Auth-Token", "token", "Accept-Encoding", "gzip")
}

func (l twoLedgers) expect(method, path, body string, status int, want string) {
	l.t.Helper()
	res, text := l.ask(method, path, body)
	if res.StatusCode != status || strings.TrimSpace(text) != want {
		l.t.Errorf("%s %s %s gave %d %s, wanted %d %s", method, path, body, res.StatusCode, text, status, want)
	}
}

func (l twoLedgers) changed(theirs, ours []string) {
	l.t.Helper()
	if diff := cmp.Diff([][]string{theirs, ours}, [][]string{l.theirs.changes, l.ours.changes}); diff != "" {
		l.t.Errorf("Neutron and we were asked for (-want +got)\n%s", diff)
	}
}

func TestQuotasAreMerged(t *testing.T) {
	l := newTwoLedgers(t)
	l.theirs.own["a"] = map[string]int{"network": 5}
	l.ours.own["a"] = map[string]int{"boat": 3}
	for path, want := range map[string]string{
		"/a":         `{"quota":{"boat":3,"both":1,"network":5,"port":-1}}`,
		"/nobody":    `{"quota":{"boat":9,"both":1,"network":100,"port":-1}}`,
		"/a?x=y":     `{"quota":{"boat":3,"both":1,"network":5,"port":-1}}`,
		"/a/default": `{"quota":{"boat":9,"both":1,"network":100,"port":-1}}`,
		"/a/details": `{"quota":{"boat":{"limit":3,"reserved":0,"used":1},"both":{"limit":1,"reserved":0,"used":1},` +
			`"network":{"limit":5,"reserved":0,"used":1},"port":{"limit":-1,"reserved":0,"used":1}}}`,
		"":         `{"quotas":[{"boat":3,"both":1,"network":5,"port":-1,"project_id":"a","tenant_id":"a"}]}`,
		"/project": `{"project":"of token"}`,
		"/tenant":  `{"tenant":"of token"}`,
	} {
		l.expect("GET", path, "", 200, want)
	}
	l.changed(nil, nil)
	if !l.ours.tokens["token"] || len(l.theirs.tokens) != 1 {
		t.Errorf("tokens: ours %v, theirs %v", l.ours.tokens, l.theirs.tokens)
	}
	if packed := slices.DeleteFunc(l.theirs.encodings, func(s string) bool { return !strings.HasSuffix(s, "gzip") }); len(packed) != 2 {
		t.Errorf("Neutron may pack %v, want it for what passes through", packed)
	}
	if res, _ := l.ask("GET", "/a", ""); res.Header.Get("X-Openstack-Request-Id") != "req-one" || res.ContentLength <= 0 {
		t.Errorf("headers %v", res.Header)
	}
}

// TestProjectsOfOneList: what one has no limits for, it has those by default.
func TestProjectsOfOneList(t *testing.T) {
	l := newTwoLedgers(t)
	l.theirs.own["theirs"] = map[string]int{"port": 7}
	l.theirs.own["each"] = map[string]int{"network": 1}
	l.ours.own["ours"] = map[string]int{"boat": 4}
	l.ours.own["each"] = map[string]int{"boat": 0}
	l.expect("GET", "", "", 200, `{"quotas":[`+strings.Join([]string{
		`{"boat":0,"both":1,"network":1,"port":-1,"project_id":"each","tenant_id":"each"}`,
		`{"boat":9,"both":1,"network":100,"port":7,"project_id":"theirs","tenant_id":"theirs"}`,
		`{"boat":4,"both":1,"network":100,"port":-1,"project_id":"ours","tenant_id":"ours"}`,
	}, ",")+`]}`)
	empty := newTwoLedgers(t)
	empty.expect("GET", "", "", 200, `{"quotas":[]}`)
}

func TestAChangeIsDivided(t *testing.T) {
	for _, c := range []struct {
		name, body   string
		theirs, ours []string
		want         string
	}{
		{"both", `{"quota":{"boat":1,"network":2}}`, []string{`PUT {"quota":{"network":2}}`}, []string{`PUT {"quota":{"boat":1}}`}, `{"quota":{"boat":1,"both":1,"network":2,"port":-1}}`},
		{"ours", `{"quota":{"boat":1}}`, nil, []string{`PUT {"quota":{"boat":1}}`}, `{"quota":{"boat":1,"both":1,"network":100,"port":-1}}`},
		{"theirs, as it is", `{ "quota":{"network": 2}}`, []string{`PUT { "quota":{"network": 2}}`}, nil, `{"quota":{"boat":9,"both":1,"network":2,"port":-1}}`},
		{"what both have is ours", `{"quota":{"both":7}}`, nil, []string{`PUT {"quota":{"both":7}}`}, `{"quota":{"boat":9,"both":7,"network":100,"port":-1}}`},
		{"nothing", `{"quota":{}}`, []string{`PUT {"quota":{}}`}, nil, `{"quota":{"boat":9,"both":1,"network":100,"port":-1}}`},
		{
			"options go to both", `{"quota":{"boat":1,"force":true,"network":2,"check_limit":false}}`,
			[]string{`PUT {"quota":{"check_limit":false,"force":true,"network":2}}`},
			[]string{`PUT {"quota":{"boat":1,"check_limit":false,"force":true}}`},
			`{"quota":{"boat":1,"both":1,"network":2,"port":-1}}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newTwoLedgers(t)
			l.expect("PUT", "/a", c.body, 200, c.want)
			l.expect("GET", "/a", "", 200, c.want)
			l.changed(c.theirs, c.ours)
		})
	}
}

// TestARefusalIsToldAsItIs: and nothing is half done.
func TestARefusalIsToldAsItIs(t *testing.T) {
	const both = `{"quota":{"boat":1,"network":2}}`
	for _, c := range []struct {
		name, method, path, body string
		theirs, ours             int // status of who refuses
		status                   int
		want                     string
		asked                    []string // of Neutron
	}{
		{"Neutron, a GET", "GET", "/a", "", 403, 0, 403, "refused GET", nil},
		{"we, a GET", "GET", "/a", "", 0, 403, 403, "refused GET", nil},
		{"Neutron, a list", "GET", "", "", 401, 0, 401, "refused GET", nil},
		{"Neutron, a PUT", "PUT", "/a", both, 403, 0, 403, "refused PUT", []string{`PUT {"quota":{"network":2}}`}},
		{"we, a PUT", "PUT", "/a", both, 0, 403, 403, "refused PUT", nil},
		{"Neutron, a DELETE", "DELETE", "/a", "", 403, 0, 403, "refused DELETE", []string{"DELETE "}},
		{"we, a DELETE", "DELETE", "/a", "", 0, 403, 403, "refused DELETE", nil},
		{"a value of ours", "PUT", "/a", `{"quota":{"boat":-2,"network":2}}`, 0, 0, 400, "bad boat", nil},
		{"a value of theirs", "PUT", "/a", `{"quota":{"boat":2,"network":-2}}`, 0, 0, 400, "bad network", []string{`PUT {"quota":{"network":-2}}`}},
		{"an unknown member", "PUT", "/a", `{"quota":{"boat":2,"whale":2}}`, 0, 0, 400, "bad whale", []string{`PUT {"quota":{"whale":2}}`}},
		{"no quota", "PUT", "/a", `{"boat":2}`, 0, 0, 400, "no quota", []string{`PUT {"boat":2}`}},
		{"a list", "PUT", "/a", `{"quota":[]}`, 0, 0, 400, "no quota", []string{`PUT {"quota":[]}`}},
		{"no JSON", "PUT", "/a", `{`, 0, 0, 400, "no quota", []string{`PUT {`}},
		{"ours alone at Neutron", "PUT", "/a", `{"quota":{"boat":2}}`, 403, 0, 403, "refused GET", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newTwoLedgers(t)
			l.theirs.own["a"], l.ours.own["a"] = map[string]int{"network": 5}, map[string]int{"boat": 3}
			refuse := c.method
			if c.asked == nil && c.theirs != 0 {
				refuse = http.MethodGet
			}
			l.theirs.refuse[refuse], l.ours.refuse[c.method] = c.theirs, c.ours
			l.expect(c.method, c.path, c.body, c.status, c.want)
			l.changed(c.asked, nil)
			if l.theirs.own["a"]["network"] != 5 || l.ours.own["a"]["boat"] != 3 {
				t.Errorf("half done: theirs %v, ours %v", l.theirs.own, l.ours.own)
			}
		})
	}
}

// TestHalfAChange: where ours fails although it was rehearsed, that is told, and
// the same request again does the rest.
func TestHalfAChange(t *testing.T) {
	for _, c := range []struct{ method, body, then string }{
		{"PUT", `{"quota":{"boat":1,"network":2}}`, `{"quota":{"boat":1,"both":1,"network":2,"port":-1}}`},
		{"DELETE", "", `{"quota":{"boat":9,"both":1,"network":100,"port":-1}}`},
	} {
		l := newTwoLedgers(t, func(c *Config) { c.Rehearse = nil })
		l.theirs.own["a"], l.ours.own["a"] = map[string]int{"network": 5}, map[string]int{"boat": 3}
		l.ours.refuse[c.method] = 503
		l.expect(c.method, "/a", c.body, 503, "refused "+c.method)
		if l.theirs.own["a"]["network"] == 5 || !strings.Contains(l.log.String(), "Neutron has done its part") {
			t.Errorf("%s: theirs %v, log %s", c.method, l.theirs.own, l.log)
		}
		delete(l.ours.refuse, c.method)
		if res, text := l.ask(c.method, "/a", c.body); res.StatusCode/100 != 2 {
			t.Errorf("%s again: %s %s", c.method, res.Status, text)
		}
		l.expect("GET", "/a", "", 200, c.then)
	}
}

func TestQuotasAreDeletedAtBoth(t *testing.T) {
	l := newTwoLedgers(t)
	l.expect("DELETE", "/a", "", 404, "none of its own")
	l.ours.own["a"] = map[string]int{"boat": 3}
	l.expect("DELETE", "/a", "", 204, "")
	l.theirs.own["a"] = map[string]int{"network": 3}
	l.expect("DELETE", "/a", "", 204, "")
	l.theirs.own["a"], l.ours.own["a"] = map[string]int{"network": 3}, map[string]int{"boat": 3}
	l.expect("DELETE", "/a", "", 204, "")
	l.expect("GET", "", "", 200, `{"quotas":[]}`)
}

func TestAnswersThatAreNoQuotas(t *testing.T) {
	for path, answer := range map[string]string{
		"/a": "<html>", "/b": `{"quota":[]}`, "/c": `{}`, "": `{"quotas":{"a":1}}`, "/d": strings.Repeat(" ", mostAnswer+1),
	} {
		neutron := upstream(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer) })
		toy := newToy()
		toy.Handle(quotasPath, newLedger(nil))
		toy.Handle(quotasPath+"/{id}", newLedger(nil))
		f := serve(t, neutron.URL, func(c *Config) { c.Ours = toy })
		res, text := ask(t, http.MethodGet, f.url+quotasPath+path, "")
		if kind, message := fault(t, res, text); res.StatusCode != 502 || kind != "HTTPBadGateway" || !strings.Contains(message, neutron.URL) {
			t.Errorf("%.40s: %s %s", answer, res.Status, text)
		}
	}
}

func TestALargeQuota(t *testing.T) {
	l := newTwoLedgers(t)
	res, text := l.ask("PUT", "/a", `{"quota":{"boat":1}}`+strings.Repeat(" ", mostQuota))
	if kind, _ := fault(t, res, text); res.StatusCode != 413 || kind != "HTTPRequestEntityTooLarge" {
		t.Errorf("%s %s", res.Status, text)
	}
	l.changed(nil, nil)
}

// TestWhoseQuotasAre is about what is not merged.
func TestWhoseQuotasAre(t *testing.T) {
	asked := ""
	neutron := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Method + " " + r.RequestURI
		_, _ = io.WriteString(w, "theirs")
	}))
	defer neutron.Close()
	l := newTwoLedgers(t, func(c *Config) { c.URL.Host = strings.TrimPrefix(neutron.URL, "http://") })
	for _, c := range [][2]string{
		{"POST", ""},
		{"PUT", ""},
		{"DELETE", ""},
		{"HEAD", "/a"},
		{"OPTIONS", "/a"},
		{"POST", "/a"},
		{"PUT", "/a/details"},
		{"GET", "/a/other"},
		{"GET", "/project"},
		{"GET", "/tenant"},
		{"PUT", "/tenant"},
		{"GET", "/a/details/x"},
		{"GET", "/a/"},
		{"GET", "/"},
	} {
		res, text := l.ask(c[0], c[1], "")
		if want := c[0] + " /net" + quotasPath + c[1]; asked != want || res.StatusCode != 200 || text != "theirs" && c[0] != "HEAD" {
			t.Errorf("%v: %s %q, Neutron was asked %q", c, res.Status, text, asked)
		}
	}
	without := serve(t, neutron.URL)
	if _, text := ask(t, http.MethodPut, without.url+quotasPath+"/a", `{"quota":{"boat":1}}`); text != "theirs" {
		t.Errorf("an API without quotas answers %q", text)
	}
}

// FuzzDivide: whatever a quota has goes to one of us as it is, options to
// whoever has a limit to set.
func FuzzDivide(f *testing.F) {
	for _, seed := range []string{`{"quota":{"boat":1,"network":"2"}}`, `{"quota":{"boat":null,"force":true},"x":[]}`, `{"quota":{"":"\ud800"}}`} {
		f.Add([]byte(seed))
	}
	known := map[string]json.RawMessage{"boat": nil}
	f.Fuzz(func(t *testing.T, body []byte) {
		whole, members, err := inside[map[string]json.RawMessage](body, quotaMember)
		if err != nil {
			return
		}
		q := &quota{theirs: body}
		if err := q.divide(whole, members, known); err != nil {
			t.Fatal(err)
		}
		got := map[string]json.RawMessage{}
		for i, part := range [][]byte{q.theirs, q.own} {
			if part == nil {
				continue
			}
			_, held, err := inside[map[string]json.RawMessage](part, quotaMember)
			if err != nil {
				t.Fatalf("%s became %s: %v", body, part, err)
			}
			for name := range held {
				if _, isOurs := known[name]; !quotaOptions[name] && isOurs != (i == 1) {
					t.Errorf("%s: %s went to the wrong one", body, name)
				}
			}
			got = united(got, held)
		}
		for name, v := range members {
			if want, _ := plain(v); string(got[name]) != string(want) && string(got[name]) != string(v) {
				t.Errorf("%s: %q has become %s", body, name, got[name])
			}
		}
	})
}
