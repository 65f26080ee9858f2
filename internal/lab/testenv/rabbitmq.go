package testenv

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"landbridge/internal/lab/netns"
)

// The user of the private RabbitMQ servers, who may do all in every virtual
// host. The password needs every kind of quoting that OpenStack's services get
// right; of a slash they do not.
const (
	RabbitMQUser     = "landbridge"
	RabbitMQPassword = `p@:%?#'"\ wörd`
)

// rabbitWithin is how long RabbitMQ may take to start: five seconds alone on a
// machine.
const rabbitWithin = 90 * time.Second

// RabbitMQConfig is what may differ between RabbitMQ servers. The zero value is
// a server on a free loopback port.
type RabbitMQConfig struct {
	// Namespace is where it runs; nil is where the test does.
	Namespace *netns.Namespace
	// Address and Port are what it listens on; "" is 127.0.0.1, 0 a port that is
	// free where the test runs.
	Address string
	Port    int
	// Beside is a server that it makes a cluster with, on the same machine.
	Beside *RabbitMQ
	// TLS lets it listen on TLSPort too and ask its clients for certificates of
	// the same authority.
	TLS *TLSFiles
}

// RabbitMQ is a private RabbitMQ server, run as a user without privileges, with
// an epmd, which the nodes of a cluster share. Both die with the test.
type RabbitMQ struct {
	// Dir has its files: data, configuration, log.
	Dir string
	// Address, Port and TLSPort (with TLS) stay the same when it is started again.
	Address       string
	Port, TLSPort int

	node           string
	beside         *RabbitMQ
	ns             *netns.Namespace
	account        *syscall.Credential // nil: the user of the test
	epmdPort, dist int
	epmd, server   *child
}

