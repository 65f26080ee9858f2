package oslomsg

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"
)

// Config is how to reach RabbitMQ and what is agreed on there. ParseURL makes
// the first part of a transport_url. Values that are zero have defaults, where
// one is named.
type Config struct {
	// Hosts are tried one after the other, beginning with any.
	Hosts []Host
	// VHost is the virtual host; "" is "/".
	VHost string
	// TLS is nil for connections in plain text.
	TLS *TLS
	// Heartbeat is after how much silence the other side is taken for gone, in
	// whole seconds; 20 s.
	Heartbeat time.Duration
	// Queues must be as the other services of the cloud have it.
	Queues Queues

	// Exchange is control_exchange of the cloud's services: "neutron".
	Exchange string
	// Name is what administrators of RabbitMQ see for the connections.
	Name string
	// Timeout is for calls and sending whose context has no deadline; 60 s.
	Timeout time.Duration
	// MaxMessage is the size of a message, in bytes, beyond which it is neither
	// sent nor taken; 16 MiB.
	MaxMessage int
	// MaxCalls is how many calls may wait for replies; 1000.
	MaxCalls int
	// Connected is called each time a connection is ready. Messages may have been
	// lost before. It must return soon; nil is none.
	Connected func()
	// Dial connects in a way of its own, for instance from inside a network
	// namespace; nil is a net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Logger is never told passwords, contexts or arguments; nil is none.
	Logger *slog.Logger
}

// Host is one RabbitMQ server, and who we are there.
type Host struct {
	Name     string // or IP address
	Port     int
	User     string
	Password string
}

// Queues are the options by which OpenStack's services make their queues.
type Queues struct {
	Durable    bool // amqp_durable_queues
	AutoDelete bool // amqp_auto_delete
	Quorum     bool // rabbit_quorum_queue
}

const (
	defaultHeartbeat  = 20 * time.Second
	defaultTimeout    = 60 * time.Second
	defaultMaxMessage = 16 << 20
	defaultMaxCalls   = 1000
)

// String leaves the password out.
func (h Host) String() string { return h.User + "@" + h.address() }

// GoString leaves the password out.
func (h Host) GoString() string { return strconv.Quote(h.String()) }

// LogValue leaves the password out.
func (h Host) LogValue() slog.Value { return slog.StringValue(h.String()) }

func (h Host) address() string { return net.JoinHostPort(h.Name, strconv.Itoa(h.Port)) }

// check names the first field that will not do.
func (c Config) check() error {
	if len(c.Hosts) == 0 {
		return errors.New("hosts: must have at least one")
	}
	for i, h := range c.Hosts {
		switch {
		case h.Name == "":
			return fmt.Errorf("hosts[%d].name: is missing", i)
		case h.Port < 1 || h.Port > 65535:
			return fmt.Errorf("hosts[%d].port: %d: must be from 1 to 65535", i, h.Port)
		case h.User == "":
			return fmt.Errorf("hosts[%d].user: is missing", i)
		}
	}
	switch {
	case c.Exchange == "":
		return errors.New("exchange: is missing")
	case c.Heartbeat != 0 && (c.Heartbeat < time.Second || c.Heartbeat > time.Hour):
		return fmt.Errorf("heartbeat: %v: must be from 1s to 1h", c.Heartbeat)
	case c.Timeout < 0 || c.MaxMessage < 0 || c.MaxCalls < 0:
		return errors.New("timeout, maxMessage, maxCalls: must not be negative")
	case c.Queues.Quorum && c.Queues.AutoDelete:
		return errors.New("queues: quorum queues cannot be deleted automatically")
	}
	if c.TLS != nil {
		if _, err := c.TLS.config(""); err != nil {
			return fmt.Errorf("TLS: %w", err)
		}
	}
	return nil
}

func (c Config) withDefaults() Config {
	c.VHost = cmp.Or(c.VHost, "/")
	c.Name = cmp.Or(c.Name, "landbridge")
	c.Heartbeat = cmp.Or(c.Heartbeat, defaultHeartbeat)
	c.Timeout = cmp.Or(c.Timeout, defaultTimeout)
	c.MaxMessage = cmp.Or(c.MaxMessage, defaultMaxMessage)
	c.MaxCalls = cmp.Or(c.MaxCalls, defaultMaxCalls)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Dial == nil {
		c.Dial = (&net.Dialer{}).DialContext
	}
	if c.Connected == nil {
		c.Connected = func() {}
	}
	return c
}

// within gives a context that ends, by Timeout if by nothing else.
func (c Config) within(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, c.Timeout)
}
