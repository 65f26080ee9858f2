// Package proxy lets one address serve two APIs: ours, and Neutron's behind it.
// What is not ours by its path passes through to Neutron and back as it is; the
// lists by which clients find out what there is are merged, and so are the quotas
// of projects.
package proxy

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// API is ours: a handler that knows which paths it has.
type API interface {
	http.Handler
	// Route gives the pattern of a request's path, "" where there is none.
	Route(*http.Request) string
}

// Config says what stands in front of what.
type Config struct {
	Ours API
	// Documents answers as Ours does for the lists to be merged, but logs
	// nothing; nil: Ours itself.
	Documents http.Handler
	// Rehearse gives a context in which Ours judges a change of a quota as ever,
	// but does not make it: what it refuses is then not begun at Neutron either.
	// nil: Ours is not asked before.
	Rehearse func(context.Context) context.Context
	URL      *url.URL // of Neutron: http or https, a host, and perhaps a path in front of /v2.0
	CA       string   // PEM file of the authority of an https URL; "": the system's
	// Timeout is how long Neutron may be silent: before it answers, and within
	// the answer. 0: DefaultTimeout.
	Timeout time.Duration
	Logger  *slog.Logger // nil: nothing is logged
}

// DefaultTimeout is Config.Timeout where none is set. Neutron is known to take
// minutes for large bulk requests.
const DefaultTimeout = 5 * time.Minute

// Proxy is an http.Handler for both APIs. It asks nobody who they are: tokens
// are passed on for Neutron to judge.
type Proxy struct {
	cfg       Config
	name      string // of this proxy in Via headers
	prefix    string // of the paths at Neutron, as escaped; "" or "/…"
	transport *http.Transport
	buffers   buffers
}

// New makes a proxy. Neutron need not be there yet.
func New(cfg Config) (*Proxy, error) {
	if cfg.Documents == nil {
		cfg.Documents = cfg.Ours
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.URL == nil || cfg.URL.Host == "" {
		return nil, errors.New("proxy: no URL of Neutron given")
	}
	transport, err := newTransport(cfg)
	if err != nil {
		return nil, err
	}
	return &Proxy{
		cfg: cfg, name: "landbridge-" + rand.Text(), transport: transport,
		prefix: strings.TrimRight(cfg.URL.EscapedPath(), "/"),
	}, nil
}

// ServeHTTP implements http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch whose, j := p.whose(r); whose {
	case ours:
		p.cfg.Ours.ServeHTTP(w, r)
	case both:
		p.exchange(w, r, j)
	case theirs:
		p.exchange(w, r, nil)
	}
}

// Theirs is what Route gives for what passes through to Neutron.
const Theirs = "neutron"

// Route is API.Route, with Theirs for what goes to Neutron, also where the
// answer is merged with ours.
func (p *Proxy) Route(r *http.Request) string {
	if whose, _ := p.whose(r); whose != ours {
		return Theirs
	}
	return p.cfg.Ours.Route(r)
}

// Close closes the connections to Neutron that are not in use.
func (p *Proxy) Close() { p.transport.CloseIdleConnections() }

// buffers are what bodies are copied through.
type buffers struct{ pool sync.Pool }

const bufferSize = 32 << 10

// Get implements httputil.BufferPool.
func (b *buffers) Get() []byte {
	if buffer, ok := b.pool.Get().(*[bufferSize]byte); ok {
		return buffer[:]
	}
	return make([]byte, bufferSize)
}

// Put implements httputil.BufferPool.
func (b *buffers) Put(buffer []byte) { b.pool.Put((*[bufferSize]byte)(buffer)) }
