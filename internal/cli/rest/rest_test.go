package rest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"landbridge/internal/cli/rest"
)

var boats = rest.Resource{Singular: "boat", Plural: "boats", Path: "boats"}

// serve answers with a handler; the client is its user.
func serve(t *testing.T, h http.HandlerFunc) *rest.Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	c, err := rest.New(s.URL, s.Client(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEndpoints(t *testing.T) {
	for in, want := range map[string]string{
		"http://a:9696":             "http://a:9696",
		"http://a:9696/":            "http://a:9696",
		"http://a:9696/v2.0":        "http://a:9696",
		"https://a/networking/v2.0": "https://a/networking",
		"http://[::1]:9696/v2.0/":   "http://[::1]:9696",
	} {
		if c, err := rest.New(in, http.DefaultClient, nil); err != nil || c.Base != want {
			t.Errorf("%s gave %+v, %v; wanted %s", in, c, err, want)
		}
	}
	for _, in := range []string{"", "127.0.0.1:9696", "ftp://a", "http://", "http://a b", "/x"} {
		if c, err := rest.New(in, http.DefaultClient, nil); err == nil || !strings.Contains(err.Error(), "is not a URL such as") {
			t.Errorf("%q gave %+v, %v", in, c, err)
		}
	}
}

func TestRequests(t *testing.T) {
	var asked string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked = r.Method + " " + r.URL.String() + " " + r.Header.Get("Content-Type") + " " + string(body)
		_, _ = io.WriteString(w, `{"boat":{"id":"b1","masts":2,"load":1.5,"crew":[{"age":7}]}}`)
	})
	ctx := t.Context()
	for want, do := range map[string]func() (rest.Object, error){
		"GET /v2.0/boats/a%2Fb  ": func() (rest.Object, error) { return c.Get(ctx, boats, "a/b") },
		`POST /v2.0/boats application/json {"boat":{"rig":"sloop"}}`: func() (rest.Object, error) {
			return c.Create(ctx, boats, map[string]any{"rig": "sloop"})
		},
		`PUT /v2.0/boats/b1 application/json {"boat":{"rig":null}}`: func() (rest.Object, error) {
			return c.Update(ctx, boats, "b1", map[string]any{"rig": nil})
		},
		"DELETE /v2.0/boats/b1  ": func() (rest.Object, error) { return nil, c.Delete(ctx, boats, "b1") },
	} {
		o, err := do()
		if err != nil || asked != want {
			t.Errorf("asked %q, %v; wanted %q", asked, err, want)
		}
		shown := rest.Object{"id": "b1", "masts": int64(2), "load": 1.5, "crew": []any{map[string]any{"age": int64(7)}}}
		if diff := cmp.Diff(shown, o); o != nil && diff != "" {
			t.Error(diff)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		want   string
	}{
		{409, `{"NeutronError":{"type":"BoatInUse","message":"The boat\nis out.","detail":""}}`, "The boat is out. (409)"},
		{401, `{"error":{"message":"The request you have made requires authentication.","code":401}}`, "The request you have made requires authentication. (401)"},
		{400, `{"NeutronError":"odd"}`, "odd (400)"},
		{500, `{"NeutronError":{"type":"X","message":"It broke.","detail":""}}`, "It broke. (500, req-7)"},
		{502, `<html>`, " answers 502 Bad Gateway (502, req-7)"},
		{307, ``, "leads to http://elsewhere/: give that --endpoint (307)"},
		{200, `{"ship":{}}`, `has no "boat"`},
		{200, `<html>`, "cannot be read as JSON"},
	} {
		client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Openstack-Request-Id", "req-7")
			w.Header().Set("Location", "http://elsewhere/")
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		})
		client.HTTP.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		_, err := client.Get(t.Context(), boats, "b1")
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%d %s gave %v; wanted %q", c.status, c.body, err, c.want)
		}
	}
}

