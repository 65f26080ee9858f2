package oslomsg

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// echo gives its arguments back.
func echo(_ context.Context, r Request) (any, error) { return r.Args, nil }

// topic is one to listen to in every way, with a name of its own.
func topic() Topic { return Topic{Name: "topic-" + newID(), Host: "here", Shared: true, Fanout: true} }

func TestCall(t *testing.T) {
	cfg, to := config(t), topic()
	var got Request
	newServer(t, cfg, Service{Topics: []Topic{to}, Handlers: map[string]Handler{
		"add": func(_ context.Context, r Request) (any, error) {
			got = r
			return map[string]int{"sum": 5}, nil
		},
		"nothing": func(context.Context, Request) (any, error) { return nil, nil },
	}})
	c := newClient(t, cfg)
	for _, host := range []string{"", "here"} {
		m := Message{Topic: to.Name, Host: host, Method: "add", Namespace: "n", Version: "1.2", Args: map[string]int{"a": 2}, Context: AdminContext()}
		var result struct{ Sum int }
		if err := c.Call(in(t, soon), m, &result); err != nil || result.Sum != 5 {
			t.Fatalf("host %q: %+v: %v", host, result, err)
		}
		want := Request{Topic: to.Name, Method: "add", Namespace: "n", Version: "1.2", Args: []byte(`{"a":2}`), Context: m.Context, Reply: true}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	untouched := 7
	if err := c.Call(in(t, soon), Message{Topic: to.Name, Method: "nothing"}, &untouched); err != nil || untouched != 7 {
		t.Errorf("no result: %d: %v", untouched, err)
	}
	if err := c.Call(in(t, soon), Message{Topic: to.Name, Method: "add"}, nil); err != nil || got.Version != "1.0" {
		t.Errorf("a result that nobody wants, version %s: %v", got.Version, err)
	}
	var number int
	if err := c.Call(in(t, soon), Message{Topic: to.Name, Method: "add"}, &number); err == nil || !strings.Contains(err.Error(), "result: ") {
		t.Errorf("a result of another type: %v", err)
	}
}

func TestRemoteFailures(t *testing.T) {
	t.Parallel()
	cfg, to := config(t), topic()
	s, _ := newServer(t, cfg, Service{Topics: []Topic{to}, Handlers: map[string]Handler{
		"named": func(context.Context, Request) (any, error) {
			return nil, fmt.Errorf("wrapped: %w", &RemoteError{Class: "NotFound", Module: "some.where", Message: "no such thing", Trace: []string{"line"}})
		},
		"plain":  func(context.Context, Request) (any, error) { return nil, errors.New("broken") },
		"panics": func(context.Context, Request) (any, error) { panic("oh") },
		"odd":    func(context.Context, Request) (any, error) { return func() {}, nil },
		"large":  func(context.Context, Request) (any, error) { return strings.Repeat("x", defaultMaxMessage), nil },
	}})
	c := newClient(t, cfg)
	for method, want := range map[string]string{
		"named": "some.where.NotFound: no such thing", "plain": "builtins.RuntimeError: broken",
		"panics": "builtins.RuntimeError: panic: oh", "odd": "builtins.RuntimeError: json: unsupported type: func()",
		"large": "builtins.RuntimeError: the message has", "absent": "oslo_messaging.rpc.dispatcher.NoSuchMethod: Endpoint does not support RPC method absent",
	} {
		err := c.Call(in(t, soon), Message{Topic: to.Name, Method: method}, nil)
		var remote *RemoteError
		if !errors.As(err, &remote) || !strings.HasPrefix(remote.Error(), want) {
			t.Errorf("%s: error %v, want %s", method, err, want)
		}
		if method == "named" && !slices.Equal(remote.Trace, []string{"line"}) {
			t.Errorf("trace %q", remote.Trace)
		}
	}
	if got := s.Stats(); got.Failed != 3 || got.Unknown != 1 {
		t.Errorf("server %+v", got)
	}
	if got := c.Stats(); got.Failed != 6 {
		t.Errorf("client %+v", got)
	}
}

func TestCastAndFanout(t *testing.T) {
	cfg, to := config(t), topic()
	var here, there diary
	note := func(d *diary) map[string]Handler {
		return map[string]Handler{"note": func(_ context.Context, r Request) (any, error) {
			d.add(string(r.Args))
			return nil, nil
		}}
	}
	newServer(t, cfg, Service{Topics: []Topic{to}, Handlers: note(&here)})
	newServer(t, cfg, Service{Topics: []Topic{{Name: to.Name, Host: "there", Fanout: true}}, Handlers: note(&there)})
	c := newClient(t, cfg)
	m := Message{Topic: to.Name, Method: "note", Args: map[string]int{"n": 1}}
	if err := c.Fanout(in(t, soon), m); err != nil {
		t.Fatal(err)
	}
	count(t, "notes here", 1, here.len)
	count(t, "notes there", 1, there.len)
	for i, host := range []string{"", "here"} {
		m.Host = host
		if err := c.Cast(in(t, soon), m); err != nil {
			t.Fatal(err)
		}
		count(t, "notes here", uint64(i)+2, here.len)
	}
	m.Host = "there"
	if err := c.Cast(in(t, soon), m); err != nil {
		t.Fatal(err)
	}
	count(t, "notes there", 2, there.len)
	if err := c.Fanout(in(t, soon), Message{Topic: "nobody-" + newID(), Method: "m"}); err != nil {
		t.Errorf("fanout to nobody: %v", err)
	}
}

// What nobody has a queue for fails at once.
func TestUnroutable(t *testing.T) {
	c := newClient(t, config(t))
	began := time.Now()
	m := Message{Topic: "nobody-" + newID(), Method: "m"}
	is(t, c.Call(in(t, time.Minute), m, nil), ErrUnroutable)
	is(t, c.Cast(in(t, time.Minute), m), ErrUnroutable)
	if took := time.Since(began); took > soon {
		t.Errorf("it took %v", took)
	}
	if got := c.Stats().Unroutable; got != 2 {
		t.Errorf("%d unroutable", got)
	}
}

// overdueAfter is for calls that get no reply. On a busy machine too, RabbitMQ
// has confirmed them by then: before, the error would be another one.
const overdueAfter = 3 * time.Second

// A call whose reply does not come ends with its context; a late reply is
// counted and harms nobody. What nobody can wait for any more gets none.
func TestTimeout(t *testing.T) {
	t.Parallel()
	cfg, to := config(t), topic()
	goOn := make(chan struct{})
	newServer(t, cfg, Service{Topics: []Topic{to}, Handlers: map[string]Handler{
		"wait": func(context.Context, Request) (any, error) { <-goOn; return nil, nil },
		"echo": echo,
	}})
	c := newClient(t, cfg)
	err := c.Call(in(t, overdueAfter), Message{Topic: to.Name, Method: "wait"}, nil)
	is(t, err, ErrTimeout)
	is(t, err, context.DeadlineExceeded)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	err = c.Call(ctx, Message{Topic: to.Name, Method: "echo"}, nil)
	is(t, err, context.Canceled)
	if errors.Is(err, ErrTimeout) {
		t.Errorf("cancelled is no timeout: %v", err)
	}
	close(goOn)
	count(t, "late replies", 1, func() uint64 { return c.Stats().Unknown })
	if err := c.Call(in(t, soon), Message{Topic: to.Name, Method: "echo"}, nil); err != nil {
		t.Error(err)
	}
}

// A call without a deadline has that of the configuration.
func TestDefaultTimeout(t *testing.T) {
	t.Parallel()
	cfg, to := config(t), topic()
	cfg.Timeout = overdueAfter
	goOn := make(chan struct{})
	newServer(t, cfg, Service{Topics: []Topic{to}, Handlers: map[string]Handler{
		"wait": func(context.Context, Request) (any, error) { <-goOn; return nil, nil },
	}})
	defer close(goOn)
	is(t, newClient(t, cfg).Call(context.Background(), Message{Topic: to.Name, Method: "wait"}, nil), ErrTimeout)
}
