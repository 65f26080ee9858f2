package oslomsg

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
)

// do takes one message to its end: refused, known, or carried out.
func (s *Server) do(ctx context.Context, j job) {
	if j.session.ended() || ctx.Err() != nil {
		return // it comes again
	}
	s.count.received.Add(1)
	c, err := s.decode(j)
	if err != nil {
		s.count.refused.Add(1)
		s.log.Warn("a message cannot be understood", "queue", j.input.queue.name, "error", err)
		_ = j.message.Reject(false) // where that fails, it comes again
		return
	}
	e, err := s.seen.begin(ctx, c.uniqueID)
	switch {
	case errors.Is(err, errDuplicate):
		s.count.duplicates.Add(1)
		s.log.Debug("a message came again", "queue", j.input.queue.name, "method", clip(c.method))
	case err != nil:
		return
	default:
		done := s.carryOut(ctx, j, c)
		s.seen.finish(e, done)
		if !done {
			return
		}
	}
	_ = j.message.Ack(false) // where that fails, it comes again and is known
}

func (s *Server) decode(j job) (call, error) {
	if err := acceptable(j.message, s.cfg.MaxMessage); err != nil {
		return call{}, err
	}
	return decodeCall(j.message.Body)
}

// carryOut runs the method and sends its reply. It gives false for work that
// the end of the server has interrupted.
func (s *Server) carryOut(ctx context.Context, j job, c call) bool {
	log := s.log.With("queue", j.input.queue.name, "method", clip(c.method))
	h := s.service.Handlers[c.method]
	if h == nil {
		s.count.unknown.Add(1)
		log.Debug("a message is for a method that is not known here")
		s.answer(ctx, j, c, nil, noSuchMethod(c.method))
		return true
	}
	stop := s.comfort(ctx, j, c)
	result, err := safely(ctx, h, Request{
		Topic: j.input.topic, Method: c.method, Namespace: c.namespace, Version: orFirst(c.version), Args: c.args,
		Context: c.context, Reply: c.msgID != "", Redelivered: j.message.Redelivered,
	})
	stop()
	if err != nil && ctx.Err() != nil {
		log.Info("a message is left for the next server", "error", err)
		return false
	}
	if err != nil {
		s.count.failed.Add(1)
		log.Warn("a method has failed", "error", err)
	}
	s.answer(ctx, j, c, result, err)
	return true
}

// orFirst is the version of who sends none.
func orFirst(version string) string {
	if version == "" {
		return "1.0"
	}
	return version
}

// noSuchMethod is what OpenStack's servers say.
func noSuchMethod(method string) *RemoteError {
	return &RemoteError{
		Class: "NoSuchMethod", Module: "oslo_messaging.rpc.dispatcher",
		Message: fmt.Sprintf("Endpoint does not support RPC method %s", method),
	}
}

// safely runs a handler. One that panics fails, or the same message would end
// each process that takes it.
func safely(ctx context.Context, h Handler, r Request) (result any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return h(ctx, r)
}
