package oslomsg

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// Server carries out what others ask for, while Run runs. A message is
// acknowledged when its handler has returned and the reply is sent.
type Server struct {
	*link
	service Service
	inputs  []input
	jobs    chan job
	seen    *memory
	late    lateReplies
	workers sync.WaitGroup
}

// input is one queue, and the topic that it is for.
type input struct {
	queue queue
	topic string
}

// job is one message to do.
type job struct {
	input   *input
	message amqp.Delivery
	session *session
	came    time.Time
}

// NewServer makes a server; it connects when Run is called.
func NewServer(cfg Config, service Service) (*Server, error) {
	l, err := newLink(cfg)
	if err != nil {
		return nil, err
	}
	if err := service.check(); err != nil {
		return nil, fmt.Errorf("messaging: %w", err)
	}
	service.Concurrency = cmp.Or(service.Concurrency, defaultConcurrency)
	service.Ahead = cmp.Or(service.Ahead, defaultAhead)
	service.Remember = max(cmp.Or(service.Remember, defaultRemember), service.Concurrency)
	s := &Server{
		link: l, service: service, inputs: service.inputs(l.cfg), jobs: make(chan job), seen: newMemory(service.Remember),
	}
	l.farewell = s.leave
	return s, nil
}

// Run connects and reconnects until the context ends, which is no error. It
// waits for the handlers. It is called once.
func (s *Server) Run(ctx context.Context) error {
	s.prepare = func(on *session) error { return s.listen(ctx, on) }
	for range s.service.Concurrency {
		s.workers.Go(func() { s.work(ctx) })
	}
	s.run(ctx)
	s.workers.Wait()
	s.late.wait()
	return nil
}

// listen makes the queues and starts to consume them.
func (s *Server) listen(ctx context.Context, on *session) error {
	ch, err := on.channel()
	if err != nil {
		return err
	}
	if err := ch.Qos(s.service.Ahead, 0, false); err != nil {
		return err
	}
	for _, in := range s.inputs {
		if err := in.queue.declare(ch); err != nil {
			return err
		}
	}
	go on.watchCancels(ch.NotifyCancel(make(chan string, len(s.inputs))))
	for i := range s.inputs {
		deliveries, err := s.inputs[i].queue.consume(ch)
		if err != nil {
			return err
		}
		go s.forward(ctx, on, &s.inputs[i], deliveries)
	}
	return nil
}

// forward hands the messages of one queue to the workers, one at a time.
func (s *Server) forward(ctx context.Context, on *session, in *input, deliveries <-chan amqp.Delivery) {
	for d := range deliveries {
		select {
		case s.jobs <- job{in, d, on, time.Now()}:
		case <-on.done: // they come again
			return
		case <-ctx.Done():
			return
		}
	}
}

// leave lets the handlers come to their end, and deletes the queues that nobody
// else reads.
func (s *Server) leave(on *session) {
	s.workers.Wait()
	ch, err := on.channel()
	for _, in := range s.inputs {
		if err == nil && in.queue.transient {
			_, err = ch.QueueDelete(in.queue.name, false, false, false) // else it expires
		}
	}
}

func (s *Server) work(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case j := <-s.jobs:
			s.do(ctx, j)
		}
	}
}
