package oslomsg

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"landbridge/internal/lab/testenv"
)

// soon is how long what happens at once may take on a busy machine.
const soon = 20 * time.Second

// broker is shared by all tests. Those that disturb it do not run in parallel.
var broker testenv.SharedRabbitMQ

func TestMain(m *testing.M) {
	code := m.Run()
	if err := broker.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// config is for the shared RabbitMQ, with an exchange of the test's own.
func config(t *testing.T) Config {
	t.Helper()
	return configFor(t, broker.Get(t).URL(""))
}

func configFor(t *testing.T, url string) Config {
	t.Helper()
	cfg, err := ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Exchange, cfg.Name = "exchange-"+newID(), t.Name()
	cfg.Logger = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	return cfg
}

// runner is a Client or a Server.
type runner interface {
	Run(context.Context) error
	Err() error
}

// start runs it until the test ends, or stop is called, and waits until it is
// connected.
func start(t *testing.T, r runner) (stop func()) {
	t.Helper()
	stop = begin(t, r)
	connected(t, r)
	return stop
}

func begin(t *testing.T, r runner) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		if err := r.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	}()
	stop = func() { cancel(); <-over }
	t.Cleanup(stop)
	return stop
}

func connected(t *testing.T, r runner) {
	t.Helper()
	testenv.Eventually(t, soon, "it is connected", r.Err)
}

func newClient(t *testing.T, cfg Config) *Client {
	t.Helper()
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	start(t, c)
	return c
}

func newServer(t *testing.T, cfg Config, service Service) (s *Server, stop func()) {
	t.Helper()
	s, err := NewServer(cfg, service)
	if err != nil {
		t.Fatal(err)
	}
	return s, start(t, s)
}

// in gives a context that ends in a while.
func in(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// count waits until a counter has a value.
func count(t *testing.T, what string, want uint64, get func() uint64) {
	t.Helper()
	testenv.Eventually(t, soon, what, func() error {
		if got := get(); got != want {
			return fmt.Errorf("%s is %d, want %d", what, got, want)
		}
		return nil
	})
}

// diary notes what handlers were asked to do.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) add(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, line)
}

func (d *diary) len() uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return uint64(len(d.lines))
}

// is fails the test where an error is not the one that is wanted.
func is(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
}
