package ovsdb

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"github.com/ovn-kubernetes/libovsdb/cache"
	"github.com/ovn-kubernetes/libovsdb/client"
	"github.com/ovn-kubernetes/libovsdb/model"
	"github.com/ovn-kubernetes/libovsdb/ovsdb"

	"landbridge/internal/hwvtep"
)

const (
	// connectWithin bounds connecting and reading the schema.
	connectWithin = 10 * time.Second
	// loadWithin bounds reading all of the contents.
	loadWithin = 2 * time.Minute
	// callWithin bounds every other request.
	callWithin = 30 * time.Second
	// echoEvery is how often an idle connection is tried; echoWithin how long
	// the server may take to answer.
	echoEvery  = 3 * time.Second
	echoWithin = 5 * time.Second
)

// session is one connection to the server, from connecting to its end. libovsdb
// could reconnect by itself, but then keeps silent about why it cannot, and
// about a schema that has changed.
type session struct {
	lib    client.Client
	schema hwvtep.Schema
	hints  *hints
	// cache and rows are libovsdb's copy of the database. Its rows are ahead of
	// the hints, never behind.
	cache *cache.TableCache
	rows  map[string]*cache.RowCache
	// ctx ends with the session; its cause says why.
	ctx     context.Context
	fail    context.CancelCauseFunc
	watcher *watcher
	// allowed tells whether the server may have a switch of that name; nil: any.
	allowed func(name string) bool
}

// connect opens a session with everything read. The context bounds the session,
// not only its making.
func connect(ctx context.Context, a address, t TLS) (*session, error) {
	var tlsConfig *tls.Config
	if a.scheme == schemeSSL {
		var err error
		if tlsConfig, err = t.config(); err != nil {
			return nil, err
		}
	}
	s, err := open(ctx, a, tlsConfig)
	if err != nil && tlsConfig != nil && !isNoDatabase(err) && !isPoorSchema(err) {
		if why := refusal(ctx, a, tlsConfig); why != nil {
			err = why
		}
	}
	return s, explain(err)
}

func open(ctx context.Context, a address, tlsConfig *tls.Config) (*session, error) {
	schema, err := probe(ctx, a, tlsConfig)
	if err != nil {
		return nil, err
	}
	return newSession(ctx, schema, a, tlsConfig)
}

// newSession opens a session with a server whose schema is known.
func newSession(ctx context.Context, schema hwvtep.Schema, a address, tlsConfig *tls.Config) (_ *session, err error) {
	s := &session{schema: schema, hints: newHints()}
	s.ctx, s.fail = context.WithCancelCause(ctx)
	s.watcher = &watcher{lost: s.hints.lost, fail: s.fail}
	logger := logr.New(s.watcher)
	if s.lib, err = dial(ctx, a, tlsConfig, usedModels(schema), client.WithLogger(&logger)); err != nil {
		s.fail(err)
		return nil, err
	}
	if err := s.load(); err != nil {
		s.close()
		return nil, err
	}
	go s.keep()
	return s, nil
}

// probe asks the server for its schema.
func probe(ctx context.Context, a address, tlsConfig *tls.Config) (hwvtep.Schema, error) {
	lib, err := dial(ctx, a, tlsConfig, probeModels())
	if err != nil {
		return hwvtep.Schema{}, err
	}
	defer lib.Close()
	return detect(lib.Schema()), nil
}

func dial(ctx context.Context, a address, tlsConfig *tls.Config, models map[string]model.Model, opts ...client.Option) (client.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, connectWithin)
	defer cancel()
	db, err := model.NewClientDBModel(databaseName, models)
	if err != nil {
		return nil, fmt.Errorf("row types: %w", err)
	}
	opts = append(opts, client.WithEndpoint(a.endpoint()))
	if tlsConfig != nil {
		opts = append(opts, client.WithTLSConfig(tlsConfig))
	}
	lib, err := client.NewOVSDBClient(db, opts...)
	if err != nil {
		return nil, err
	}
	return lib, lib.Connect(ctx)
}

// load reads the contents and starts following them.
func (s *session) load() error {
	s.cache = s.lib.Cache()
	if s.cache == nil {
		return client.ErrNotConnected
	}
	monitor := &client.Monitor{Method: ovsdb.ConditionalMonitorSinceRPC}
	s.rows = map[string]*cache.RowCache{}
	for table, m := range usedModels(s.schema) {
		s.rows[table] = s.cache.Table(table)
		monitor.Tables = append(monitor.Tables, client.TableMonitor{Table: table, Fields: columns(m)})
	}
	ctx, cancel := context.WithTimeout(s.ctx, loadWithin)
	defer cancel()
	s.cache.AddEventHandler(s.hints)
	if _, err := s.lib.Monitor(ctx, monitor); err != nil {
		return err
	}
	s.watcher.standing.Store(true)
	return nil
}

// keep ends the session when the connection is lost or the server is silent.
func (s *session) keep() {
	ticker := time.NewTicker(echoEvery)
	defer ticker.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-s.lib.DisconnectNotify():
			s.fail(errors.New("the server has closed the connection"))
			return
		case <-ticker.C:
			// An answer may be long in coming behind many changes.
			begun := s.watcher.begun.Load()
			if err := s.echo(s.ctx, echoWithin); err != nil && s.watcher.begun.Load() == begun {
				s.fail(fmt.Errorf("the server does not answer: %w", err))
				return
			}
		}
	}
}

// echo returns when the server has answered. By then libovsdb has taken in
// every change that the server had announced before: it works off what it
// receives in order.
func (s *session) echo(ctx context.Context, within time.Duration) error {
	ctx, cancel := s.bound(ctx, within)
	defer cancel()
	err := s.lib.Echo(ctx)
	if err != nil && ctx.Err() != nil { // of which Echo says nothing
		err = ctx.Err()
	}
	return s.ended(err)
}

// ended gives ErrNotConnected for an error that comes of the session's end.
func (s *session) ended(err error) error {
	if err != nil && (s.ctx.Err() != nil || errors.Is(err, client.ErrNotConnected)) {
		return fmt.Errorf("%w: the connection was lost", ErrNotConnected)
	}
	return err
}

// bound gives a context for one request, which ends with the session too.
func (s *session) bound(ctx context.Context, within time.Duration) (context.Context, func()) {
	ctx, cancel := context.WithTimeout(ctx, within)
	stop := context.AfterFunc(s.ctx, cancel)
	return ctx, func() { stop(); cancel() }
}

func (s *session) close() {
	s.fail(errors.New("closed"))
	s.lib.Close()
}

// explain puts what libovsdb and the network say into an operator's words.
func explain(err error) error {
	switch {
	case err == nil:
		return nil
	case isNoDatabase(err):
		return fmt.Errorf("the server has no database %s; create one from vtep.ovsschema: %w", databaseName, err)
	case isPoorSchema(err):
		return fmt.Errorf("the server's %s schema lacks what is needed: %w", databaseName, err)
	case errors.Is(err, client.ErrNotConnected):
		return fmt.Errorf("the server has closed the connection: %w", err)
	}
	return err
}

// libovsdb has no types for these errors.

func isNoDatabase(err error) bool {
	return strings.Contains(err.Error(), "target database "+databaseName+" not found")
}

func isPoorSchema(err error) bool { return strings.Contains(err.Error(), "validation error") }
