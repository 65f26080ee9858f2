package oslomsg

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// closeWithin is how long the other side may take to answer a farewell.
const closeWithin = 2 * time.Second

// session is one connection with its channels. It ends as a whole: whatever
// closes a channel or cancels a consumer ends the connection, and the next one
// is made from the beginning. So there is one way back, whatever has broken.
type session struct {
	cfg  Config
	host Host
	conn *amqp.Connection
	wire net.Conn
	pub  *publisher
	done chan struct{} // closed at the end

	once sync.Once
	err  error // why it has ended; read after done
}

// openSession connects to a host. prepare makes what the connection is for.
func openSession(ctx context.Context, cfg Config, count *counters, h Host, prepare func(*session) error) (*session, error) {
	conn, wire, err := dial(ctx, cfg, h)
	if err != nil {
		return nil, err
	}
	s := &session{cfg: cfg, host: h, conn: conn, wire: wire, done: make(chan struct{})}
	go s.watch(conn.NotifyClose(make(chan *amqp.Error, 1)))
	// What follows waits for the other side without a context.
	patience, cancel := context.WithTimeout(ctx, connectWithin)
	defer cancel()
	stop := context.AfterFunc(patience, func() {
		s.fail(patience.Err())
		_ = wire.Close()
	})
	defer stop()
	if s.pub, err = newPublisher(s, count); err == nil {
		err = prepare(s)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// channel opens a channel whose end ends the session.
func (s *session) channel() (*amqp.Channel, error) {
	ch, err := s.conn.Channel()
	if err != nil {
		return nil, err
	}
	go s.watch(ch.NotifyClose(make(chan *amqp.Error, 1)))
	return ch, nil
}

// watch ends the session with a connection or channel.
func (s *session) watch(closed <-chan *amqp.Error) {
	if reason := <-closed; reason != nil {
		s.fail(reason)
		return
	}
	s.fail(errors.New("closed"))
}

// watchCancels ends the session when RabbitMQ takes a consumer's queue away.
func (s *session) watchCancels(cancels <-chan string) {
	if tag, ok := <-cancels; ok {
		s.fail(fmt.Errorf("consumer %s was cancelled: its queue is gone", tag))
	}
}

// fail ends the session; the first reason counts.
func (s *session) fail(reason error) {
	s.once.Do(func() {
		s.err = reason
		close(s.done)
	})
}

// close says farewell where the other side still listens.
func (s *session) close() {
	s.fail(errors.New("closed"))
	_ = s.conn.CloseDeadline(time.Now().Add(closeWithin)) // it may be closed already
	_ = s.wire.Close()
}

// lost is the error of who waited for the session.
func (s *session) lost() error {
	return fmt.Errorf("%w: the connection to %s was lost: %w", ErrUnavailable, s.host.address(), s.err)
}

func (s *session) ended() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}
