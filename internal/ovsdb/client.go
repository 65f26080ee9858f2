package ovsdb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"

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
	warned  *warnings
}

// ErrNotConnected is what Err says before the first connection, and what writes
// say without one.
var ErrNotConnected = errors.New("not connected to the database")

const (
	reconnectFirst = 50 * time.Millisecond
	reconnectMax   = 2 * time.Second
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
	log = log.With("database", cfg.Address)
	return &Client{
		agent: cfg.Agent, epoch: cfg.Epoch, log: log,
		told: cfg.Connected, updates: make(chan struct{}, 1), err: ErrNotConnected,
		mirror: newMirror(), warned: newWarnings(log),
	}
}

// Run connects, follows the database and reconnects until the context ends,
// which is no error.
func (c *Client) Run(ctx context.Context) error {
	wait := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(reconnectFirst), backoff.WithMaxInterval(reconnectMax), backoff.WithMaxElapsedTime(0))
	for ctx.Err() == nil {
		err := c.serve(ctx, wait.Reset)
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

// serve is one connection: it keeps the mirror equal to the contents until the end,
// and gives the reason of the end.
func (c *Client) serve(ctx context.Context, stands func()) error {
	s, err := c.dial(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.load(c.warned.add); err != nil {
		return explain(err)
	}
	stands()
	c.adopt(s)
	c.log.Info("connected to the database", "schema", s.schema.Version)
	if c.told != nil {
		c.told(s.schema)
	}
	go s.keep()
	return s.follow(func(b *update) error { return c.take(s, b) })
}

// adopt shows a session's contents.
func (c *Client) adopt(s *session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session, c.schema, c.err = s, s.schema, nil
	c.mirror, c.dirty, s.mirror = s.mirror, Dirty{Resync: true}, nil
	c.banish(s)
	if c.epoch > 0 && !c.schema.OtherConfig {
		c.log.Warn("the database's schema has no Global.other_config, so that nothing keeps a second agent from writing to it", "schema", c.schema.Version)
	}
	c.notify()
}

// take takes in what a session tells.
func (c *Client) take(s *session, b *update) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session != s {
		return ErrNotConnected
	}
	f := &fold{mirror: c.mirror, dirty: &c.dirty, warn: c.warned.add}
	f.run(b)
	c.banish(s)
	c.notify()
	return f.err
}

// banish ends a session whose other side has a switch that it may not have.
func (c *Client) banish(s *session) {
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
