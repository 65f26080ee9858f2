package oslomsg

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"landbridge/internal/lab/testenv"
)

// gate is a method that waits for the test, and counts.
type gate struct {
	runs    atomic.Int64
	entered chan struct{}
	goOn    chan struct{}
}

func newGate() *gate { return &gate{entered: make(chan struct{}, 100), goOn: make(chan struct{})} }

func (g *gate) handle(ctx context.Context, _ Request) (any, error) {
	n := g.runs.Add(1)
	g.entered <- struct{}{}
	select {
	case <-g.goOn:
		return n, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (g *gate) service(to Topic) Service {
	return Service{Topics: []Topic{to}, Handlers: map[string]Handler{"wait": g.handle, "echo": echo}}
}

// answer is how a call ended.
type answer struct {
	result int
	err    error
}

// calling starts a call of the gate's method and waits until it runs.
func calling(t *testing.T, c *Client, to Topic, g *gate) <-chan answer {
	t.Helper()
	done := make(chan answer, 1)
	ctx := in(t, time.Minute)
	go func() {
		var a answer
		a.err = c.Call(ctx, Message{Topic: to.Name, Host: to.Host, Method: "wait"}, &a.result)
		done <- a
	}()
	<-g.entered
	return done
}

// A call is answered although the connections of both sides are cut while the
// method runs, and the method runs once: the message comes again and is known.
func TestCutInMidCall(t *testing.T) {
	cfg, to, g := config(t), topic(), newGate()
	way := newProxy(t, address(broker.Get(t)))
	through := way.through(cfg)
	var connects atomic.Int64
	through.Connected = func() { connects.Add(1) }
	s, _ := newServer(t, through, g.service(to))
	c := newClient(t, through)
	done := calling(t, c, to, g)
	way.cut()
	count(t, "server's connects", 2, func() uint64 { return s.Stats().Connects })
	count(t, "client's connects", 2, func() uint64 { return c.Stats().Connects })
	close(g.goOn)
	if a := <-done; a.err != nil || a.result != 1 {
		t.Errorf("%+v", a)
	}
	count(t, "duplicates", 1, func() uint64 { return s.Stats().Duplicates })
	if n := g.runs.Load(); n != 1 {
		t.Errorf("the method ran %d times", n)
	}
	if n := connects.Load(); n != 4 {
		t.Errorf("Connected was called %d times", n)
	}
}

func address(r *testenv.RabbitMQ) string { return fmt.Sprintf("%s:%d", r.Address, r.Port) }

// RabbitMQ itself may close connections, and take queues away.
func TestRabbitMQThrowsUsOut(t *testing.T) {
	cfg, to, g := config(t), topic(), newGate()
	close(g.goOn)
	s, _ := newServer(t, cfg, g.service(to))
	c := newClient(t, cfg)
	for i, throw := range [][]string{
		{"close_all_connections", "a test"}, {"delete_queue", to.Name + ".here"},
	} {
		broker.Get(t).Ctl(t, throw...)
		count(t, "connects", uint64(i)+2, func() uint64 { return s.Stats().Connects })
		connected(t, s)
		connected(t, c)
		if err := c.Call(in(t, soon), Message{Topic: to.Name, Host: "here", Method: "wait"}, nil); err != nil {
			t.Errorf("%v: %v", throw, err)
		}
	}
}

// Casts arrive although the connections are cut again and again, and each is
// done once.
func TestCutWhileCasting(t *testing.T) {
	cfg, to := config(t), topic()
	cfg.Queues.Durable = true
	way := newProxy(t, address(broker.Get(t)))
	var notes diary
	newServer(t, way.through(cfg), Service{Topics: []Topic{to}, Handlers: map[string]Handler{
		"note": func(_ context.Context, r Request) (any, error) { notes.add(string(r.Args)); return nil, nil },
	}})
	c := newClient(t, way.through(cfg))
	const n = 100
	for i := range n {
		if i%25 == 24 {
			go way.cut()
		}
		if err := c.Cast(in(t, soon), Message{Topic: to.Name, Host: "here", Method: "note", Args: map[string]int{"n": i}}); err != nil {
			t.Fatal(err)
		}
	}
	count(t, "notes", n, notes.len)
	each := map[string]bool{}
	for _, line := range notes.lines {
		each[line] = true
	}
	if len(each) != n {
		t.Errorf("%d different notes", len(each))
	}
}

// RabbitMQ is restarted, and killed, while a method runs. The reply finds its
// way to the queue that the client makes anew.
func TestRestartInMidCall(t *testing.T) {
	r := broker.Get(t)
	for name, end := range map[string]func(testing.TB){"stopped": r.Stop, "killed": r.Kill} {
		t.Run(name, func(t *testing.T) {
			cfg, to, g := config(t), topic(), newGate()
			s, _ := newServer(t, cfg, g.service(to))
			c := newClient(t, cfg)
			done := calling(t, c, to, g)
			end(t)
			testenv.Eventually(t, soon, "the loss is noticed", func() error {
				if s.Err() == nil || c.Err() == nil {
					return errors.New("not yet")
				}
				return nil
			})
			err := c.Call(in(t, 200*time.Millisecond), Message{Topic: to.Name, Method: "echo"}, nil)
			is(t, err, ErrUnavailable)
			is(t, err, context.DeadlineExceeded)
			waiting := make(chan error, 1)
			go func() { waiting <- c.Call(in(t, time.Minute), Message{Topic: "nobody", Method: "echo"}, nil) }()
			close(g.goOn)
			r.Start(t)
			if a := <-done; a.err != nil || a.result != 1 {
				t.Errorf("%+v", a)
			}
			is(t, <-waiting, ErrUnroutable)
			connected(t, s)
			if err := c.Call(in(t, soon), Message{Topic: to.Name, Method: "echo"}, nil); err != nil {
				t.Error(err)
			}
			if n := g.runs.Load(); n != 1 {
				t.Errorf("the method ran %d times", n)
			}
		})
	}
}

// A RabbitMQ that stands still holds nobody up for longer than the contexts say.
func TestFrozen(t *testing.T) {
	r := broker.Get(t)
	cfg, to, g := config(t), topic(), newGate()
	cfg.Heartbeat = time.Second
	close(g.goOn)
	s, _ := newServer(t, cfg, g.service(to))
	c := newClient(t, cfg)
	r.Freeze(t)
	thawed := false
	t.Cleanup(func() {
		if !thawed {
			r.Thaw(t)
		}
	})
	began := time.Now()
	large := strings.Repeat("x", 8<<20) // more than the kernel holds
	for range 3 {
		is(t, c.Cast(in(t, 300*time.Millisecond), Message{Topic: to.Name, Method: "echo", Args: map[string]string{"x": large}}), ErrUnavailable)
	}
	if took := time.Since(began); took > soon {
		t.Errorf("it took %v", took)
	}
	testenv.Eventually(t, soon, "the silence is noticed", func() error {
		if s.Err() == nil || c.Err() == nil {
			return errors.New("not yet")
		}
		return nil
	})
	r.Thaw(t)
	thawed = true
	connected(t, s)
	if err := c.Call(in(t, soon), Message{Topic: to.Name, Method: "wait"}, nil); err != nil {
		t.Error(err)
	}
}

// While RabbitMQ lacks memory it takes nothing; who sends waits, as long as the
// context says, and the connection stays.
func TestBlocked(t *testing.T) {
	r := broker.Get(t)
	cfg, to := config(t), topic()
	newServer(t, cfg, Service{Topics: []Topic{to}, Handlers: map[string]Handler{"echo": echo}})
	c := newClient(t, cfg)
	m := Message{Topic: to.Name, Method: "echo"}
	r.Ctl(t, "set_vm_memory_high_watermark", "absolute", "1")
	testenv.Eventually(t, soon, "nothing is taken", func() error {
		if err := c.Cast(in(t, 200*time.Millisecond), m); !errors.Is(err, ErrUnavailable) {
			return fmt.Errorf("cast: %w", err)
		}
		return nil
	})
	waiting := make(chan error, 1)
	go func() { waiting <- c.Call(in(t, time.Minute), m, nil) }()
	r.Ctl(t, "set_vm_memory_high_watermark", "0.4")
	if err := <-waiting; err != nil {
		t.Error(err)
	}
	if n := c.Stats().Connects; n != 1 {
		t.Errorf("%d connections", n)
	}
}
