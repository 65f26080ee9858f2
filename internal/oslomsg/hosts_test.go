package oslomsg

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"landbridge/internal/lab/testenv"
)

// The first host is dead; who stood still behind it is found on the second.
func TestSecondHost(t *testing.T) {
	cfg := config(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := cfg.Hosts[0]
	dead.Port = l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	cfg.Hosts = []Host{dead, cfg.Hosts[0]}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c.next = 0
	start(t, c)
	is(t, c.Cast(in(t, soon), Message{Topic: "nobody", Method: "m"}), ErrUnroutable)

	cfg.Hosts = []Host{dead, dead}
	c, err = New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	begin(t, c)
	err = c.Cast(in(t, 300*time.Millisecond), Message{Topic: "nobody", Method: "m"})
	is(t, err, ErrUnavailable)
	if err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("%v does not tell why", err)
	}
}

// A wrong password and a virtual host that is not there are told, without the
// password.
func TestWrongAccount(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*Config){
		"username or password not allowed": func(c *Config) { c.Hosts[0].Password = "s3cr3t" },
		"NOT_ALLOWED":                      func(c *Config) { c.VHost = "nowhere" },
	} {
		cfg := config(t)
		change(&cfg)
		c, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		begin(t, c)
		testenv.Eventually(t, soon, want, func() error {
			if err := c.Err(); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cr3t") {
				return fmt.Errorf("it says %w", err)
			}
			return nil
		})
	}
}

func TestVHosts(t *testing.T) {
	t.Parallel()
	r, name := broker.Get(t), "v/"+newID()
	r.AddVHost(t, name)
	one, other := configFor(t, r.URL(name)), config(t)
	if one.VHost != name {
		t.Fatalf("virtual host %s", one.VHost)
	}
	other.Exchange = one.Exchange
	to := topic()
	newServer(t, one, Service{Topics: []Topic{to}, Handlers: map[string]Handler{"echo": echo}})
	if err := newClient(t, one).Call(in(t, soon), Message{Topic: to.Name, Method: "echo"}, nil); err != nil {
		t.Error(err)
	}
	is(t, newClient(t, other).Call(in(t, soon), Message{Topic: to.Name, Method: "echo"}, nil), ErrUnroutable)
}

func TestTLS(t *testing.T) {
	t.Parallel()
	authority := testenv.NewAuthority(t)
	files := authority.Issue(t, "rabbit")
	r := testenv.StartRabbitMQ(t, testenv.RabbitMQConfig{TLS: &files})
	good := configFor(t, r.URL(""))
	good.Hosts[0].Port = r.TLSPort
	mine := authority.Issue(t, "client")
	good.TLS = &TLS{CA: mine.CA, Certificate: mine.Cert, PrivateKey: mine.Key}
	to := topic()
	newServer(t, good, Service{Topics: []Topic{to}, Handlers: map[string]Handler{"echo": echo}})
	if err := newClient(t, good).Call(in(t, soon), Message{Topic: to.Name, Method: "echo"}, nil); err != nil {
		t.Error(err)
	}
	other := testenv.NewAuthority(t).Issue(t, "stranger")
	for name, change := range map[string]func(*Config){
		"another authority": func(c *Config) { c.TLS.CA = other.CA },
		"no certificate":    func(c *Config) { c.TLS = &TLS{CA: mine.CA} },
		"another's":         func(c *Config) { c.TLS.Certificate, c.TLS.PrivateKey = other.Cert, other.Key },
		"another name": func(c *Config) {
			c.Hosts[0].Name = "ip6-localhost"
			c.Dial = dialTo(fmt.Sprintf("127.0.0.1:%d", r.TLSPort))
		},
		"the system's":         func(c *Config) { c.TLS.CA = "" },
		"without TLS":          func(c *Config) { c.TLS = nil },
		"TLS on the plain one": func(c *Config) { c.Hosts[0].Port = r.Port },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := good
			files := *good.TLS
			cfg.TLS, cfg.Hosts = &files, []Host{good.Hosts[0]}
			change(&cfg)
			c, err := New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			begin(t, c)
			testenv.Eventually(t, soon, "it is refused", func() error {
				if err := c.Err(); err == nil || errors.Is(err, errNotRunning) {
					return fmt.Errorf("it says %w", err)
				}
				return nil
			})
			if c.Stats().Connects != 0 {
				t.Error("it has connected")
			}
			if name == "another name" {
				var hostname x509.HostnameError
				if !errors.As(c.Err(), &hostname) {
					t.Errorf("error %v", c.Err())
				}
			}
		})
	}
}

// dialTo connects to one address, whatever is asked.
func dialTo(address string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
}
