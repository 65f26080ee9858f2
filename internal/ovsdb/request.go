package ovsdb

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"landbridge/internal/ovsdb/wire"
)

// deliver gives an answer to who waits for it.
func (s *session) deliver(id string, r reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if waiting := s.calls[id]; waiting != nil {
		waiting <- r // has room for it
		delete(s.calls, id)
	}
}

// request makes a request while follow runs, and waits for its answer. By then follow
// has handed on every change that the server had told before.
func (s *session) request(ctx context.Context, method string, params []byte, within time.Duration) (reply, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	answer := make(chan reply, 1)
	id := s.expect(answer)
	defer s.forget(id)
	if err := s.send(wire.AppendRequest(nil, id, method, params)); err != nil {
		s.fail(explain(err))
		return reply{}, s.ended()
	}
	select {
	case r := <-answer:
		if r.failure != nil {
			return r, &failure{string(r.failure)}
		}
		return r, nil
	case <-s.ctx.Done():
		return reply{}, s.ended()
	case <-ctx.Done():
		return reply{}, ctx.Err()
	}
}

// expect gives the id of a new request.
func (s *session) expect(answer chan<- reply) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	id := strconv.FormatUint(s.next, 10)
	s.calls[id] = answer
	return id
}

func (s *session) forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.calls, id)
}

// ended is what a request says that the session's end has cut short.
func (s *session) ended() error {
	return fmt.Errorf("%w: the connection was lost", ErrNotConnected)
}

// echo returns when the server has answered, and all that it had told before has been
// handed on.
func (s *session) echo(ctx context.Context, within time.Duration) error {
	_, err := s.request(ctx, methodEcho, []byte("[]"), within)
	return err
}
