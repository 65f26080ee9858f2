package oslomsg

import (
	"context"
	"testing"
	"time"
)

// A client that ends does not leave its calls waiting.
func TestClientEndsInMidCall(t *testing.T) {
	cfg, to, g := config(t), topic(), newGate()
	newServer(t, cfg, g.service(to))
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	stop := start(t, c)
	done := calling(t, c, to, g)
	stop()
	a := <-done
	is(t, a.err, ErrUnavailable)
	is(t, a.err, errEnded)
	close(g.goOn)
}

// A server that ends in the middle of a method leaves the message for the next.
func TestServerEndsInMidWork(t *testing.T) {
	cfg, to, g := config(t), topic(), newGate()
	_, stop := newServer(t, cfg, g.service(to))
	done := calling(t, newClient(t, cfg), to, g)
	stop()
	close(g.goOn)
	newServer(t, cfg, g.service(to))
	if a := <-done; a.err != nil || a.result != 2 {
		t.Errorf("%+v", a)
	}
}

// A server that ends tells what it has done.
func TestServerEndsAfterWork(t *testing.T) {
	t.Parallel()
	cfg, to, g := config(t), topic(), newGate()
	s, err := NewServer(cfg, Service{Topics: []Topic{to}, Handlers: map[string]Handler{
		"wait": func(_ context.Context, r Request) (any, error) { return g.handle(context.Background(), r) },
	}})
	if err != nil {
		t.Fatal(err)
	}
	stop := start(t, s)
	done := calling(t, newClient(t, cfg), to, g)
	time.AfterFunc(100*time.Millisecond, func() { close(g.goOn) })
	stop()
	if a := <-done; a.err != nil || a.result != 1 {
		t.Errorf("%+v", a)
	}
	if out := depths(t, to.Name+".here"); out != "0\t0" {
		t.Errorf("left in the queue: %s", out)
	}
}
