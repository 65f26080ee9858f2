package proxy

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestWhoAnswers(t *testing.T) {
	neutron := upstream(t, func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte("theirs " + r.RequestURI)) })
	f := serve(t, neutron.URL)
	for _, c := range []struct {
		method, path, want string
		status             int
	}{
		{"GET", "/", `{"versions":["ours"]}`, 200},
		{"GET", "/v2.0/boats", "our boats", 200},
		{"GET", "/v2.0/boats?name=x", "our boats", 200},
		{"POST", "/v2.0/boats", "our boats", 200},
		{"GET", "/v2.0/boats/1", "our boat", 200},
		{"GET", "/v2.0/%62oats/1", "our boat", 200}, // the same, however it is written
		{"GET", "/v2.0/boats/1/2", "ours has none", 404},
		{"GET", "/v2.0/boats/", "ours has none", 404},
		{"GET", "/openapi.json", "our document", 200},
		{"GET", "/v2.0/harbours/1/quarter", "our quarter", 200},
		{"GET", "/v2.0/extensions/sea", `{"extension":"sea"}`, 200},
		{"GET", "/v2.0/harbours/1", "theirs /v2.0/harbours/1", 200},
		{"GET", "/v2.0/networks", "theirs /v2.0/networks", 200},
		{"DELETE", "/v2.0/networks/1", "theirs /v2.0/networks/1", 200},
		{"GET", "/v2.0/networks/", "theirs /v2.0/networks/", 200},
		{"GET", "/v2.0/boatsheds", "theirs /v2.0/boatsheds", 200},
		{"GET", "/v2.0/Boats", "theirs /v2.0/Boats", 200},
		{"GET", "/v2.0/extensions/router", "theirs /v2.0/extensions/router", 200},
		{"OPTIONS", "/v2.0", "theirs /v2.0", 200},
		{"GET", "/healthcheck", "theirs /healthcheck", 200},
		{"GET", "/v3", "theirs /v3", 200},
	} {
		res, text := ask(t, c.method, f.url+c.path, "")
		if res.StatusCode != c.status || text != c.want {
			t.Errorf("%s %s: %d %q, want %d %q", c.method, c.path, res.StatusCode, text, c.status, c.want)
		}
	}
}

// TestDoubtfulPathsNeverPass: what two programs might read differently could
// come out at Neutron as a path that is ours, or that is another one.
func TestDoubtfulPathsNeverPass(t *testing.T) {
	neutron := upstream(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s reached Neutron", r.RequestURI) })
	f := serve(t, neutron.URL+"/networking")
	for _, path := range []string{
		"/v2.0/../v2.0/networks", "/../etc/passwd", "/v2.0/networks/..", "/v2.0/./networks", "/v2.0//networks", "//networks",
		"/v2.0/networks/../boats", "/v2.0/networks/%2e%2e/boats", "/v2.0/networks/%2E./boats", "/v2.0/networks/..%2fboats",
		"/v2.0/networks/..%2F..%2F..%2Fadmin", "/v2.0/networks%2f%2e%2e%2fboats", "/v2.0/networks/%2fboats", "/v2.0/networks//",
		"/networking/../admin", "/networking/%2e%2e/admin", "/networking//v2.0/networks",
	} {
		if got := raw(t, f.addr, "GET "+path+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 404") && !strings.HasPrefix(got, "HTTP/1.1 30") {
			t.Errorf("%s: %q", path, got)
		}
	}
	for _, line := range []string{"OPTIONS * HTTP/1.1", "CONNECT 192.0.2.1:80 HTTP/1.1", "GET /v2.0/%zz HTTP/1.1", "GET networks HTTP/1.1"} {
		if got := raw(t, f.addr, line+"\r\nHost: x\r\nConnection: close\r\n\r\n"); strings.HasPrefix(got, "HTTP/1.1 200") && !strings.HasPrefix(line, "OPTIONS *") {
			t.Errorf("%s: %q", line, got)
		}
	}
}

func TestEncodedPathsStayEncoded(t *testing.T) {
	neutron := upstream(t, func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(r.RequestURI)) })
	for prefix, at := range map[string]string{"": "", "/": "", "/networking": "/networking", "/a%2Fb/": "/a%2Fb"} {
		f := serve(t, neutron.URL+prefix)
		for _, path := range []string{
			"/v2.0/networks/a%2Fb", "/v2.0/networks/a%2fb", "/v2.0/networks/%41", "/v2.0/networks/a%20b", "/v2.0/networks/a;b=c",
			"/v2.0/networks/%C3%A9", "/v2.0/networks/%ff%fe", "/v2.0/networks/a+b", "/v2.0/networks/%0d%0aX:%20y", "/v2.0/networks/%00",
			"/v2.0/networks?", "/v2.0/networks?a=%zz&b;c&&d=1;e=2", "/v2.0/networks?name=a+b%20c&fields=id&fields=name",
			"/v2.0/networks/a:b@c!$&'()*,", "/v2.0/networks/~x",
		} {
			got := raw(t, f.addr, "GET "+path+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			if !strings.HasSuffix(got, "\r\n\r\n"+at+path) {
				t.Errorf("%q: %s became %q", prefix, path, got)
			}
		}
	}
}

func TestPathsThatHaveThePrefixAlready(t *testing.T) {
	neutron := upstream(t, func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(r.RequestURI)) })
	f := serve(t, neutron.URL+"/networking/")
	for path, want := range map[string]string{
		"/networking/v2.0/networks?marker=1": "/networking/v2.0/networks?marker=1", // of Neutron's own links
		"/networkings":                       "/networking/networkings",
	} {
		if _, got := ask(t, http.MethodGet, f.url+path, ""); got != want {
			t.Errorf("%s became %s", path, got)
		}
	}
}

func TestRouteNamesFewThings(t *testing.T) {
	p, err := New(Config{Ours: newToy(), URL: &url.URL{Scheme: "http", Host: "neutron"}})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/v2.0/boats/7": "/v2.0/boats/{id}", "/v2.0/boats/7/8": "", "/v2.0/networks/7": Theirs, "/v2.0/extensions": Theirs,
		"/v2.0/extensions/sea": "/v2.0/extensions/sea", "/": "/{$}",
	} {
		r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: path}}
		if got := p.Route(r); got != want {
			t.Errorf("%s: route %q, want %q", path, got, want)
		}
	}
}

// TestWhatPassesIsNotOurs is the property behind the table: whatever is passed
// to Neutron is, read in any usual way, no path of ours.
func TestWhatPassesIsNotOurs(t *testing.T) {
	p, err := New(Config{Ours: newToy(), URL: &url.URL{Scheme: "http", Host: "neutron"}})
	if err != nil {
		t.Fatal(err)
	}
	parts := []string{"/", "v2.0", "boats", "networks", "..", ".", "%2e", "%2F", "%62oats", "extensions", "sea", "x"}
	rapid.Check(t, func(t *rapid.T) {
		text := "/" + strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 0, 8).Draw(t, "parts"), "")
		u, err := url.ParseRequestURI(text)
		if err != nil {
			return
		}
		whose, _ := p.whose(&http.Request{Method: http.MethodGet, URL: u})
		if whose == ours {
			return
		}
		for _, reading := range []string{u.Path, u.JoinPath().Path} {
			if reading == "/v2.0/boats" || strings.HasPrefix(reading, "/v2.0/boats/") {
				t.Fatalf("%s passes, and reads as %s", text, reading)
			}
		}
	})
}
