package ovsdb

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"
)

// connect opens a session with a server whose schema is what is needed. The context
// bounds the session, not only its making.
func connect(ctx context.Context, a address, t TLS) (*session, error) {
	conn, err := a.dial(ctx, t)
	if err != nil {
		return nil, explain(err)
	}
	s, err := open(ctx, newLink(conn))
	if err != nil {
		_ = conn.Close()
	}
	return s, explain(err)
}

// dial connects.
func (a address) dial(ctx context.Context, t TLS) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectWithin)
	defer cancel()
	switch a.scheme {
	case schemeUnix:
		return (&net.Dialer{}).DialContext(ctx, "unix", a.target)
	case schemeSSL:
		cfg, err := t.config()
		if err != nil {
			return nil, err
		}
		return (&tls.Dialer{Config: cfg}).DialContext(ctx, "tcp", a.target)
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", a.target)
}

func open(ctx context.Context, l *link) (*session, error) {
	stop := context.AfterFunc(ctx, func() { _ = l.conn.Close() })
	defer stop()
	if err := l.conn.SetReadDeadline(time.Now().Add(connectWithin)); err != nil {
		return nil, err
	}
	schema, err := l.askSchema()
	if err != nil {
		return nil, err
	}
	if err := schema.lacking(); err != nil {
		return nil, poor(err)
	}
	return newSession(ctx, l, schema.detect()), nil
}

func poor(err error) error {
	return fmt.Errorf("the server's %s schema lacks what is needed: %w", databaseName, err)
}

// explain puts what the network says into an operator's words.
func explain(err error) error {
	var op *net.OpError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errNoDatabase):
		return fmt.Errorf("the server has no database %s; create one from vtep.ovsschema: %w", databaseName, err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return errors.New("the server has closed the connection")
	case errors.As(err, &op) && op.Op == "remote error":
		return fmt.Errorf("the server refuses the connection (does it accept this client's certificate?): %w", err)
	}
	return err
}
