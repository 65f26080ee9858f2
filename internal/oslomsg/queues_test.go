package oslomsg

import (
	"fmt"
	"strings"
	"testing"

	"landbridge/internal/lab/testenv"
)

// Each kind of queues that a cloud may have works, and one that does not fit the
// cloud's is told.
func TestKindsOfQueues(t *testing.T) {
	for name, queues := range map[string]Queues{
		"durable": {Durable: true}, "auto-delete": {AutoDelete: true}, "quorum": {Quorum: true},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, to := config(t), topic()
			cfg.Queues = queues
			newServer(t, cfg, Service{Topics: []Topic{to}, Handlers: map[string]Handler{"echo": echo}})
			c := newClient(t, cfg)
			for range 2 {
				if err := c.Call(in(t, soon), Message{Topic: to.Name, Method: "echo"}, nil); err != nil {
					t.Error(err)
				}
			}
			cfg.Queues = Queues{}
			other := newClient(t, cfg)
			for range 2 {
				err := other.Call(in(t, soon), Message{Topic: to.Name, Method: "echo"}, nil)
				is(t, err, ErrRefused)
				if err == nil || !strings.Contains(err.Error(), "PRECONDITION_FAILED") {
					t.Error(err)
				}
			}
			if n := other.Stats().Connects; n != 1 {
				t.Errorf("%d connections", n)
			}
			s, err := NewServer(cfg, Service{Topics: []Topic{to}})
			if err != nil {
				t.Fatal(err)
			}
			begin(t, s)
			testenv.Eventually(t, soon, "the server tells why", func() error {
				if err := s.Err(); err == nil || !strings.Contains(err.Error(), "PRECONDITION_FAILED") {
					return fmt.Errorf("it says %w", err)
				}
				return nil
			})
		})
	}
}

// What only one process uses goes with it.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	cfg, to := config(t), topic()
	_, stopServer := newServer(t, cfg, Service{Topics: []Topic{to}})
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	stopClient := start(t, c)
	list := func() string { return broker.Get(t).Ctl(t, "list_queues", "name") }
	if all := list(); !strings.Contains(all, c.replies.name) || !strings.Contains(all, to.Name+"_fanout_") {
		t.Fatalf("queues %s", all)
	}
	stopServer()
	stopClient()
	if all := list(); strings.Contains(all, c.replies.name) || strings.Contains(all, to.Name+"_fanout_") {
		t.Errorf("queues %s", all)
	}
	err = c.Call(in(t, soon), Message{Topic: to.Name, Method: "m"}, nil)
	is(t, err, ErrUnavailable)
	is(t, err, errEnded)
}
