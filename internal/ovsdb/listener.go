package ovsdb

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"
)

const (
	// greetWithin is how long a caller may take to say who it is.
	greetWithin = 10 * time.Second
	// greetings bounds the callers that have not said so yet, greetingsOfHost those
	// of one address, so that it cannot keep others out; beyond, they are turned
	// away.
	greetings       = 64
	greetingsOfHost = 16
	// acceptAgain is the pause after a connection that could not be accepted.
	acceptAgain = 100 * time.Millisecond
)

// ListenConfig says where switches may dial in.
type ListenConfig struct {
	Address string // ptcp:[PORT][:IP] or pssl:[PORT][:IP], see ParseListen
	TLS     TLS    // for pssl:, all of it
	// Names has, by a name of a switch's certificate (its subject, common name or
	// a subject alternative name), the Physical_Switches that it may be. Nil:
	// every certificate of the authority may be any.
	Names  map[string][]string
	Logger *slog.Logger
}

// Listener lets switches dial in.
type Listener struct {
	cfg      ListenConfig
	address  address
	log      *slog.Logger
	callers  chan *Caller
	patience time.Duration // greetWithin
	room     *room
	quiet    *quiet
}

// NewListener checks the configuration; nothing is listened on before Run.
func NewListener(cfg ListenConfig) (*Listener, error) {
	a, err := parseListen(cfg.Address)
	if err != nil {
		return nil, err
	}
	if a.scheme == schemePSSL {
		if _, err := cfg.TLS.serve(); err != nil {
			return nil, fmt.Errorf("%s: %w", cfg.Address, err)
		}
	} else if cfg.Names != nil {
		return nil, fmt.Errorf("%s: names of certificates are of use with pssl: alone", cfg.Address)
	}
	log := cfg.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Listener{
		cfg: cfg, address: a, log: log.With("listen", cfg.Address), callers: make(chan *Caller),
		patience: greetWithin, room: newRoom(), quiet: newQuiet(),
	}, nil
}

// Callers gives the switches that dial in. Whoever receives one answers for it:
// Client.Answer, or Refuse.
func (l *Listener) Callers() <-chan *Caller { return l.callers }

// Run lets switches dial in until the context ends, which is no error; that
// nobody can listen there is one.
func (l *Listener) Run(ctx context.Context) error {
	socket, err := (&net.ListenConfig{}).Listen(ctx, "tcp", l.address.target)
	if err != nil {
		return fmt.Errorf("switches cannot dial in at %s: %w", l.cfg.Address, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = socket.Close() })
	defer stop()
	l.log.Info("switches may dial in", "at", socket.Addr())
	if l.address.scheme == schemePTCP && !socket.Addr().(*net.TCPAddr).IP.IsLoopback() {
		l.log.Warn("whoever reaches this address may say that it is a switch; use pssl:")
	}
	var all sync.WaitGroup
	defer all.Wait()
	for ctx.Err() == nil {
		conn, err := socket.Accept()
		if err != nil {
			pause(ctx, acceptAgain) // the context ends, or there are too many open files
			continue
		}
		host := hostOf(conn)
		if !l.room.enter(host) {
			_ = conn.Close()
			l.refused(conn, errors.New("too many callers that do not say who they are"))
			continue
		}
		all.Go(func() { defer l.room.leave(host); l.greet(ctx, conn) })
	}
	return nil
}

// greet asks a caller who it is, and hands it over or hangs up.
func (l *Listener) greet(ctx context.Context, conn net.Conn) {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	caller, err := l.identify(ctx, conn)
	if err != nil {
		_ = conn.Close()
		if ctx.Err() == nil {
			l.refused(conn, err)
		}
		return
	}
	select {
	case l.callers <- caller:
	case <-ctx.Done():
		caller.Refuse()
	}
}

// identify finds out which switches call, and whether they may.
func (l *Listener) identify(ctx context.Context, conn net.Conn) (*Caller, error) {
	ctx, cancel := context.WithTimeout(ctx, l.patience)
	defer cancel()
	if err := conn.SetDeadline(time.Now().Add(l.patience)); err != nil {
		return nil, err
	}
	caller := &Caller{from: conn.RemoteAddr().String(), conn: conn}
	if l.address.scheme == schemePSSL {
		if err := l.secure(ctx, caller); err != nil {
			return nil, err
		}
	}
	if err := caller.ask(); err != nil {
		return nil, err
	}
	if name, found := caller.forbidden(); found {
		return nil, fmt.Errorf("it claims to be switch %q, which its certificate, of %q, is not for", name, caller.subject)
	}
	return caller, conn.SetDeadline(time.Time{})
}

// secure does the TLS handshake. The files are read each time, so that renewed
// ones are used.
func (l *Listener) secure(ctx context.Context, caller *Caller) error {
	cfg, err := l.cfg.TLS.serve()
	if err != nil {
		return err
	}
	conn := tls.Server(caller.conn, cfg)
	if err := conn.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("TLS: %w", err)
	}
	caller.conn = conn
	names := namesOf(conn.ConnectionState().PeerCertificates[0])
	if len(names) == 0 {
		return errors.New("TLS: the certificate has no name")
	}
	caller.subject = names[0]
	if l.cfg.Names != nil {
		caller.allowed = func(sw string) bool {
			return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(l.cfg.Names[name], sw) })
		}
	}
	return nil
}

// refused tells the log of a caller that was turned away.
func (l *Listener) refused(conn net.Conn, err error) {
	if l.quiet.news(hostOf(conn)+" "+err.Error(), time.Now()) {
		l.log.Warn("a caller is refused", "from", conn.RemoteAddr(), "error", err)
	}
}

func hostOf(conn net.Conn) string {
	host, _, _ := net.SplitHostPort(conn.RemoteAddr().String())
	return host
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
