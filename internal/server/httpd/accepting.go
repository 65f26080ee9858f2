package httpd

import (
	"errors"
	"net"
	"sync/atomic"
)

// Listener is a net.Listener that knows whether anybody takes its connections.
type Listener struct {
	net.Listener
	open atomic.Bool
}

// Watched makes a Listener.
func Watched(l net.Listener) *Listener { return &Listener{Listener: l} }

// Accept implements net.Listener.
func (l *Listener) Accept() (net.Conn, error) {
	l.open.Store(true)
	return l.Listener.Accept()
}

// Close implements net.Listener.
func (l *Listener) Close() error {
	l.open.Store(false)
	return l.Listener.Close()
}

// Accepting is nil while connections are taken.
func (l *Listener) Accepting() error {
	if !l.open.Load() {
		return errors.New("nobody takes connections on " + l.Addr().String())
	}
	return nil
}
