package httpd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Limits bound what a client can hold on to. The zero value of a field is the
// one of DefaultLimits.
type Limits struct {
	Header   time.Duration // to send the header of a request
	Request  time.Duration // to send all of a request
	Response time.Duration // from the end of the header until the answer is taken
	Idle     time.Duration // between two requests on a connection
	Shutdown time.Duration // for requests under way when the server ends
	Bytes    int           // of a header
	// Connections is how many there are at once; see crowd for who has to go
	// when one more comes.
	Connections int
}

// DefaultLimits are generous to a slow line and mean to an idle hand.
func DefaultLimits() Limits {
	return Limits{
		Header: 10 * time.Second, Request: time.Minute, Response: 2 * time.Minute, Idle: 2 * time.Minute,
		Shutdown: 5 * time.Second, Bytes: 64 << 10, Connections: 4096,
	}
}

// Serve answers the connections of l by h until ctx ends, lets requests under
// way finish, and closes l. It returns nil when it ended because of ctx.
func Serve(ctx context.Context, l net.Listener, h http.Handler, limits Limits, log *slog.Logger) error {
	limits = limits.filled()
	crowd := newCrowd(limits.Connections)
	srv := &http.Server{
		Handler:           crowd.wrap(h),
		ConnContext:       crowd.enter,
		ConnState:         crowd.turn,
		ReadHeaderTimeout: limits.Header,
		ReadTimeout:       limits.Request,
		WriteTimeout:      limits.Response,
		IdleTimeout:       limits.Idle,
		MaxHeaderBytes:    limits.Bytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("HTTP server on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	return shutdown(ctx, srv, limits.Shutdown)
}

// shutdown cuts the connections that are still busy after the grace.
func shutdown(ctx context.Context, srv *http.Server, grace time.Duration) error {
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err := srv.Shutdown(last)
	if errors.Is(err, context.DeadlineExceeded) {
		err = srv.Close()
	}
	if err != nil {
		return fmt.Errorf("end of HTTP server: %w", err)
	}
	return nil
}

func (l Limits) filled() Limits {
	d := DefaultLimits()
	for _, f := range []struct {
		set  *time.Duration
		from time.Duration
	}{
		{&l.Header, d.Header},
		{&l.Request, d.Request},
		{&l.Response, d.Response},
		{&l.Idle, d.Idle},
		{&l.Shutdown, d.Shutdown},
	} {
		if *f.set == 0 {
			*f.set = f.from
		}
	}
	if l.Bytes == 0 {
		l.Bytes = d.Bytes
	}
	if l.Connections == 0 {
		l.Connections = d.Connections
	}
	return l
}
