package cli_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"landbridge/internal/cli"
	"landbridge/internal/l2gw"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/server/api"
	"landbridge/internal/server/api/apitest"
	"landbridge/internal/server/neutronapi"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"landbridge": func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		code := cli.Run(ctx, os.Args[1:], cli.StandardStreams(), os.Getenv)
		stop()
		os.Exit(code)
	}})
}

// The networks of the cloud that the stories play in.
const (
	blue  = "aaaaaaaa-0000-4000-8000-000000000001" // VXLAN 123
	green = "aaaaaaaa-0000-4000-8000-000000000002" // VXLAN 456
	twin  = "aaaaaaaa-0000-4000-8000-000000000003" // called green too
)

// world is a server and what is around it, for one story.
type world struct {
	*httptest.Server
	t    testing.TB
	bare *httptest.Server // the same without names of networks

	mu       sync.Mutex
	statuses []string // what connections become, look by look; the last stays
	looks    int      // since the last become
	posted   int
}

// newWorld serves the API over a cloud in memory whose ids are counted.
func newWorld(t testing.TB) *world {
	t.Helper()
	network := func(id string, key uint32) l2gw.Network {
		return l2gw.Network{ID: id, Segments: []l2gw.Segment{{Type: l2gw.TypeVXLAN, ID: key}}}
	}
	cloud := apitest.New(network(blue, 123), network(green, 456), network(twin, 789))
	n := 0
	cloud.NumberIDs(func() string {
		n++
		return fmt.Sprintf("00000000-0000-4000-8000-%012d", n)
	})
	cloud.SetAgents(
		l2gw.Agent{ID: "bbbbbbbb-0000-4000-8000-000000000001", Host: "rack1", Alive: true, Version: "1", Serves: []string{"tcp:192.0.2.1:6640"}},
		l2gw.Agent{ID: "bbbbbbbb-0000-4000-8000-000000000002", Host: "rack2"},
	)
	w := &world{t: t}
	handler := w.moods(api.New(cloud, api.Options{Guard: neutronapi.Open{Project: "demo"}, Agents: true}))
	mux := http.NewServeMux()
	mux.Handle("/", handler)
	mux.HandleFunc("GET /v2.0/networks", networks)
	counted := http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w.count(r)
		mux.ServeHTTP(out, r)
	})
	w.Server, w.bare = httptest.NewServer(counted), httptest.NewServer(handler)
	t.Cleanup(w.Close)
	t.Cleanup(w.bare.Close)
	return w
}

// networks answers as Neutron does.
func networks(w http.ResponseWriter, r *http.Request) {
	var found []string
	for _, n := range [][2]string{{blue, "blue"}, {green, "green"}, {twin, "green"}} {
		if name := r.URL.Query().Get("name"); name == "" || name == n[1] {
			found = append(found, fmt.Sprintf(`{"id":%q,"name":%q}`, n[0], n[1]))
		}
	}
	_, _ = fmt.Fprintf(w, `{"networks":[%s]}`, strings.Join(found, ","))
}

func (w *world) count(r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.Method == http.MethodPost {
		w.posted++
	}
}

// posts is how many requests have created something.
func (w *world) posts() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.posted
}

var pending = regexp.MustCompile(`"status":"PENDING","status_reason":""`)

// moods gives connections statuses, as the switches of a real server do.
func (w *world) moods(next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "connections/") {
			next.ServeHTTP(out, r)
			return
		}
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		status, reason, _ := strings.Cut(w.mood(), ":")
		out.WriteHeader(rec.Code)
		_, _ = out.Write(pending.ReplaceAll(rec.Body.Bytes(), fmt.Appendf(nil, `"status":%q,"status_reason":%q`, status, reason)))
	})
}

func (w *world) mood() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.looks++
	if len(w.statuses) == 0 {
		return "PENDING"
	}
	mood := w.statuses[0]
	if len(w.statuses) > 1 {
		w.statuses = w.statuses[1:]
	}
	return mood
}

// become is a command of stories: what connections become, look by look.
func become(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: become STATUS[:REASON]...")
	}
	w, _ := ts.Value("world").(*world)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.statuses, w.looks = slices.Clone(args), 0
}

// looked is a command of stories: it waits for somebody to look at a connection.
func looked(ts *testscript.TestScript, _ bool, _ []string) {
	w, _ := ts.Value("world").(*world)
	testenv.Eventually(w.t, 10*time.Second, "a look at a connection", func() error {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.looks == 0 {
			return errors.New("nobody has looked")
		}
		return nil
	})
}

// TestStories runs the client as a program, against a server.
func TestStories(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		UpdateScripts:       os.Getenv("UPDATE_STORIES") != "",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			w := newWorld(env.T().(testing.TB))
			env.Values["world"] = w
			env.Setenv("OS_ENDPOINT", w.URL)
			env.Setenv("BARE", w.bare.URL)
			env.Setenv("BLUE", blue)
			env.Setenv("GREEN", green)
			env.Setenv("HOME", env.WorkDir)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"become": become, "looked": looked},
	})
}