// StartRabbitMQ starts a RabbitMQ server that ends with its test, and returns
// when it answers.
func StartRabbitMQ(t testing.TB, cfg RabbitMQConfig) *RabbitMQ {
	t.Helper()
	r := newRabbitMQ(t, cfg)
	t.Cleanup(func() {
		if err := r.close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func newRabbitMQ(t testing.TB, cfg RabbitMQConfig) *RabbitMQ {
	t.Helper()
	// Not t.TempDir: its parent is for root alone.
	dir, err := os.MkdirTemp("", "lb-rabbitmq-")
	must(t, err, "make a directory")
	r := &RabbitMQ{
		Dir: dir, Address: cmp.Or(cfg.Address, "127.0.0.1"), Port: cfg.Port, ns: cfg.Namespace, beside: cfg.Beside,
		epmdPort: FreePort(t), dist: FreePort(t),
	}
	r.node = fmt.Sprintf("landbridge-%d@localhost", r.dist)
	up := false
	defer func() {
		if !up {
			_ = r.close() // the test has failed already
		}
	}()
	if r.Port == 0 {
		r.Port = FreePort(t)
	}
	if cfg.TLS != nil {
		r.TLSPort = FreePort(t)
	}
	if cfg.Beside != nil {
		r.epmdPort, r.epmd = cfg.Beside.epmdPort, cfg.Beside.epmd
	}
	r.prepare(t, cfg.TLS)
	r.Start(t)
	if cfg.Beside != nil {
		r.join(t)
	}
	up = true
	return r
}

// Start starts the server, with the data as they were left, and returns when it
// answers.
func (r *RabbitMQ) Start(t testing.TB) {
	t.Helper()
	if r.epmd == nil {
		r.epmd = r.launch(t, "epmd")
	}
	r.server = r.launch(t, rabbitPrograms+"rabbitmq-server")
	Eventually(t, rabbitWithin, "RabbitMQ answers", func() error {
		select {
		case <-r.server.exited:
			t.Fatalf("RabbitMQ has ended; its log:\n%s", r.Log(t))
		default:
		}
		return r.answers()
	})
}

// answers asks for the first frame of AMQP. The listener is the last thing that
// the server starts.
func (r *RabbitMQ) answers() error {
	conn, err := r.Dial()
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	_, err = conn.Write([]byte("AMQP\x00\x00\x09\x01"))
	if err == nil {
		_, err = io.ReadFull(conn, make([]byte, 1))
	}
	return err
}

// Dial connects to the server's port, from inside its namespace.
func (r *RabbitMQ) Dial() (conn net.Conn, err error) {
	err = r.inside(func() error {
		conn, err = net.DialTimeout("tcp", fmt.Sprint(r.Address, ":", r.Port), time.Second)
		return err
	})
	return conn, err
}

func (r *RabbitMQ) inside(fn func() error) error {
	if r.ns == nil {
		return fn()
	}
	return r.ns.Do(fn)
}

func (r *RabbitMQ) launch(t testing.TB, program string) *child {
	t.Helper()
	log, err := os.OpenFile(r.file("log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	must(t, err, "open the log of RabbitMQ")
	defer func() { _ = log.Close() }() // the program has its own descriptor
	cmd := r.command(program)
	cmd.Stdout, cmd.Stderr = log, log
	c, err := startChild(cmd, r.ns)
	must(t, err, "start %s (Debian package rabbitmq-server)", program)
	return c
}

// Ctl runs rabbitmqctl and gives what it prints, without headers.
func (r *RabbitMQ) Ctl(t testing.TB, args ...string) string {
	t.Helper()
	cmd := r.command(rabbitPrograms+"rabbitmqctl", append([]string{"--quiet"}, args...)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := r.inside(cmd.Start)
	if err == nil {
		err = cmd.Wait()
	}
	must(t, err, "rabbitmqctl %s: %s%s", strings.Join(args, " "), &out, &errs)
	return out.String()
}

// AddVHost makes a virtual host and lets the user in.
func (r *RabbitMQ) AddVHost(t testing.TB, name string) {
	t.Helper()
	// The listener answers a moment before rabbitmqctl calls the server started.
	r.Ctl(t, "await_startup")
	r.Ctl(t, "add_vhost", name)
	r.Ctl(t, "set_permissions", "-p", name, RabbitMQUser, ".*", ".*", ".*")
}

// Stop ends the server in good order.
func (r *RabbitMQ) Stop(t testing.TB) {
	t.Helper()
	must(t, r.end(syscall.SIGTERM), "end RabbitMQ")
}

// Kill ends the server as kill -9 does.
func (r *RabbitMQ) Kill(t testing.TB) {
	t.Helper()
	must(t, r.end(syscall.SIGKILL), "end RabbitMQ")
}

// Freeze makes the server stand still without ending it; Thaw lets it go on.
func (r *RabbitMQ) Freeze(t testing.TB) {
	t.Helper()
	freeze(t, "RabbitMQ", r.server.Process)
}

// Thaw ends a Freeze.
func (r *RabbitMQ) Thaw(t testing.TB) {
	t.Helper()
	thaw(t, "RabbitMQ", r.server.Process)
}

func (r *RabbitMQ) end(sig os.Signal) error {
	err := r.server.end(sig)
	r.server = nil
	return err
}

func (r *RabbitMQ) close() error {
	errs := []error{r.end(syscall.SIGKILL)}
	if r.beside == nil {
		errs = append(errs, r.epmd.end(syscall.SIGKILL))
	}
	return errors.Join(append(errs, os.RemoveAll(r.Dir))...)
}

// Log gives the server's log.
func (r *RabbitMQ) Log(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile(r.file("log"))
	must(t, err, "read the log of RabbitMQ")
	return string(b)
}

// SharedRabbitMQ is a server that all tests of a binary share, started when it
// is first asked for. A TestMain closes it at the end.
type SharedRabbitMQ struct{ shared[RabbitMQ] }

// Get gives the server.
func (s *SharedRabbitMQ) Get(t testing.TB) *RabbitMQ {
	t.Helper()
	return s.get(t, func(t testing.TB) *RabbitMQ { return newRabbitMQ(t, RabbitMQConfig{}) })
}

// Close ends the server and deletes its files.
func (s *SharedRabbitMQ) Close() error {
	if s.server == nil {
		return nil
	}
	return s.server.close()
}
