package ovsdb

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
)

// Caller is a switch that has dialled a Listener and told its names.
type Caller struct {
	// Switches has the names of its Physical_Switches, sorted; at least one.
	Switches []string

	from    string // its address
	subject string // its certificate's first name; "" without TLS
	conn    net.Conn
	link    *link // on conn
	schema  *dbSchema
	allowed func(name string) bool
}

// String says who it is and where, for the log.
func (c *Caller) String() string {
	if c.subject == "" {
		return c.from
	}
	return fmt.Sprintf("%s (%s)", c.from, c.subject)
}

// Refuse hangs up.
func (c *Caller) Refuse() { _ = c.conn.Close() }

// DialledAddress is the address of a database that dials in, by one of its
// switches: "switch:NAME".
func DialledAddress(name string) string { return dialledPrefix + name }

// IsDialled tells whether an address is one that DialledAddress gives.
func IsDialled(address string) bool { return strings.HasPrefix(address, dialledPrefix) }

const dialledPrefix = "switch:"

// NewDialled makes a client of a database that dials in: it has a connection
// when it is given one by Take. Address is as DialledAddress gives it; TLS is the
// listener's business.
func NewDialled(cfg Config) *Client {
	c := newClient(cfg)
	c.callers = make(chan *Caller, 1)
	c.err = errors.New("the switch has not connected yet")
	c.dial = func(ctx context.Context) (*session, error) {
		select {
		case caller := <-c.callers:
			return caller.open(ctx)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return c
}

// Answer gives a client made by NewDialled a connection, in place of the one
// that it has.
func (c *Client) Answer(caller *Caller) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hangUp()
	c.callers <- caller
	if c.session != nil {
		c.session.fail(fmt.Errorf("the switch has connected anew, from %s", caller))
	}
}

// hangUp ends a connection that has not been taken up.
func (c *Client) hangUp() {
	select {
	case old := <-c.callers:
		old.Refuse()
	default:
	}
}

// open makes a session of the connection.
func (c *Caller) open(ctx context.Context) (*session, error) {
	if err := c.schema.lacking(); err != nil {
		c.Refuse()
		return nil, poor(err)
	}
	s := newSession(ctx, c.link, c.schema.detect())
	s.allowed = c.allowed
	return s, nil
}

// strange finds a switch that the other side of a session may not have.
func (c *Client) strange(s *session) error {
	if s.allowed == nil {
		return nil
	}
	for _, e := range c.mirror.physical {
		if !s.allowed(e.sw.Name) {
			return fmt.Errorf("the database has a switch %q, which its certificate is not for", e.sw.Name)
		}
	}
	return nil
}

// forbidden gives the first name that is not allowed.
func (c *Caller) forbidden() (name string, found bool) {
	if c.allowed == nil {
		return "", false
	}
	i := slices.IndexFunc(c.Switches, func(name string) bool { return !c.allowed(name) })
	if i < 0 {
		return "", false
	}
	return c.Switches[i], true
}
