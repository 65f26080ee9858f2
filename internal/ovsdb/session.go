package ovsdb

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"landbridge/internal/hwvtep"
	"landbridge/internal/ovsdb/wire"
)

const (
	// connectWithin bounds connecting and reading the schema.
	connectWithin = 10 * time.Second
	// loadWithin is how long the next bytes of the contents may take. ovsdb-server
	// says nothing before it has all of them together.
	loadWithin = 2 * time.Minute
	// callWithin bounds every other request.
	callWithin = 30 * time.Second
	// echoEvery is how often an idle connection is tried; echoWithin how long
	// the server may take to answer.
	echoEvery  = 3 * time.Second
	echoWithin = 5 * time.Second
	// mostSchema bounds a schema; that of hardware_vtep has about 20 kB.
	mostSchema = 1 << 20
)

// The methods of RFC 7047 section 4 and of ovsdb-server(7).
const (
	methodSchema      = "get_schema"
	methodMonitor     = "monitor"
	methodMonitorCond = "monitor_cond"
	methodCanceled    = "monitor_canceled"
	methodTransact    = "transact"
	methodEcho        = "echo"
)

// session is one connection to the server, from connecting to its end.
type session struct {
	*link
	schema hwvtep.Schema
	mirror *mirror // from load until a client takes it over
	// ctx ends with the session; its cause says why.
	ctx  context.Context
	fail context.CancelCauseFunc
	// allowed tells whether the server may have a switch of that name; nil: any.
	allowed func(name string) bool

	mu    sync.Mutex
	calls map[string]chan<- reply // by id
	next  uint64
}

// reply is the answer to a request.
type reply struct {
	results []wire.Result
	failure []byte // JSON, nil for none
}

// newSession makes a session of a link to a server whose schema is known. The context
// bounds it.
func newSession(ctx context.Context, l *link, schema hwvtep.Schema) *session {
	s := &session{link: l, schema: schema, calls: map[string]chan<- reply{}}
	s.ctx, s.fail = context.WithCancelCause(ctx)
	context.AfterFunc(s.ctx, func() { _ = l.conn.Close() })
	return s
}

// follow hands on what the server tells, in order, until the session ends; it gives
// the reason.
func (s *session) follow(take func(b *update) error) error {
	err := s.read(take)
	s.fail(explain(err)) // unless it has ended before
	return context.Cause(s.ctx)
}

func (s *session) read(take func(b *update) error) error {
	for {
		b, answer := &update{}, reply{}
		d := newDecoder(s.in, b.add)
		m, err := s.in.Message(wire.Handler{
			Updates: func() { s.in.Updates(d.table) },
			Result:  func() { answer.results = s.in.Results() },
		})
		switch {
		case err != nil:
		case m.IsUpdate():
			err = take(b)
		case m.Method == methodCanceled:
			err = fmt.Errorf("the server does not have the database %s any more", databaseName)
		case m.Method != "":
			err = s.answer(m)
		default:
			answer.failure = m.Error
			s.deliver(string(m.ID), answer)
		}
		if err != nil {
			return err
		}
	}
}

// keep ends the session when the server is silent.
func (s *session) keep() {
	ticker := time.NewTicker(echoEvery)
	defer ticker.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-ticker.C:
			// An answer may be long in coming behind many changes.
			got := s.intake.got.Load()
			if err := s.echo(s.ctx, echoWithin); err != nil && s.intake.got.Load() == got {
				s.fail(fmt.Errorf("the server does not answer: %w", err))
				return
			}
		}
	}
}

func (s *session) close() { s.fail(errors.New("closed")) }
