package neutronapi

import (
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Options say how an API is served.
type Options struct {
	Logger     *slog.Logger // nil: nothing is logged
	Title      string       // of the OpenAPI document
	Guard      Guard        // nil: Open, for no project
	MaxBody    int64        // bytes that a body may have; 0: 1 MiB
	Extensions []Extension  // what /v2.0/extensions names
	Quotas     *Quotas      // nil: nothing is limited
	// Explain makes an answer of an error of a Resource's functions; nil for
	// those that are no business of the user: they are logged, and answered
	// with 500.
	Explain func(error) *Error
}

// DefaultMaxBody is Options.MaxBody where none is set.
const DefaultMaxBody = 1 << 20

// action carries out one method on one path.
type action func(*http.Request) (reply, error)

// actions are the methods that a path has.
type actions map[string]action

type route struct {
	pattern string // of http.ServeMux, without a method
	actions actions
	maxBody int64 // bytes that a body may have; 0: as everywhere
}

// reply is an answer that is no error. A nil body is none at all.
type reply struct {
	status int
	body   any
}

type server struct {
	Options
	mux     *http.ServeMux
	origins *http.CrossOriginProtection
}

// API is what New makes: a handler that knows which paths it has.
type API struct {
	http.Handler
	mux *http.ServeMux
}

// Route gives the pattern of a request's path, as "/v2.0/boats/{id}", "" where
// the API has no such path. The pattern is the same for all methods.
func (a *API) Route(r *http.Request) string {
	if _, pattern := a.mux.Handler(r); pattern != everything {
		return pattern
	}
	return ""
}

// everything is the pattern of the paths that the API does not have.
const everything = "/"

// New serves resources as Neutron would.
func New(o Options, kinds ...Kind) *API {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Guard == nil {
		o.Guard = Open{}
	}
	if o.MaxBody == 0 {
		o.MaxBody = DefaultMaxBody
	}
	s := &server{Options: o, mux: http.NewServeMux(), origins: http.NewCrossOriginProtection()}
	routes := slices.Concat(versionRoutes(kinds), extensionRoutes(o.Extensions), openAPIRoutes(o, kinds))
	for _, k := range kinds {
		routes = append(routes, k.routes(o)...)
	}
	if o.Quotas != nil {
		routes = append(routes, o.Quotas.routes(o.Guard)...)
	}
	for _, r := range routes {
		s.mux.Handle(r.pattern, s.handler(r))
	}
	s.mux.Handle(everything, s.handler(route{}))
	return &API{s.observe(http.HandlerFunc(s.route)), s.mux}
}

// route passes requests on to their paths. Browsers are kept from being used
// against a server that their user can reach: nothing else guards a server
// without authentication.
func (s *server) route(w http.ResponseWriter, r *http.Request) {
	if err := s.origins.Check(r); err != nil {
		s.fail(w, r, Errorf(http.StatusForbidden, "The request comes from a page of another origin: %s.", err))
		return
	}
	if p := r.URL.Path; p != "/v2.0/" && path.Clean("/"+p) != p { // the mux would redirect
		s.fail(w, r, notFound())
		return
	}
	s.mux.ServeHTTP(w, r)
}

func notFound() *Error { return Errorf(http.StatusNotFound, "The resource could not be found.") }

// handler serves one path; without actions, none at all. As Neutron does, it
// refuses HEAD, and answers OPTIONS for those who only ask whether it lives.
func (s *server) handler(at route) http.Handler {
	maxBody := max(s.MaxBody, at.maxBody)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		if at.actions == nil {
			s.fail(w, r, notFound())
			return
		}
		if act, ok := at.actions[r.Method]; ok {
			s.serve(w, r, act)
			return
		}
		w.Header().Set("Allow", at.actions.allow())
		if r.Method == http.MethodOptions {
			s.write(w, r, reply{status: http.StatusOK})
			return
		}
		s.fail(w, r, Errorf(http.StatusMethodNotAllowed, "The method %s is not allowed for this resource.", brief(r.Method)))
	})
}

func (a actions) allow() string {
	names := append(slices.Collect(maps.Keys(a)), http.MethodOptions)
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func (s *server) serve(w http.ResponseWriter, r *http.Request, act action) {
	answer, err := act(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.write(w, r, answer)
}

// fail answers with an error: one of ours as it is, one of the resource's as
// Explain says, any other as a fault.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	answer := s.explain(err)
	if answer == nil {
		s.Logger.Log(r.Context(), severity(r), "request failed", "request_id", RequestID(r.Context()), "error", err)
		answer = fault()
	}
	if answer.Challenge != "" {
		w.Header().Set("WWW-Authenticate", answer.Challenge)
	}
	s.write(w, r, reply{answer.Status, answer.body()})
}

// severity of a failed request: what fails because its client has gone is no
// fault.
func severity(r *http.Request) slog.Level {
	if r.Context().Err() != nil {
		return slog.LevelInfo
	}
	return slog.LevelError
}

func (s *server) explain(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if e, ok := errors.AsType[*InputError](err); ok {
		return Errorf(http.StatusBadRequest, "%s", e)
	}
	if s.Explain == nil {
		return nil
	}
	return s.Explain(err)
}

// fault is all that a user is told of a fault of ours.
func fault() *Error {
	return Errorf(http.StatusInternalServerError,
		"Request Failed: internal server error while processing your request. The server's log has it under the request id.")
}

func (s *server) write(w http.ResponseWriter, r *http.Request, answer reply) {
	if answer.body == nil {
		w.WriteHeader(answer.status)
		return
	}
	text, err := appendJSON(nil, answer.body)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(answer.status)
	if _, err := w.Write(text); err != nil {
		s.Logger.DebugContext(r.Context(), "answer not delivered", "request_id", RequestID(r.Context()), "error", err)
	}
}
