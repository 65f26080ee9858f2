package oslomsg

import (
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"
)

// repliesAhead is how many replies RabbitMQ sends before one is acknowledged.
const repliesAhead = 100

// waiter is a call without its reply.
type waiter struct {
	sofar reply      // what came of it
	done  chan reply // of capacity 1
}

// listen makes the queue of replies and starts to consume it.
func (c *Client) listen(s *session) error {
	ch, err := s.channel()
	if err != nil {
		return err
	}
	if err := ch.Qos(repliesAhead, 0, false); err != nil {
		return err
	}
	if err := c.replies.declare(ch); err != nil {
		return err
	}
	go s.watchCancels(ch.NotifyCancel(make(chan string, 1)))
	deliveries, err := c.replies.consume(ch)
	if err != nil {
		return err
	}
	go func() {
		for d := range deliveries {
			c.take(d)
		}
	}()
	return nil
}

// leave deletes the queue of replies: nobody else reads it.
func (c *Client) leave(s *session) {
	if ch, err := s.channel(); err == nil {
		_, _ = ch.QueueDelete(c.replies.name, false, false, false) // else it expires
	}
}

func (c *Client) take(d amqp.Delivery) {
	c.count.received.Add(1)
	r, err := c.decode(d)
	if err != nil {
		c.count.refused.Add(1)
		c.log.Warn("a reply cannot be understood", "error", err)
		_ = d.Reject(false) // where that fails, it comes again
		return
	}
	if !c.deliver(r) {
		c.count.unknown.Add(1)
		c.log.Debug("nobody waits for the reply any more", "msg_id", clip(r.msgID))
	}
	_ = d.Ack(false)
}

func (c *Client) decode(d amqp.Delivery) (reply, error) {
	if err := acceptable(d, c.cfg.MaxMessage); err != nil {
		return reply{}, err
	}
	return decodeReply(d.Body)
}

// contentType is what each message must have.
const contentType = "application/json"

// acceptable tells a message that is not worth a look from one that is.
func acceptable(d amqp.Delivery, most int) error {
	switch {
	case len(d.Body) > most:
		return fmt.Errorf("it has %d bytes, at most %d are taken", len(d.Body), most)
	case d.ContentType != contentType:
		return fmt.Errorf("content type: %q: must be %s", clip(d.ContentType), contentType)
	case d.Headers["compression"] != nil:
		return fmt.Errorf("compression: %q: must not be used (kombu_compression)", clip(fmt.Sprint(d.Headers["compression"])))
	}
	return nil
}

// expect makes room for the reply to a call.
func (c *Client) expect(msgID string) (*waiter, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.waiting) >= c.cfg.MaxCalls {
		return nil, fmt.Errorf("%w: %d", ErrBusy, len(c.waiting))
	}
	w := &waiter{done: make(chan reply, 1)}
	c.waiting[msgID] = w
	return w, nil
}

func (c *Client) forget(msgID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, msgID)
}

// deliver gives a reply to who waits for it. One that is not the last may have a
// result (of old servers) or be a sign of life.
func (c *Client) deliver(r reply) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := c.waiting[r.msgID]
	if w == nil {
		return false
	}
	if !absent(r.result) {
		w.sofar.result = r.result
	}
	if r.failure != nil {
		w.sofar.failure = r.failure
	}
	if r.ending {
		delete(c.waiting, r.msgID)
		w.done <- w.sofar
	}
	return true
}
