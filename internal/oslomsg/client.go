package oslomsg

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
)

// Client sends calls, casts and fanouts while Run runs. Its methods may be
// called from several goroutines.
type Client struct {
	*link
	replies queue

	mu      sync.Mutex
	waiting map[string]*waiter // by _msg_id
}

// New makes a client; it connects when Run is called.
func New(cfg Config) (*Client, error) {
	l, err := newLink(cfg)
	if err != nil {
		return nil, err
	}
	c := &Client{link: l, replies: replyQueue(), waiting: map[string]*waiter{}}
	l.prepare, l.farewell = c.listen, c.leave
	return c, nil
}

// Run connects and reconnects until the context ends, which is no error. It is
// called once.
func (c *Client) Run(ctx context.Context) error {
	c.run(ctx)
	return nil
}

// Call asks for a method and waits for its result, which it reads into what
// result points to; nil drops it. A method that fails gives a *RemoteError. The
// message is sent once: where it is not known whether it arrived, Call fails
// with ErrUnavailable.
func (c *Client) Call(ctx context.Context, m Message, result any) error {
	err := c.call(ctx, m, result)
	if err == nil {
		return nil
	}
	c.count.failed.Add(1)
	return fmt.Errorf("call %s of %s: %w", m.Method, m.key(), err)
}

func (c *Client) call(ctx context.Context, m Message, result any) error {
	ctx, cancel := c.cfg.within(ctx)
	defer cancel()
	k, err := m.call()
	if err != nil {
		return err
	}
	k.msgID, k.replyQueue = newID(), c.replies.name
	w, err := c.expect(k.msgID)
	if err != nil {
		return err
	}
	defer c.forget(k.msgID)
	x, err := c.publishing(k, c.cfg.topicExchange(), m.key())
	if err != nil {
		return err
	}
	s, err := c.await(ctx)
	if err != nil {
		return err
	}
	x.message.Expiration = expiration(ctx)
	if err := s.pub.publish(ctx, x); err != nil {
		return err
	}
	select {
	case r := <-w.done:
		return r.read(result)
	case <-ctx.Done():
		return overdue(ctx, s)
	case <-c.over:
		return fmt.Errorf("%w: no reply can come: %w", ErrUnavailable, errEnded)
	}
}

// overdue is the error of a call whose context has ended.
func overdue(ctx context.Context, s *session) error {
	err := ctx.Err()
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("%w: %w", ErrTimeout, err)
	}
	if s.ended() {
		return fmt.Errorf("%w (%w)", err, s.lost())
	}
	return err
}

func (r reply) read(result any) error {
	if r.failure != nil {
		return r.failure
	}
	if result == nil || len(r.result) == 0 {
		return nil
	}
	if err := json.Unmarshal(r.result, result); err != nil {
		return fmt.Errorf("result: %w", err)
	}
	return nil
}

// Cast asks for a method without waiting for its result. It returns when
// RabbitMQ has the message in a queue; where nobody has one, that is
// ErrUnroutable.
func (c *Client) Cast(ctx context.Context, m Message) error {
	if err := c.cast(ctx, m, c.cfg.topicExchange(), m.key(), true); err != nil {
		return fmt.Errorf("cast %s to %s: %w", m.Method, m.key(), err)
	}
	return nil
}

// Fanout is a Cast to all that listen to the topic now, which may be nobody.
func (c *Client) Fanout(ctx context.Context, m Message) error {
	if m.Host != "" {
		return fmt.Errorf("fanout %s to %s: host: must be empty", m.Method, m.Topic)
	}
	if err := c.cast(ctx, m, fanoutExchange(m.Topic), "", false); err != nil {
		return fmt.Errorf("fanout %s to %s: %w", m.Method, m.Topic, err)
	}
	return nil
}

func (c *Client) cast(ctx context.Context, m Message, to exchange, key string, mandatory bool) error {
	ctx, cancel := c.cfg.within(ctx)
	defer cancel()
	k, err := m.call()
	if err != nil {
		return err
	}
	x, err := c.publishing(k, to, key)
	if err != nil {
		return err
	}
	x.mandatory = mandatory
	return c.send(ctx, x)
}
