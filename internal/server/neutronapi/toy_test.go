package neutronapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// boat is an object of the toy resource that the tests serve.
type boat struct {
	id, owner, name, rig string
	masts                uint32
	racing               bool
	crew                 []string
	revision             int64
}

// harbour keeps boats. A fault is what its functions give instead.
type harbour struct {
	boats []boat
	asked Query // of the last list
	fault error
	panic any

	limits map[string]Limits // of owners that have some of their own
}

var (
	errGone  = errors.New("gone")
	errStale = errors.New("stale")
)

// list passes over Sort: what a collection does with a query is its business.
func (h *harbour) list(_ context.Context, q Query) ([]boat, error) {
	h.asked = q
	shown := map[string]func(boat) any{
		"id": func(b boat) any { return b.id }, "name": func(b boat) any { return b.name },
		"rig": func(b boat) any { return b.rig }, "masts": func(b boat) any { return b.masts },
		"racing": func(b boat) any { return b.racing }, "project_id": func(b boat) any { return b.owner },
		"crew": func(b boat) any { return strings.Join(b.crew, " ") },
	}
	out := slices.Clone(h.boats)
	if at := slices.IndexFunc(out, func(b boat) bool { return b.id == q.Marker }); at >= 0 && q.Reverse {
		out = out[:at]
	} else if at >= 0 {
		out = out[at+1:]
	} else if q.Marker != "" {
		return nil, errGone
	}
	for _, f := range q.Filters {
		out = slices.DeleteFunc(out, func(b boat) bool {
			has := shown[f.Attribute](b)
			return !slices.ContainsFunc(f.Values, func(v any) bool { return v == has || v == nil && has == "" })
		})
	}
	if q.Limit > 0 && q.Limit < len(out) {
		out = out[:q.Limit]
	}
	return out, h.fault
}

// at checks the revision of a boat.
func at(b boat, revisions []int64) error {
	if len(revisions) > 0 && !slices.Contains(revisions, b.revision) {
		return errStale
	}
	return nil
}

func (h *harbour) find(_ context.Context, id string) (boat, error) {
	if h.panic != nil {
		panic(h.panic)
	}
	for _, b := range h.boats {
		if b.id == id {
			return b, h.fault
		}
	}
	return boat{}, errGone
}

func (h *harbour) apply(b boat, v Values) (boat, error) {
	set := func(to *string, name string) {
		if s, ok := Get[string](v, name); ok {
			*to = s
		}
	}
	set(&b.owner, "project_id")
	set(&b.name, "name")
	set(&b.rig, "rig")
	if n, ok := Get[uint32](v, "masts"); ok {
		b.masts = n
	}
	if r, ok := Get[bool](v, "racing"); ok {
		b.racing = r
	}
	if crew, ok := Get[[]any](v, "crew"); ok {
		b.crew = nil
		for _, c := range crew {
			name, _ := Get[string](c.(Values), "name")
			b.crew = append(b.crew, name)
		}
	}
	return b, h.fault
}

func (h *harbour) resource() *Resource[boat] {
	crew := List{
		Min:  1,
		Elem: Object(Member{Name: "id"}, Member{Name: "name", Type: Named(8), Use: Required}, Member{Name: "tasks", Type: List{Elem: Integer("a task", 1, 9)}.Type(), Use: Optional}),
		Key:  func(made any) any { return made.(Values)["name"] },
	}
	sailor := Named(8)
	return &Resource[boat]{
		Envelope: Envelope{"boat", "boats"},
		Also:     []Envelope{{"ship", "ships"}},
		Path:     "boats",
		Attributes: []Attribute[boat]{
			{Name: "id", Twins: []string{"uuid"}, Show: func(b boat) any { return b.id }},
			{Name: "name", Type: Text(10), Post: Optional, Put: Optional, Default: "", Show: func(b boat) any { return b.name }},
			{Name: "rig", Aliases: []string{"sails"}, Type: Word("sloop", "ketch"), Post: Required, Put: Optional, Show: func(b boat) any { return b.rig }},
			{Name: "masts", Type: Integer("a number of masts", 1, 4), Post: Optional, Show: func(b boat) any { return b.masts }},
			{Name: "racing", Type: Bool(), Post: Optional, Default: true, Show: func(b boat) any { return b.racing }},
			{Name: "crew", Type: crew.Type(), Post: Optional, Filter: &sailor, Show: func(b boat) any { return append([]string{}, b.crew...) }},
			{Name: "berth", Type: Reference(), Post: Optional, Target: h.berths()},
			{Name: "project_id", Twins: []string{"tenant_id"}, Type: Named(255), Post: Optional, Show: func(b boat) any { return b.owner }},
		},
		MaxBulk: 16 << 10,
		ID:      func(b boat) string { return b.id },
		Project: func(b boat) string { return b.owner },
		Missing: func(string) error { return errGone },
		New: func(v Values) boat {
			b, _ := h.apply(boat{id: "new"}, v)
			return b
		},
		Create: func(_ context.Context, list []boat) ([]boat, error) { return list, h.fault },
		Get:    h.find,
		List:   h.list,
		Update: func(ctx context.Context, id string, v Values, revisions []int64) (boat, error) {
			b, err := h.find(ctx, id)
			if err == nil {
				err = at(b, revisions)
			}
			if err != nil {
				return b, err
			}
			return h.apply(b, v)
		},
		Delete: func(ctx context.Context, id string, revisions []int64) error {
			b, err := h.find(ctx, id)
			if err == nil {
				err = at(b, revisions)
			}
			return err
		},
	}
}

