package neutronapi

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func TestRoutes(t *testing.T) {
	toy := newToy(boat{id: "b1"})
	for _, c := range []struct {
		method, path, body string
		status             int
		part               string
	}{
		{"GET", "/v2.0/boats/b1", "", 200, `{"boat":{"id":"b1"`},
		{"GET", "/v2.0/boats/none", "", 404, `{"NeutronError":{"type":"BoatNotFound","message":"No such boat.","detail":""}}`},
		{"DELETE", "/v2.0/boats/b1", "", 204, ""},
		{"DELETE", "/v2.0/boats/none", "", 404, "BoatNotFound"},
		{"DELETE", "/v2.0/boats/b1", "{}", 400, "A body is not allowed in DELETE"},
		{"GET", "/v2.0/boats/%ff", "", 404, "HTTPNotFound"},
		{"GET", "/v2.0/cars", "", 404, `{"NeutronError":{"type":"HTTPNotFound","message":"The resource could not be found.","detail":""}}`},
		{"PUT", "/v2.0/cars/1", "not json", 404, "HTTPNotFound"},
		{"GET", "/v2.0/boats/b1/crew", "", 404, "HTTPNotFound"},
		{"GET", "/v2.0/boats/", "", 404, "HTTPNotFound"},
		{"GET", "/v2.0//boats", "", 404, "HTTPNotFound"},
		{"GET", "/v2.0/../v2.0/boats", "", 404, "HTTPNotFound"},
		{"GET", "/v3", "", 404, "HTTPNotFound"},
		{"OPTIONS", "*", "", 404, "HTTPNotFound"},
		{"PATCH", "/v2.0/boats", "", 405, `HTTPMethodNotAllowed`},
		{"PUT", "/v2.0/buoys/1", "not json", 405, `The method \"PUT\" is not allowed for this resource.`},
		{"POST", "/v2.0/extensions", "", 405, `HTTPMethodNotAllowed`},
		{"HEAD", "/", "", 405, ``},
		{"HEAD", "/v2.0/boats", "", 405, ``},
		{"HEAD", "/v2.0/boats/b1", "", 405, ``},
		{"HEAD", "/v2.0/cars", "", 404, ``},
		{"OPTIONS", "/", "", 200, ``},
		{"OPTIONS", "/v2.0/boats/none", "", 200, ``},
		{"OPTIONS", "/v2.0/cars", "", 404, `HTTPNotFound`},
	} {
		toy.expect(t, c.method, c.path, c.body, c.status, c.part)
	}
}

func TestAllow(t *testing.T) {
	for path, want := range map[string]string{
		"/":                   "GET, OPTIONS",
		"/v2.0/boats":         "GET, OPTIONS, POST",
		"/v2.0/boats/1":       "DELETE, GET, OPTIONS, PUT",
		"/v2.0/buoys/1":       "DELETE, GET, OPTIONS",
		"/v2.0/extensions/et": "GET, OPTIONS",
	} {
		for method, status := range map[string]int{"PATCH": 405, "HEAD": 405, "OPTIONS": 200} {
			res, _ := newToy().ask(method, path, "")
			if got := res.Header.Get("Allow"); res.StatusCode != status || got != want {
				t.Errorf("%s %s: %d, Allow %q, wanted %d, %q", method, path, res.StatusCode, got, status, want)
			}
		}
	}
}

func TestDocuments(t *testing.T) {
	extension := `{"alias":"sea","name":"The sea","description":"Water.","updated":"2016-01-01T00:00:00-00:00","links":[]}`
	resources := `{"resources":[{"name":"boat","collection":"boats","links":[{"rel":"self","href":"http://example.com/v2.0/boats"}]},` +
		`{"name":"buoy","collection":"buoys","links":[{"rel":"self","href":"http://example.com/v2.0/buoys"}]}]}`
	for path, want := range map[string]string{
		"/":                     `{"versions":[{"id":"v2.0","status":"CURRENT","links":[{"rel":"self","href":"http://example.com/v2.0/"}]}]}`,
		"/v2.0":                 resources,
		"/v2.0/":                resources,
		"/v2.0/extensions":      `{"extensions":[` + extension + `]}`,
		"/v2.0/extensions/sea":  `{"extension":` + extension + `}`,
		"/v2.0/extensions/land": `{"NeutronError":{"type":"HTTPNotFound","message":"Extension with alias \"land\" does not exist.","detail":""}}`,
	} {
		if _, text := newToy().ask(http.MethodGet, path, ""); text != want {
			t.Errorf("%s is %s, wanted %s", path, text, want)
		}
	}
	newToy().expect(t, http.MethodGet, "https://example.com/", "", 200, `"href":"https://example.com/v2.0/"`)
}

