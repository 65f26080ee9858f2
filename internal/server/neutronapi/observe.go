package neutronapi

import (
	"context"
	"errors"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/google/uuid"
)

type requestIDKey struct{}

// RequestID gives the id under which the request of ctx is answered and
// logged; "" outside requests.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// observe gives requests their ids, writes the access log, and answers for
// handlers that panic.
func (s *server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		id := "req-" + uuid.NewString()
		w.Header().Set("X-Openstack-Request-Id", id)
		r = r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id))
		answer := &recorder{ResponseWriter: w}
		defer func() {
			s.access(r, answer, time.Since(began))
		}()
		defer s.survive(answer, r)
		admitted, err := s.admit(r)
		if err != nil {
			s.fail(answer, r, err)
			return
		}
		r = admitted // so that the access log has what its context tells of the sender
		next.ServeHTTP(answer, r)
	})
}

// survive turns a panic into an answer, or cuts the connection where an answer
// had begun.
func (s *server) survive(w *recorder, r *http.Request) {
	cause := recover()
	if cause == nil {
		return
	}
	if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(cause)
	}
	s.Logger.ErrorContext(r.Context(), "request panicked",
		"request_id", RequestID(r.Context()), "panic", cause, "stack", string(debug.Stack()))
	if w.status != 0 {
		panic(http.ErrAbortHandler)
	}
	s.fail(w, r, fault())
}

// access writes a line for each request that somebody has made.
func (s *server) access(r *http.Request, answer *recorder, took time.Duration) {
	if rehearsed(r.Context()) {
		return
	}
	s.Logger.InfoContext(r.Context(), "request",
		"request_id", RequestID(r.Context()), "remote", r.RemoteAddr, "method", r.Method, "uri", shorten(r.URL.RequestURI(), maxMessage),
		"status", answer.status, "bytes", answer.bytes, "took", took)
}

// recorder remembers what an answer was.
type recorder struct {
	http.ResponseWriter
	status int // 0: nothing is answered yet
	bytes  int // of the body
}

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += n
	return n, err
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
