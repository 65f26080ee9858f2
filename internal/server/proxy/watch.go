package proxy

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// errSilent is why a request to Neutron is given up.
var errSilent = errors.New("silent for too long")

// watch gives a request up when nothing moves, in either direction, for too
// long. What moves may take as long as it wants.
type watch struct {
	timer   *time.Timer
	timeout time.Duration
}

func newWatch(timeout time.Duration, cancel context.CancelCauseFunc) *watch {
	return &watch{time.AfterFunc(timeout, func() { cancel(errSilent) }), timeout}
}

// sign says that something has moved.
func (w *watch) sign() { w.timer.Reset(w.timeout) }

func (w *watch) stop() { w.timer.Stop() }

// watched is the body of an answer.
type watched struct {
	io.Reader
	watch *watch
}

// Read implements io.Reader.
func (w watched) Read(b []byte) (int, error) {
	n, err := w.Reader.Read(b)
	w.watch.sign()
	return n, err
}

// clientPause is how long a client may be silent within a body, or not take
// what it is sent. It stands in place of the server's limits for the whole.
const clientPause = time.Minute

// clientBody is the body of a request. Neutron's side may read it until, and
// while, the exchange ends.
type clientBody struct {
	io.ReadCloser
	connection *http.ResponseController
	watch      *watch
	broken     atomic.Pointer[error] // why it could not be read whole

	mu    sync.Mutex
	ended bool // the connection is the server's again
}

// newClientBody lifts the server's limit for the request: it would end, too, a
// request that waits for Neutron.
func newClientBody(w http.ResponseWriter, body io.ReadCloser, watch *watch) *clientBody {
	b := &clientBody{ReadCloser: body, connection: http.NewResponseController(w), watch: watch}
	b.limit(time.Time{})
	return b
}

// limit sets the deadline for bytes from the client. A connection that knows no
// deadlines has none.
func (b *clientBody) limit(at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.ended {
		_ = b.connection.SetReadDeadline(at)
	}
}

// end gives the connection back, with a limit for what is left of the body.
func (b *clientBody) end() {
	b.limit(time.Now().Add(clientPause))
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
}

// Read implements io.Reader.
func (b *clientBody) Read(p []byte) (int, error) {
	b.limit(time.Now().Add(clientPause))
	n, err := b.ReadCloser.Read(p)
	b.limit(time.Time{})
	b.watch.sign()
	if err != nil && !errors.Is(err, io.EOF) {
		b.broken.Store(&err)
	}
	return n, err
}

// patientWriter lets an answer take as long as its client takes something.
type patientWriter struct {
	http.ResponseWriter
	connection *http.ResponseController
}

func newPatientWriter(w http.ResponseWriter) *patientWriter {
	p := &patientWriter{w, http.NewResponseController(w)}
	_ = p.connection.SetWriteDeadline(time.Time{}) // Neutron may be slow
	_ = p.connection.EnableFullDuplex()            // and answer before it has read all
	return p
}

// expect has the client take what is written next.
func (p *patientWriter) expect() { _ = p.connection.SetWriteDeadline(time.Now().Add(clientPause)) }

// Write implements io.Writer.
func (p *patientWriter) Write(b []byte) (int, error) {
	p.expect()
	return p.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (p *patientWriter) Unwrap() http.ResponseWriter { return p.ResponseWriter }