func TestEveryAnswerHasItsRequestID(t *testing.T) {
	toy := newToy()
	seen := map[string]bool{}
	for _, path := range []string{"/", "/v2.0/boats", "/v2.0/boats/none", "/none", "//"} {
		res, _ := toy.ask(http.MethodGet, path, "")
		id := res.Header.Get("X-Openstack-Request-Id")
		if !regexp.MustCompile(`^req-[0-9a-f-]{36}$`).MatchString(id) || seen[id] {
			t.Errorf("%s has the request id %q (seen: %v)", path, id, seen[id])
		}
		seen[id] = true
		if !strings.Contains(toy.log.String(), "request_id="+id) {
			t.Errorf("the access log lacks %s:\n%s", id, toy.log)
		}
	}
}

func TestAccessLog(t *testing.T) {
	toy := newToy()
	toy.ask(http.MethodGet, "/v2.0/boats?name=x", "")
	for _, part := range []string{"level=INFO", "method=GET", `uri="/v2.0/boats?name=x"`, "status=200", "bytes=12", "remote=", "took="} {
		if !strings.Contains(toy.log.String(), part) {
			t.Errorf("the access log lacks %s:\n%s", part, toy.log)
		}
	}
}

func TestFaultsAreLoggedNotTold(t *testing.T) {
	toy := newToy(boat{id: "b1"})
	toy.fault = errors.New("disk on fire")
	for _, c := range [][3]string{
		{"GET", "/v2.0/boats", ""},
		{"GET", "/v2.0/boats/b1", ""},
		{"POST", "/v2.0/boats", `{"boat":{"rig":"sloop"}}`},
		{"PUT", "/v2.0/boats/b1", `{"boat":{"name":"x"}}`},
		{"DELETE", "/v2.0/boats/b1", ""},
	} {
		toy.log.Reset()
		res, text := toy.ask(c[0], c[1], c[2])
		if res.StatusCode != 500 || strings.Contains(text, "fire") || !strings.Contains(text, "HTTPInternalServerError") {
			t.Errorf("%s %s gave %d %s", c[0], c[1], res.StatusCode, text)
		}
		if id := res.Header.Get("X-Openstack-Request-Id"); !strings.Contains(toy.log.String(), `msg="request failed" request_id=`+id+` error="disk on fire"`) {
			t.Errorf("%s %s: the log lacks the fault:\n%s", c[0], c[1], toy.log)
		}
	}
}

func TestPanicIsAnswered(t *testing.T) {
	toy := newToy()
	toy.panic = "at the disco"
	res, text := toy.ask(http.MethodGet, "/v2.0/boats/b1", "")
	if res.StatusCode != 500 || !strings.Contains(text, "NeutronError") || strings.Contains(text, "disco") {
		t.Errorf("a panic was answered by %d %s", res.StatusCode, text)
	}
	for _, part := range []string{`panic="at the disco"`, "toy_test.go", "status=500"} {
		if !strings.Contains(toy.log.String(), part) {
			t.Errorf("the log lacks %s:\n%s", part, toy.log)
		}
	}
	toy.panic = http.ErrAbortHandler
	defer func() {
		got := recover()
		if err, ok := got.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
			t.Errorf("http.ErrAbortHandler became %v", got)
		}
	}()
	toy.ask(http.MethodGet, "/v2.0/boats/b1", "")
}

func TestOtherOriginsAreRefused(t *testing.T) {
	body := `{"boat":{"rig":"sloop"}}`
	for _, c := range []struct {
		header, value string
		status        int
	}{
		{"Sec-Fetch-Site", "cross-site", 403},
		{"Sec-Fetch-Site", "same-origin", 201},
		{"Origin", "http://elsewhere.example", 403},
		{"Origin", "http://example.com", 201},
	} {
		res, text := newToy().ask(http.MethodPost, "/v2.0/boats", body, c.header, c.value)
		if res.StatusCode != c.status {
			t.Errorf("%s: %s gave %d %s, wanted %d", c.header, c.value, res.StatusCode, text, c.status)
		}
	}
}

// TestRealServer is for what a recorder does not show.
func TestRealServer(t *testing.T) {
	srv := httptest.NewServer(newToy(boat{id: "b1"}))
	defer srv.Close()
	res, err := http.Head(srv.URL + "/v2.0/boats/b1")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("HEAD gave %s, Neutron gives 405", res.Status)
	}
	res, err = http.Post(srv.URL+"/v2.0/boats", "application/json", strings.NewReader(strings.Repeat("x", 1<<20)))
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a large body gave %s", res.Status)
	}
}
