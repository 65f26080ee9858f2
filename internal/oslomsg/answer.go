package oslomsg

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"
)

const (
	// answerWithin bounds how long a reply is tried whose caller has told no
	// time, and is the most for others. It is the time of oslo.messaging.
	answerWithin = 60 * time.Second
	// lateMax is how many replies may wait for their callers' queues at once.
	lateMax = 64
	// lateEvery is the pause between two looks for such a queue.
	lateEvery = 250 * time.Millisecond
)

// lateReplies are those whose caller's queue is not there: it may come back
// after RabbitMQ was restarted.
type lateReplies struct {
	mu      sync.Mutex
	n       int
	waiting sync.WaitGroup
}

// add starts fn unless there are too many.
func (l *lateReplies) add(fn func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.n == lateMax {
		return false
	}
	l.n++
	l.waiting.Go(func() {
		fn()
		l.mu.Lock()
		defer l.mu.Unlock()
		l.n--
	})
	return true
}

func (l *lateReplies) wait() { l.waiting.Wait() }

// answer sends the reply to a call; casts have none. It waits for a connection,
// but not for a caller.
func (s *Server) answer(ctx context.Context, j job, c call, result any, failed error) {
	if c.msgID == "" {
		return
	}
	x, err := s.replyTo(c, result, failed)
	if err != nil {
		s.log.Warn("a result cannot be sent", "method", clip(c.method), "error", err)
		if x, err = s.replyTo(c, nil, err); err != nil {
			return
		}
	}
	// What is done is told, even when the server is about to end.
	finish, cancel := context.WithDeadline(context.WithoutCancel(ctx), j.came.Add(patience(j)))
	defer cancel()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(farewellWithin/2, cancel) })
	defer stop()
	err = s.send(finish, x)
	if errors.Is(err, ErrUnroutable) && s.late.add(func() { s.insist(ctx, j, x) }) {
		return
	}
	if err != nil {
		s.log.Warn("a reply was not sent", "method", clip(c.method), "error", err)
	}
}

func (s *Server) replyTo(c call, result any, failed error) (*publishing, error) {
	r := reply{msgID: c.msgID, uniqueID: newID(), ending: true}
	if failed != nil {
		r.failure = asRemote(failed)
	} else {
		var err error
		if r.result, err = encode(result); err != nil {
			return nil, err
		}
	}
	return s.reply(c, r)
}

func (s *Server) reply(c call, r reply) (*publishing, error) {
	body, err := r.encode()
	if err != nil {
		return nil, err
	}
	return s.cfg.publishing(exchange{}, c.replyQueue, body)
}

// patience is how long the caller waits, as far as it has told.
func patience(j job) time.Duration {
	ms, err := strconv.ParseInt(j.message.Expiration, 10, 64)
	if err != nil || ms <= 0 || ms > answerWithin.Milliseconds() {
		return answerWithin
	}
	return time.Duration(ms) * time.Millisecond
}

// insist sends a reply again until the caller has a queue, or has waited too
// long.
func (s *Server) insist(ctx context.Context, j job, x *publishing) {
	ctx, cancel := context.WithDeadline(ctx, j.came.Add(patience(j)))
	defer cancel()
	tick := time.NewTicker(lateEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			s.log.Warn("a reply was not sent: its caller is gone", "queue", clip(x.key))
			return
		case <-tick.C:
		}
		err := s.send(ctx, x)
		if errors.Is(err, ErrUnroutable) {
			continue
		}
		if err != nil {
			s.log.Warn("a reply was not sent", "queue", clip(x.key), "error", err)
		}
		return
	}
}

// comfort sends signs of life to a caller that has asked for them, until stop is
// called.
func (s *Server) comfort(ctx context.Context, j job, c call) (stop func()) {
	if c.msgID == "" || c.monitor == 0 {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	over := make(chan struct{})
	go func() {
		defer close(over)
		tick := time.NewTicker(c.monitor / 2)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-j.session.done:
				return
			case <-tick.C:
			}
			if x, err := s.reply(c, reply{msgID: c.msgID, uniqueID: newID()}); err == nil {
				_ = j.session.pub.publish(ctx, x) // the next one may arrive
			}
		}
	}()
	return func() {
		cancel()
		<-over
	}
}
