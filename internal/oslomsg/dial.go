package oslomsg

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// connectWithin is how long one host may take until a connection is ready to
// use.
const connectWithin = 10 * time.Second

// dial makes a connection to one host. Its errors have no password: those of
// AMQP and TLS name none.
func dial(ctx context.Context, cfg Config, h Host) (*amqp.Connection, net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectWithin)
	defer cancel()
	conn, err := cfg.Dial(ctx, "tcp", h.address())
	if err != nil {
		return nil, nil, err
	}
	conn = &impatient{conn, cfg.Heartbeat}
	// The handshakes below know no context.
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	link, err := handshake(ctx, cfg, h, conn)
	if err != nil {
		_ = conn.Close() // the first error counts
		if ctx.Err() != nil {
			err = fmt.Errorf("%w: %w", ctx.Err(), err)
		}
		return nil, nil, err
	}
	return link, conn, nil
}

func handshake(ctx context.Context, cfg Config, h Host, conn net.Conn) (*amqp.Connection, error) {
	if cfg.TLS != nil {
		c, err := cfg.TLS.config(h.Name)
		if err != nil {
			return nil, err
		}
		secure := tls.Client(conn, c)
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		conn = secure
	}
	properties := amqp.NewConnectionProperties()
	properties.SetClientConnectionName(cfg.Name)
	return amqp.Open(conn, amqp.Config{
		SASL:  []amqp.Authentication{&amqp.PlainAuth{Username: h.User, Password: h.Password}},
		Vhost: cfg.VHost, Heartbeat: cfg.Heartbeat, Properties: properties, Locale: "en_US",
	})
}

// impatient is a connection whose writes end. A peer that stands still would
// else hold a writer for ever, and with it the AMQP library's locks, so that not
// even its heartbeats could end the connection.
type impatient struct {
	net.Conn
	patience time.Duration
}

// Write implements io.Writer.
func (c *impatient) Write(b []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.patience)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}
