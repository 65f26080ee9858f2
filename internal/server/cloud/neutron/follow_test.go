package neutron

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"landbridge/internal/lab/testenv"
	"landbridge/internal/oslomsg"
)

const (
	noticedWithin = 4 * time.Second  // less than what is compared without messages
	startWithin   = 30 * time.Second // for RabbitMQ and us to be connected
)

// TestRabbitMQComesAndGoes: a driver that hears nothing says so soon, and asks
// more often; it goes back to what it did when messages come again.
func TestRabbitMQComesAndGoes(t *testing.T) {
	f := newFake(t)
	f.addNetwork(net1, 123)
	f.addHost("c1", "10.0.0.11")
	r := testenv.StartRabbitMQ(t, testenv.RabbitMQConfig{})
	c, err := New(Config{
		Client: f.rest().client, Memory: f, Name: "landbridge", Logger: quiet(), Resync: time.Hour,
		Bus: oslomsg.Config{Hosts: []oslomsg.Host{{Name: r.Address, Port: r.Port, User: testenv.RabbitMQUser, Password: testenv.RabbitMQPassword}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Watch(ctx, func([]string) {}) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	deaf := func(want bool, within time.Duration) {
		t.Helper()
		testenv.Eventually(t, within, "the site tells whether messages come", func() error {
			site, err := c.Site(t.Context(), net1)
			if err != nil {
				return err
			}
			if got := strings.Contains(fmt.Sprint(site.Notes), "RabbitMQ cannot be reached"); got != want {
				return fmt.Errorf("notes %+v", site.Notes)
			}
			return nil
		})
	}
	deaf(false, startWithin)
	r.Kill(t)
	deaf(true, noticedWithin)
	f.addPort("a", net1, "fa:16:3e:00:00:01", "c1")
	testenv.Eventually(t, 2*deafResync, "a port that no message tells of", func() error {
		if got := shows(t, c.mirror, net1); got != "a@c1 c1=10.0.0.11" {
			return fmt.Errorf("there is %q", got)
		}
		return nil
	})
	r.Start(t)
	deaf(false, startWithin)
}

// Hints are gathered for a moment, and longer while Neutron has to be left alone;
// that it was slow once does not delay what comes long after.
func TestEase(t *testing.T) {
	var e ease
	began := time.Now()
	wait := func(after, want time.Duration) {
		t.Helper()
		if got := e.wait(began.Add(after)); got != want {
			t.Errorf("%v after the answer was asked for hints wait for %v, want %v", after, got, want)
		}
	}
	wait(0, settleFor)
	e.took(began, began.Add(time.Second))
	wait(time.Second, time.Second)
	wait(1500*time.Millisecond, 500*time.Millisecond)
	wait(2*time.Second, settleFor)
	wait(time.Hour, settleFor)
	e.took(began, began.Add(time.Minute))
	wait(time.Minute, settleMost)
}
