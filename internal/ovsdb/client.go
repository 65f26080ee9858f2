package ovsdb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/ovn-kubernetes/libovsdb/model"

	"landbridge/internal/hwvtep"
)

// Config says which database to follow.
type Config struct {
	Address string // tcp:HOST:PORT, ssl:HOST:PORT or unix:PATH
	TLS     TLS    // for ssl:
	Logger  *slog.Logger
	// Connected is told what the server's schema offers, on each connection; nil
	// for nobody.
	Connected func(hwvtep.Schema)
	// Epoch fences the database: it is claimed for this number, and every write
	// takes place only while no higher one has claimed it. 0: no fence.
	Epoch uint64
	// Agent is whose number that is, for those that it keeps out.
	Agent string
}

// Client follows one hardware_vtep database while Run runs, and writes to it.
// Its methods may be called from several goroutines. What it shows while it is
// not connected is what was last seen.
type Client struct {
	dial    func(ctx context.Context) (*session, error)
	callers chan *Caller // of a client that is dialled: the newest
	agent   string
	log     *slog.Logger
	told    func(hwvtep.Schema)
	updates chan struct{}
	applyMu sync.Mutex // Apply by one at a time

	mu      sync.Mutex
	err     error
	epoch   uint64
	session *session // nil while not connected
	schema  hwvtep.Schema
	mirror  *mirror
	dirty   Dirty
	warned  map[string]struct{}
}

// ErrNotConnected is what Err says before the first connection, and what writes
// say without one.
var ErrNotConnected = errors.New("not connected to the database")

const (
	reconnectFirst = 50 * time.Millisecond
	reconnectMax   = 2 * time.Second
	// warnedMax bounds what is remembered of rows that the log has been told of.
	warnedMax = 10000
)

// New makes a client; it connects when Run is called.
func New(cfg Config) (*Client, error) {
	a, err := parseAddress(cfg.Address)
	if err != nil {
		return nil, err
	}
	if a.scheme == schemeSSL {
		if _, err := cfg.TLS.config(); err != nil {
			return nil, fmt.Errorf("database %s: %w", cfg.Address, err)
		}
	}
	c := newClient(cfg)
	c.dial = func(ctx context.Context) (*session, error) { return connect(ctx, a, cfg.TLS) }
	return c, nil
}

func newClient(cfg Config) *Client {
	log := cfg.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Client{
		agent: cfg.Agent, epoch: cfg.Epoch, log: log.With("database", cfg.Address),
		told: cfg.Connected, updates: make(chan struct{}, 1), err: ErrNotConnected,
		mirror: newMirror(), warned: map[string]struct{}{},
	}
}

// Run connects, follows the database and reconnects until the context ends,
// which is no error.
func (c *Client) Run(ctx context.Context) error {
	wait := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(reconnectFirst), backoff.WithMaxInterval(reconnectMax), backoff.WithMaxElapsedTime(0))
	for ctx.Err() == nil {
		s, err := c.dial(ctx)
		if err == nil {
			wait.Reset()
			err = c.follow(s)
		}
		if ctx.Err() != nil {
			break
		}
		c.lost(err)
		select {
		case <-ctx.Done():
		case <-time.After(wait.NextBackOff()):
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hangUp()
	c.session, c.err = nil, ErrNotConnected
	return nil
}

// follow keeps the mirror equal to a session's contents until its end, and
// gives the reason of the end.
func (c *Client) follow(s *session) error {
	defer s.close()
	c.adopt(s)
	c.log.Info("connected to the database", "schema", s.schema.Version)
	if c.told != nil {
		c.told(s.schema)
	}
	for {
		select {
		case <-s.ctx.Done():
			return context.Cause(s.ctx)
		case <-s.hints.signal:
			c.refresh(s)
		}
	}
}

// adopt starts a mirror from a session's contents.
func (c *Client) adopt(s *session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session, c.schema, c.err = s, s.schema, nil
	s.gather() // of these everything is read
	c.rebuild(s)
	if c.epoch > 0 && !c.schema.OtherConfig {
		c.log.Warn("the database's schema has no Global.other_config, so that nothing keeps a second agent from writing to it", "schema", c.schema.Version)
	}
	c.notify()
}

// refresh takes in what the session's hints name.
func (c *Client) refresh(s *session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session != s {
		return
	}
	rows, all := s.gather()
	switch {
	case all:
		c.log.Warn("changes came faster than they could be followed; reading everything again")
		c.rebuild(s)
	case len(rows) > 0:
		c.fold(s, rows)
	default:
		return
	}
	c.notify()
}

// rebuild makes the mirror anew from all rows.
func (c *Client) rebuild(s *session) {
	c.mirror, c.dirty = newMirror(), Dirty{Resync: true}
	c.fold(s, s.everything())
}

// fold takes rows into the mirror. What they refer to and is not among them has
// not changed, or is looked up as it is now.
func (c *Client) fold(s *session, rows map[ref]model.Model) {
	source := func(r ref) model.Model {
		if m, ok := rows[r]; ok {
			return m
		}
		return s.row(r)
	}
	f := &fold{mirror: c.mirror, source: source, dirty: &c.dirty, warn: c.warn}
	f.run(rows)
	s.hints.retry(f.unresolved)
	if err := c.strange(s); err != nil {
		c.session, c.err = nil, err
		s.fail(err)
	}
}

// lost notes why there is no connection; what the mirror shows stays.
func (c *Client) lost(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session != nil || c.err == nil || c.err.Error() != err.Error() {
		c.log.Warn("no connection to the database", "error", err)
	}
	c.session, c.err = nil, err
	c.notify()
}

// warn tells the log once of a row that cannot be shown.
func (c *Client) warn(r ref, reason string) {
	key := r.uuid + reason
	if _, ok := c.warned[key]; ok {
		return
	}
	if len(c.warned) >= warnedMax {
		clear(c.warned)
	}
	c.warned[key] = struct{}{}
	c.log.Warn("a row of the database makes no sense and is passed over", "table", r.table, "row", r.uuid, "reason", reason)
}

func (c *Client) notify() {
	select {
	case c.updates <- struct{}{}:
	default:
	}
}

// Err is nil while the client is connected, has read the contents and may write;
// otherwise it says why not, in words for an operator. It is an ErrFenced while
// the database is another agent's.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return c.err
	}
	return c.fence().check(c.mirror, c.schema)
}

// Updates tells that the connection's state or the contents may have changed
// since the last receive. It is one channel, for one receiver.
func (c *Client) Updates() <-chan struct{} { return c.updates }
