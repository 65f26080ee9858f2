package oslomsg

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"landbridge/internal/lab/testenv"
)

func TestTooManyCalls(t *testing.T) {
	cfg, to := config(t), topic()
	cfg.MaxCalls = 2
	goOn := make(chan struct{})
	newServer(t, cfg, Service{Topics: []Topic{to}, Handlers: map[string]Handler{
		"wait": func(context.Context, Request) (any, error) { <-goOn; return nil, nil },
	}})
	c := newClient(t, cfg)
	done := make(chan error, 2)
	for range 2 {
		go func() { done <- c.Call(in(t, soon), Message{Topic: to.Name, Method: "wait"}, nil) }()
	}
	count(t, "calls", 2, func() uint64 { return c.Stats().Published })
	is(t, c.Call(in(t, soon), Message{Topic: to.Name, Method: "wait"}, nil), ErrBusy)
	close(goOn)
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if len(c.waiting) != 0 {
		t.Errorf("%d calls are remembered", len(c.waiting))
	}
}

// A slow handler has what it is busy with, and the messages taken ahead; the
// others stay in the broker. They are handled in their order.
func TestOrderAndBounds(t *testing.T) {
	t.Parallel()
	cfg, to := config(t), Topic{Name: "topic-" + newID(), Host: "here"}
	var seen diary
	goOn := make(chan struct{})
	s, _ := newServer(t, cfg, Service{Topics: []Topic{to}, Ahead: 3, Handlers: map[string]Handler{
		"note": func(_ context.Context, r Request) (any, error) {
			<-goOn
			seen.add(string(r.Args))
			return nil, nil
		},
	}})
	c := newClient(t, cfg)
	const n = 300 // more than may be unconfirmed
	var want []string
	for i := range n {
		if err := c.Cast(in(t, soon), Message{Topic: to.Name, Host: "here", Method: "note", Args: map[string]int{"n": i}}); err != nil {
			t.Fatal(err)
		}
		want = append(want, fmt.Sprintf(`{"n":%d}`, i))
	}
	testenv.Eventually(t, soon, "the rest is in the broker", func() error {
		if out := depths(t, to.Name+".here"); out != fmt.Sprintf("%d\t3", n-3) {
			return errors.New(out)
		}
		return nil
	})
	if got := s.Stats().Received; got != 1 {
		t.Errorf("%d were begun", got)
	}
	close(goOn)
	count(t, "notes", n, seen.len)
	if !slices.Equal(seen.lines, want) {
		t.Errorf("order %v", seen.lines)
	}
}

// depths gives the messages of a queue: ready, and not acknowledged.
func depths(t *testing.T, name string) string {
	t.Helper()
	for line := range strings.Lines(broker.Get(t).Ctl(t, "list_queues", "--no-table-headers", "name", "messages_ready", "messages_unacknowledged")) {
		if rest, ok := strings.CutPrefix(line, name+"\t"); ok {
			return strings.TrimSpace(rest)
		}
	}
	return "no such queue"
}

// A broker keeps no more for a server than was agreed, and drops the oldest.
func TestLimit(t *testing.T) {
	t.Parallel()
	cfg, to := config(t), Topic{Name: "topic-" + newID(), Host: "here", Fanout: true, Limit: 5}
	var seen diary
	entered, goOn := make(chan struct{}, 20), make(chan struct{})
	newServer(t, cfg, Service{Topics: []Topic{to}, Ahead: 1, Handlers: map[string]Handler{
		"note": func(_ context.Context, r Request) (any, error) {
			entered <- struct{}{}
			<-goOn
			seen.add(string(r.Args))
			return nil, nil
		},
	}})
	c := newClient(t, cfg)
	for i := range 20 {
		if err := c.Cast(in(t, soon), Message{Topic: to.Name, Host: to.Host, Method: "note", Args: map[string]int{"n": i}}); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			<-entered
		}
	}
	close(goOn)
	count(t, "notes", 6, seen.len)
	if want := []string{`{"n":0}`, `{"n":15}`, `{"n":16}`, `{"n":17}`, `{"n":18}`, `{"n":19}`}; !slices.Equal(seen.lines, want) {
		t.Errorf("%v", seen.lines)
	}
}

func TestConcurrency(t *testing.T) {
	cfg, to := config(t), topic()
	var now, most atomic.Int64
	arrived, goOn := make(chan struct{}, 10), make(chan struct{})
	newServer(t, cfg, Service{Topics: []Topic{to}, Concurrency: 3, Handlers: map[string]Handler{
		"wait": func(context.Context, Request) (any, error) {
			n := now.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			arrived <- struct{}{}
			<-goOn
			now.Add(-1)
			return nil, nil
		},
	}})
	c := newClient(t, cfg)
	for range 6 {
		if err := c.Cast(in(t, soon), Message{Topic: to.Name, Method: "wait"}); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		<-arrived
	}
	close(goOn)
	for range 3 {
		<-arrived
	}
	if most.Load() != 3 {
		t.Errorf("%d at once", most.Load())
	}
}