func TestNobodyThere(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	c, err := rest.New(strings.Replace(s.URL, "http://", "http://user:pass@", 1), http.DefaultClient, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Get(t.Context(), boats, "b1")
	if err == nil || !strings.Contains(err.Error(), "cannot be reached") || strings.Contains(err.Error(), "pass@") {
		t.Errorf("gave %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = c.Get(ctx, boats, "b1"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled, it gave %v", err)
	}
}

func TestTimeout(t *testing.T) {
	release := make(chan struct{})
	c := serve(t, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	c.HTTP = &http.Client{Timeout: time.Millisecond}
	if _, err := c.Get(t.Context(), boats, "b1"); err == nil || !strings.Contains(err.Error(), "has not answered in time") {
		t.Errorf("gave %v", err)
	}
}

// TestPages checks that links are followed, by their queries alone, and no
// further than wanted.
func TestPages(t *testing.T) {
	var asked []string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.RawQuery)
		from := map[string]int{"": 0, "b2": 2, "b4": 4}[r.URL.Query().Get("marker")]
		page, links := []string{}, ""
		for i := from + 1; i <= min(from+2, 5); i++ {
			page = append(page, fmt.Sprintf(`{"id":"b%d"}`, i))
		}
		if from < 4 {
			links = fmt.Sprintf(`,"boats_links":[{"rel":"previous","href":"x"},{"rel":"next","href":"http://elsewhere/boats?rig=sloop&marker=b%d"}]`, from+2)
		}
		_, _ = fmt.Fprintf(w, `{"boats":[%s]%s}`, strings.Join(page, ","), links)
	})
	for _, l := range []struct {
		limit, want int
		asked       string
	}{
		{0, 5, "rig=sloop marker=b2&rig=sloop marker=b4&rig=sloop"},
		{3, 4, "limit=3&rig=sloop limit=1&marker=b2&rig=sloop"}, // the server does as it likes here
	} {
		asked = nil
		all, err := c.List(t.Context(), boats, url.Values{"rig": {"sloop"}}, l.limit)
		if err != nil || len(all) != l.want || strings.Join(asked, " ") != l.asked {
			t.Errorf("limit %d gave %v, %v by %q; wanted %q", l.limit, all, err, asked, l.asked)
		}
	}
}

func TestBulk(t *testing.T) {
	answer, status := "", 201
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if string(body) != `{"boats":[{"n":1},{"n":2}]}` {
			t.Errorf("sent %s", body)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	})
	two := []any{map[string]any{"n": 1}, map[string]any{"n": 2}}
	if err := c.CreateAll(t.Context(), boats, two); err != nil {
		t.Error(err)
	}
	status = 400
	for _, words := range []string{"Bulk operation not supported", `Bulk create (\"boats\") is not supported; send one object in \"boat\".`} {
		answer = `{"NeutronError":{"type":"HTTPBadRequest","message":"` + words + `","detail":""}}`
		if err := c.CreateAll(t.Context(), boats, two); !errors.Is(err, rest.ErrNoBulk) {
			t.Errorf("%s gave %v", words, err)
		}
	}
	answer = `{"NeutronError":{"type":"X","message":"n is odd","detail":""}}`
	if err := c.CreateAll(t.Context(), boats, two); err == nil || errors.Is(err, rest.ErrNoBulk) {
		t.Errorf("gave %v", err)
	}
}

// purse has tokens that run out.
type purse struct {
	token string
	next  string
	err   error
}

func (p *purse) Token() string { return p.token }

func (p *purse) Renew(context.Context, string) (string, error) { return p.next, p.err }

func TestTokens(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Auth-Token") != "good" {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"error":{"message":"Who are you?"}}`)
			return
		}
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(body)
	})
	for _, p := range []struct {
		purse
		want string
	}{
		{purse{token: "good"}, ""},
		{purse{token: "stale", next: "good"}, ""},
		{purse{token: "stale", next: "stale"}, "Who are you? (401)"},
		{purse{token: "stale", next: "", err: errors.New("no Keystone")}, "Who are you? (401)"},
	} {
		c.Tokens = &p.purse
		o, err := c.Create(t.Context(), boats, map[string]any{"id": "b1"})
		if (p.want == "") != (err == nil) || (err != nil && err.Error() != p.want) || (err == nil && o.Text("id") != "b1") {
			t.Errorf("%+v gave %v, %v", p.purse, o, err)
		}
	}
}

func TestDebugShowsNoSecrets(t *testing.T) {
	var out strings.Builder
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("X-Subject-Token", "hush-token")
		_, _ = io.WriteString(w, `{"boat":{"id":"b1","note":"`+strings.Repeat("x", 5000)+`"}}`)
	})
	c.Tokens = &purse{token: "hush-token"}
	c.HTTP = &http.Client{Transport: &rest.Debug{Next: http.DefaultTransport, Out: &out}}
	if o, err := c.Create(t.Context(), boats, map[string]any{"rig": "sloop"}); err != nil || len(o.Text("note")) != 5000 {
		t.Fatalf("%v, %v", o, err)
	}
	if _, err := c.HTTP.Post(c.Base+"/v3/auth/tokens", "application/json", strings.NewReader(`{"password":"hush"}`)); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		"> POST http://127.0.0.1:", "> X-Auth-Token: (not shown)", `> {"boat":{"rig":"sloop"}}`, "< 200 OK, ", "< X-Subject-Token: (not shown)",
		"xxx… (5030 bytes)", "> (credentials, not shown)", "< (credentials, not shown)",
	} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("%q is not shown in\n%s", part, &out)
		}
	}
	if strings.Contains(out.String(), "hush") {
		t.Errorf("a secret is shown in\n%s", &out)
	}
}
