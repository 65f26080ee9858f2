package oslomsg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	amqp "github.com/rabbitmq/amqp091-go"
)

// unconfirmedMax is how many messages may be on their way to RabbitMQ at once.
const unconfirmedMax = 256

// publisher sends the messages of one session and waits for their
// confirmations. One goroutine writes, one reads what comes back.
type publisher struct {
	session  *session
	count    *counters
	ch       *amqp.Channel
	topology *amqp.Channel // for exchanges; nil until needed, and after a refusal
	declared map[exchange]bool
	out      chan *publishing
	wake     chan struct{} // a confirmation, or the broker's mood, has changed

	mu      sync.Mutex
	pending map[uint64]*publishing // by delivery tag
	blocked bool                   // RabbitMQ takes nothing for now
}

// publishing is one message on its way.
type publishing struct {
	ctx       context.Context // while somebody waits for it
	to        exchange
	key       string
	mandatory bool // somebody must have a queue for it
	message   amqp.Publishing
	returned  bool       // nobody has
	done      chan error // of capacity 1
}

func newPublisher(s *session, count *counters) (*publisher, error) {
	ch, err := s.channel()
	if err != nil {
		return nil, err
	}
	if err := ch.Confirm(false); err != nil {
		return nil, fmt.Errorf("ask for confirmations: %w", err)
	}
	p := &publisher{
		session: s, count: count, ch: ch, declared: map[exchange]bool{}, out: make(chan *publishing),
		wake: make(chan struct{}, 1), pending: map[uint64]*publishing{},
	}
	// Both without a buffer: a message's return is then taken before its
	// confirmation is sent.
	go p.read(ch.NotifyReturn(make(chan amqp.Return)), ch.NotifyPublish(make(chan amqp.Confirmation)))
	go p.watchMood(s.conn.NotifyBlocked(make(chan amqp.Blocking, 1)))
	go p.write()
	return p, nil
}

// publish sends a message and waits until RabbitMQ has it.
func (p *publisher) publish(ctx context.Context, x *publishing) error {
	x.ctx, x.done = ctx, make(chan error, 1)
	select {
	case p.out <- x:
	case <-ctx.Done():
		return fmt.Errorf("%w: not sent: %w", ErrUnavailable, ctx.Err())
	case <-p.session.done:
		return p.session.lost()
	}
	select {
	case err := <-x.done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%w: not confirmed: %w", ErrUnavailable, ctx.Err())
	case <-p.session.done:
		return p.session.lost()
	}
}

func (p *publisher) write() {
	for {
		out := p.out
		if !p.ready() {
			out = nil
		}
		select {
		case <-p.session.done:
			return
		case <-p.wake:
		case x := <-out:
			p.send(x)
		}
	}
}

func (p *publisher) ready() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.blocked && len(p.pending) < unconfirmedMax
}

func (p *publisher) send(x *publishing) {
	if x.ctx.Err() != nil {
		return // nobody waits any more
	}
	if err := p.declare(x.to); err != nil {
		x.done <- err
		return
	}
	tag := p.ch.GetNextPublishSeqNo()
	p.mu.Lock()
	p.pending[tag] = x
	p.mu.Unlock()
	if err := p.ch.Publish(x.to.name, x.key, x.mandatory, false, x.message); err != nil {
		p.session.fail(err)
	}
}

// declare makes the exchange of a message. That is done on another channel: an
// exchange that is not as we think closes the channel. Exchanges that go with
// their last queue are made each time.
func (p *publisher) declare(e exchange) (err error) {
	if p.declared[e] || e.name == "" {
		return nil
	}
	if p.topology == nil {
		if p.topology, err = p.session.conn.Channel(); err != nil {
			p.session.fail(err)
			return p.session.lost()
		}
	}
	err = e.declare(p.topology)
	var refusal *amqp.Error
	switch {
	case err == nil:
		p.declared[e] = !e.autoDelete
	case errors.As(err, &refusal) && refusal.Server && !p.session.conn.IsClosed():
		p.topology = nil
		return fmt.Errorf("%w: %w", ErrRefused, err)
	default:
		p.session.fail(err)
		return p.session.lost()
	}
	return nil
}

// read takes what comes back until the channel is closed.
func (p *publisher) read(returns <-chan amqp.Return, confirms <-chan amqp.Confirmation) {
	for {
		select {
		case r, ok := <-returns:
			if !ok {
				returns = nil
				continue
			}
			p.returned(r)
		case c, ok := <-confirms:
			if !ok {
				return // who waits sees the end of the session
			}
			p.confirmed(c)
		}
	}
}

// returned finds the message by its body, which has an id of its own.
func (p *publisher) returned(r amqp.Return) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, x := range p.pending {
		if x.mandatory && x.key == r.RoutingKey && bytes.Equal(x.message.Body, r.Body) {
			x.returned = true
			return
		}
	}
}

func (p *publisher) confirmed(c amqp.Confirmation) {
	p.mu.Lock()
	x := p.pending[c.DeliveryTag]
	delete(p.pending, c.DeliveryTag)
	p.mu.Unlock()
	p.woken()
	switch {
	case x == nil:
	case !c.Ack:
		x.done <- fmt.Errorf("%w: its queue does not take the message", ErrRefused)
	case x.returned:
		p.count.unroutable.Add(1)
		x.done <- fmt.Errorf("%w: exchange %q, routing key %q", ErrUnroutable, x.to.name, x.key)
	default:
		p.count.published.Add(1)
		x.done <- nil
	}
}

// watchMood stops sending while RabbitMQ lacks memory or disk. It would not
// read what is sent, nor the heartbeats behind it.
func (p *publisher) watchMood(moods <-chan amqp.Blocking) {
	for m := range moods {
		if m.Active {
			p.session.cfg.Logger.Warn("RabbitMQ takes no messages for now", "reason", m.Reason)
		} else {
			p.session.cfg.Logger.Info("RabbitMQ takes messages again")
		}
		p.mu.Lock()
		p.blocked = m.Active
		p.mu.Unlock()
		p.woken()
	}
}

func (p *publisher) woken() {
	select {
	case p.wake <- struct{}{}:
	default: // it is awake
	}
}