// berths belong to the project that their id begins with: "demo-1".
func (h *harbour) berths() *Target {
	return &Target{
		Action:  "use_berth",
		Missing: func(string) error { return errGone },
		Project: func(_ context.Context, id string) (string, error) {
			project, _, ok := strings.Cut(id, "-")
			if !ok {
				return "", errGone
			}
			return project, nil
		},
	}
}

// watchman is a Guard. It lets everybody do everything until it is told who
// reaches what.
type watchman struct {
	reach  map[string]Access // by action; nil: all
	stands error             // in the way of everybody
}

type sender struct{}

// Admit takes the token for the sender's name.
func (w *watchman) Admit(r *http.Request) (context.Context, error) {
	return context.WithValue(r.Context(), sender{}, r.Header.Get("X-Auth-Token")), w.stands
}

func (w *watchman) Access(_ context.Context, action string) Access {
	if w.reach == nil {
		return Access{Project: "demo", All: true}
	}
	return w.reach[action]
}

// toy serves a harbour, with its log.
type toy struct {
	*harbour
	guard *watchman
	http.Handler
	log *bytes.Buffer
}

func newToy(boats ...boat) toy {
	h := &harbour{boats: boats}
	log := &bytes.Buffer{}
	readOnly := &Resource[boat]{
		Envelope: Envelope{"buoy", "buoys"}, Path: "buoys",
		ID:     func(b boat) string { return b.id },
		New:    func(Values) boat { return boat{} },
		Get:    h.find,
		List:   func(context.Context, Query) ([]boat, error) { return nil, nil },
		Create: func(_ context.Context, list []boat) ([]boat, error) { return list, nil },
		Delete: func(context.Context, string, []int64) error { return nil },
	}
	guard := &watchman{}
	return toy{h, guard, New(Options{
		Guard:      guard,
		Quotas:     h.quotas(),
		Logger:     slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		MaxBody:    4096,
		Extensions: []Extension{{Alias: "sea", Name: "The sea", Description: "Water.", Updated: "2016-01-01T00:00:00-00:00"}},
		Explain: func(err error) *Error {
			if errors.Is(err, errGone) {
				return &Error{Status: http.StatusNotFound, Type: "BoatNotFound", Message: "No such boat."}
			}
			if errors.Is(err, errStale) {
				return &Error{Status: http.StatusPreconditionFailed, Type: "RevisionNumberConstraintFailed", Message: "Changed."}
			}
			return nil
		},
	}, h.resource(), readOnly), log}
}

// ask sends a request and gives the answer with its body as text.
func (t toy) ask(method, path, body string, header ...string) (*http.Response, string) {
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r := httptest.NewRequest(method, path, reader)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	t.ServeHTTP(w, r)
	return w.Result(), w.Body.String()
}

// expect checks status and a part of the body.
func (t toy) expect(tb testing.TB, method, path, body string, status int, part string) {
	tb.Helper()
	res, text := t.ask(method, path, body)
	if res.StatusCode != status || !strings.Contains(text, part) {
		tb.Errorf("%s %s %s\n gave %d %s\nwanted %d with %s", method, path, body, res.StatusCode, text, status, part)
	}
}
