package load_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"landbridge/bench/load"
)

// echo answers with what it is sent, or refuses; it keeps what it has seen.
type echo struct {
	*httptest.Server
	mu          sync.Mutex
	seen        []string
	connections map[string]bool
}

func newEcho(t *testing.T) *echo {
	t.Helper()
	e := &echo{connections: map[string]bool{}}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		e.mu.Lock()
		e.seen = append(e.seen, r.Method+" "+r.URL.Path+" "+r.Header.Get("Content-Type")+" "+string(body))
		e.connections[r.RemoteAddr] = true
		e.mu.Unlock()
		if strings.HasPrefix(r.URL.Path, "/no") {
			w.WriteHeader(http.StatusConflict)
		}
		_, _ = w.Write(body)
	}))
	t.Cleanup(e.Close)
	return e
}

func TestRunSendsEachRequestOnce(t *testing.T) {
	e := newEcho(t)
	var mu sync.Mutex
	var bodies []string
	see := func(body []byte) error {
		mu.Lock()
		defer mu.Unlock()
		bodies = append(bodies, string(body))
		return nil
	}
	got := load.Run(t.Context(), load.Server{URL: e.URL}, 3, load.Of([]load.Request{
		{Method: "POST", Path: "/a", Body: []byte("1"), See: see},
		{Method: "POST", Path: "/b", Body: []byte("2"), See: see},
		{Method: "GET", Path: "/c"},
		{Method: "DELETE", Path: "/d", See: see},
		{Method: "POST", Path: "/no", Body: []byte("why"), See: see},
		{Method: "GET", Path: "/odd", See: func([]byte) error { return errors.New("not what was wanted") }},
	}))
	if len(got.Sample) != 4 || got.Failed != 2 || got.First == nil || got.Took <= 0 || got.Rate() <= 0 {
		t.Errorf("%+v", got)
	}
	slices.Sort(e.seen)
	want := []string{"DELETE /d  ", "GET /c  ", "GET /odd  ", "POST /a application/json 1", "POST /b application/json 2", "POST /no application/json why"}
	if !slices.Equal(e.seen, want) {
		t.Errorf("the server has seen %q", e.seen)
	}
	if slices.Sort(bodies); !slices.Equal(bodies, []string{"", "1", "2"}) {
		t.Errorf("bodies %q", bodies)
	}
}

func TestARefusalIsTold(t *testing.T) {
	c := load.NewClient(load.Server{URL: newEcho(t).URL})
	defer c.Close()
	_, err := c.Do(t.Context(), load.Request{Method: "POST", Path: "/no", Body: []byte("the reason")})
	if err == nil || !strings.Contains(err.Error(), "POST /no: 409 Conflict: the reason") {
		t.Errorf("got %v", err)
	}
}

func TestAClientKeepsItsConnection(t *testing.T) {
	e := newEcho(t)
	var dialled atomic.Int64
	there := load.Server{URL: e.URL, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		dialled.Add(1)
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}
	list := slices.Repeat([]load.Request{{Method: "GET", Path: "/"}, {Method: "POST", Path: "/no", Body: []byte("x")}}, 20)
	load.Run(t.Context(), there, 2, load.Of(list))
	if n := len(e.connections); n < 1 || n > 2 || dialled.Load() != int64(n) {
		t.Errorf("%d connections of 2 clients, dialled %d", n, dialled.Load())
	}
}

func TestForEnds(t *testing.T) {
	e := newEcho(t)
	source := load.For(20*time.Millisecond, func() (load.Request, bool) { return load.Request{Method: "GET", Path: "/"}, true })
	got := load.Run(t.Context(), load.Server{URL: e.URL}, 2, source)
	if len(got.Sample) == 0 || got.Took < 20*time.Millisecond {
		t.Errorf("%d requests in %v", len(got.Sample), got.Took)
	}
	if _, ok := source(); ok {
		t.Error("it goes on")
	}
}

func TestAndJoins(t *testing.T) {
	first, other := errors.New("first"), errors.New("other")
	a := load.Result{Sample: []time.Duration{1}, Took: 2, Failed: 1, First: first}
	b := load.Result{Sample: []time.Duration{3, 4}, Took: 5, Failed: 2, First: other}
	got := a.And(b)
	if !slices.Equal(got.Sample, []time.Duration{1, 3, 4}) || got.Took != 7 || got.Failed != 3 || !errors.Is(got.First, first) {
		t.Errorf("%+v", got)
	}
	if got := (load.Result{}).And(b); !errors.Is(got.First, other) {
		t.Errorf("%+v", got)
	}
}
