package ovsdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
)

func TestParseListen(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"ptcp:6641", "ptcp 127.0.0.1:6641"},
		{"ptcp:", "ptcp 127.0.0.1:6640"},
		{"pssl:6640:192.0.2.1", "pssl 192.0.2.1:6640"},
		{"pssl::0.0.0.0", "pssl 0.0.0.0:6640"},
		{"pssl:6640:[2001:db8::1]", "pssl [2001:db8::1]:6640"},
		{"pssl:6640:[fe80::1%eth0]", "pssl [fe80::1%eth0]:6640"},
		{"tcp:6640", "use ptcp:PORT:IP"},
		{"ptcp:0", "not a port"},
		{"ptcp:port", "not a port"},
		{"ptcp:65536:127.0.0.1", "not a port"},
		{"pssl:6640:", "not an IP address"},
		{"pssl:6640:host", "not an IP address"},
		{"pssl:6640:2001:db8::1", "not an IP address"},
		{"pssl:6640:[127.0.0.1]", "not an IP address"},
		{"pssl:6640:[::1", "not an IP address"},
	} {
		a, err := parseListen(c.in)
		got := a.scheme + " " + a.target
		if err != nil {
			got = err.Error()
		}
		if (err == nil) != (got == c.want) || !strings.Contains(got, c.want) || (ParseListen(c.in) == nil) != (err == nil) {
			t.Errorf("%q: %s, want %s", c.in, got, c.want)
		}
	}
}

func FuzzParseListen(f *testing.F) {
	for _, s := range []string{"ptcp:6640", "pssl:6640:[::1]", "pssl::", "ptcp"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := parseListen(s)
		if err != nil {
			return
		}
		host, port, _ := net.SplitHostPort(a.target)
		if net.ParseIP(strings.Split(host, "%")[0]) == nil || port == "" {
			t.Fatalf("%q became %+v", s, a)
		}
	})
}

// switchboard is a listener with a client for each switch that has called.
type switchboard struct {
	*Listener
	log    *testLog
	target string // for vtep-ctl set-manager
}

func listen(t *testing.T, scheme string, cfg ListenConfig, prepare ...func(*Listener)) *switchboard {
	t.Helper()
	port := testenv.FreePort(t)
	b := &switchboard{log: &testLog{}, target: fmt.Sprintf("%s:127.0.0.1:%d", scheme, port)}
	cfg.Address, cfg.Logger = fmt.Sprintf("p%s:%d", scheme, port), b.log.logger()
	var err error
	if b.Listener, err = NewListener(cfg); err != nil {
		t.Fatal(err)
	}
	for _, do := range prepare {
		do(b.Listener)
	}
	runs(t, b.Run)
	return b
}

// next waits for a caller.
func (b *switchboard) next(t *testing.T) *Caller {
	t.Helper()
	select {
	case c := <-b.Callers():
		return c
	case <-time.After(soon):
		t.Fatalf("nobody has called; the log:\n%s", b.log)
		return nil
	}
}

// refuses waits for the log to say that a caller is refused.
func (b *switchboard) refuses(t *testing.T, why string) {
	t.Helper()
	testenv.Eventually(t, soon, "refused: "+why, func() error {
		if log := b.log.String(); !strings.Contains(log, "a caller is refused") || !strings.Contains(log, why) {
			return fmt.Errorf("the log is\n%s", log)
		}
		return nil
	})
}

// dialled runs a client of a database that dials in.
func dialled(t *testing.T, name string) *Client {
	t.Helper()
	c := NewDialled(Config{Address: DialledAddress(name)})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return c
}

// caller starts a switch that dials a switchboard.
func (b *switchboard) caller(t *testing.T, name string, options ...testenv.OVSDBOption) *testenv.OVSDB {
	t.Helper()
	db := testenv.StartOVSDB(t, append(options, testenv.WithManagers())...)
	db.VTEPCtl(t, "add-ps", name, "--", "set-manager", b.target)
	db.VTEPCtl(t, "set", "Manager", ".", "max_backoff=1000")
	return db
}

func TestASwitchThatDialsInIsServed(t *testing.T) {
	b := listen(t, "tcp", ListenConfig{})
	c := dialled(t, "sw0")
	if err := errorIs(c.Err(), "has not connected yet"); err != nil {
		t.Error(err)
	}
	db := b.caller(t, "sw0")
	db.VTEPCtl(t, "add-ps", "other")
	for range 2 { // the first greeting may be before the second switch
		caller := b.next(t)
		if caller.Switches[len(caller.Switches)-1] != "sw0" {
			t.Fatalf("the caller is %q", caller.Switches)
		}
		c.Answer(caller)
		testenv.Eventually(t, soon, "connected", c.Err)
		want := blue()
		reach(t, c, want)
		// The connection breaks, and comes back by itself.
		db.Kill(t)
		gone(t, c, want)
		db.Start(t)
	}
	caller := b.next(t)
	if fmt.Sprint(caller.Switches) != "[other sw0]" {
		t.Errorf("the caller is %q", caller.Switches)
	}
	caller.Refuse()
}

func TestASecondConnectionReplacesTheFirst(t *testing.T) {
	b := listen(t, "tcp", ListenConfig{})
	c := dialled(t, "sw0")
	b.caller(t, "sw0").VTEPCtl(t, "add-ls", "first")
	first := b.next(t)
	c.Answer(first)
	testenv.Eventually(t, soon, "connected", c.Err)
	b.caller(t, "sw0").VTEPCtl(t, "add-ls", "second")
	second := b.next(t)
	if first.from == second.from {
		t.Fatal("the first has called twice")
	}
	c.Answer(second)
	testenv.Eventually(t, soon, "the second one's contents are shown", func() error {
		if got := fmt.Sprint(c.LogicalSwitchNames()); got != "[second]" {
			return fmt.Errorf("%s", got)
		}
		return c.Err()
	})
}

func TestAConnectionThatNobodyHasTakenUpIsClosed(t *testing.T) {
	c := NewDialled(Config{Address: DialledAddress("sw0")})
	var ends []net.Conn
	for range 2 {
		ours, theirs := net.Pipe()
		ends = append(ends, theirs)
		c.Answer(&Caller{conn: ours})
	}
	closed := func(conn net.Conn) bool {
		_ = conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		_, err := conn.Read(make([]byte, 1))
		return errors.Is(err, io.EOF)
	}
	if !closed(ends[0]) || closed(ends[1]) {
		t.Error("the first has to be closed, the second not")
	}
	over, end := context.WithCancel(context.Background())
	end()
	if err := c.Run(over); err != nil || !closed(ends[1]) {
		t.Errorf("after the client's end: %v, closed %v", err, closed(ends[1]))
	}
}

func TestEchoesKeepTheConnection(t *testing.T) {
	b := listen(t, "tcp", ListenConfig{})
	c := dialled(t, "sw0")
	db := b.caller(t, "sw0")
	db.VTEPCtl(t, "set", "Manager", ".", "inactivity_probe=1000")
	c.Answer(b.next(t))
	testenv.Eventually(t, soon, "the switch has seen our echoes", func() error {
		select {
		case caller := <-b.Callers():
			c.Answer(caller) // the probe's interval is of the next connection
		default:
		}
		status := db.VTEPCtl(t, "get", "Manager", ".", "status", "is_connected")
		for _, seconds := range []string{`"4"`, `"5"`, `"6"`} {
			if strings.Contains(status, "sec_since_connect="+seconds) && strings.Contains(status, "true") {
				return c.Err()
			}
		}
		return errors.New(status)
	})
	db.Freeze(t)
	testenv.Eventually(t, soon, "the silence is noticed", func() error { return errorIs(c.Err(), "does not answer") })
	db.Thaw(t)
	c.Answer(b.next(t))
	testenv.Eventually(t, soon, "connected again", c.Err)
}

func TestStrangersAreTurnedAway(t *testing.T) {
	for _, c := range []struct{ says, why string }{
		{"", "i/o timeout"},
		{"GET / HTTP/1.1\r\n\r\n", "invalid character"},
		{`{"id":"get_schema","result":null,"error":"unknown database"}`, "no database hardware_vtep"},
		{strings.Repeat(" ", mostGreeting+1), "bytes came"},
		{`{"id":"get_schema","result":{},"error":null}{"id":"transact","result":[],"error":null}`, "does not tell its switches"},
		{`{"id":"get_schema","result":{},"error":null}{"id":"transact","result":[{"rows":[]},{"rows":[]}],"error":null}`, "no switch yet"},
	} {
		b := listen(t, "tcp", ListenConfig{}, func(l *Listener) { l.patience = 300 * time.Millisecond })
		conn, err := net.Dial("tcp", strings.TrimPrefix(b.target, "tcp:"))
		testenv.Eventually(t, soon, "dialled", func() error {
			if err != nil {
				conn, err = net.Dial("tcp", strings.TrimPrefix(b.target, "tcp:"))
			}
			return err
		})
		_, _ = conn.Write([]byte(c.says))
		b.refuses(t, c.why)
		_ = conn.SetReadDeadline(time.Now().Add(soon))
		for err = nil; err == nil; {
			_, err = conn.Read(make([]byte, 1000))
		}
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			t.Errorf("%.40q: the connection is still there", c.says)
		}
		_ = conn.Close()
	}
}

func TestTooManyStrangersAreTurnedAway(t *testing.T) {
	b := listen(t, "tcp", ListenConfig{})
	for range greetingsOfHost + 1 {
		var conn net.Conn
		testenv.Eventually(t, soon, "dialled", func() (err error) {
			conn, err = net.Dial("tcp", strings.TrimPrefix(b.target, "tcp:"))
			return err
		})
		defer func() { _ = conn.Close() }()
	}
	b.refuses(t, "too many callers")
}

func TestRoom(t *testing.T) {
	r := newRoom()
	for range greetingsOfHost {
		if !r.enter("a") {
			t.Fatal("no room")
		}
	}
	if r.enter("a") || !r.enter("b") {
		t.Error("one host keeps out itself, and nobody else")
	}
	r.leave("a")
	if !r.enter("a") {
		t.Error("who has left makes room")
	}
	n := greetingsOfHost + 1
	for ; r.enter(fmt.Sprint(n)); n++ {
	}
	if n != greetings {
		t.Errorf("room for %d, want %d", n, greetings)
	}
	for range greetingsOfHost {
		r.leave("a")
	}
	if _, ok := r.hosts["a"]; ok {
		t.Error("a host that has left is remembered")
	}
}

func TestTheLogIsNotFilledByCallers(t *testing.T) {
	q, now := newQuiet(), time.Now()
	if !q.news("a", now) || q.news("a", now.Add(quietFor-1)) || !q.news("b", now) || !q.news("a", now.Add(quietFor)) {
		t.Error("what is news and what not")
	}
	for i := range 3 * quietMost {
		q.news(fmt.Sprint(i), now)
	}
	if len(q.heard) > quietMost {
		t.Errorf("%d are remembered", len(q.heard))
	}
}

func TestACertificateIsForItsSwitchesAlone(t *testing.T) {
	authority, stranger := testenv.NewAuthority(t), testenv.NewAuthority(t)
	ours := authority.Issue(t, "agent")
	b := listen(t, "ssl", ListenConfig{
		TLS:   TLS{CA: ours.CA, Certificate: ours.Cert, PrivateKey: ours.Key},
		Names: map[string][]string{"gw-1": {"sw0"}, "CN=gw-2": {"sw1", "sw2"}},
	})
	b.caller(t, "sw0", testenv.WithTLS(stranger.Issue(t, "gw-1")))
	b.refuses(t, "TLS: ")
	thief := b.caller(t, "sw1", testenv.WithTLS(authority.Issue(t, "gw-1")))
	b.refuses(t, `claims to be switch \"sw1\", which its certificate, of \"gw-1\"`)
	thief.Kill(t)
	b.caller(t, "sw9", testenv.WithTLS(authority.Issue(t, "nobody")))
	b.refuses(t, `claims to be switch \"sw9\"`)

	c := dialled(t, "sw1")
	db := b.caller(t, "sw1", testenv.WithTLS(authority.Issue(t, "gw-2")))
	c.Answer(b.next(t))
	testenv.Eventually(t, soon, "connected", c.Err)
	reach(t, c, blue())
	db.VTEPCtl(t, "add-ps", "sw2")
	testenv.Eventually(t, soon, "a second switch of the certificate", func() error {
		if len(c.PhysicalSwitches()) != 2 {
			return fmt.Errorf("%v", c.PhysicalSwitches())
		}
		return c.Err()
	})
	db.VTEPCtl(t, "set", "Physical_Switch", "sw2", "name=sw0")
	testenv.Eventually(t, soon, "another's name is seen", func() error {
		return errorIs(c.Err(), `has a switch "sw0", which its certificate is not for`)
	})
	b.refuses(t, `claims to be switch \"sw0\"`)
	for _, err := range c.Apply(context.Background(), []hwvtep.Delta{hwvtep.Diff(nil, hwvtep.NewLogicalSwitch("x", hwvtep.Key{}))}) {
		if !errors.Is(err, ErrNotConnected) {
			t.Errorf("Apply: %v", err)
		}
	}
}

func TestNewListenerRefusesWhatCannotWork(t *testing.T) {
	mine := testenv.NewAuthority(t).Issue(t, "mine")
	for _, c := range []struct {
		cfg  ListenConfig
		want string
	}{
		{ListenConfig{Address: "tcp:6640"}, "use ptcp"},
		{ListenConfig{Address: "pssl:6640"}, "needs a certificate"},
		{ListenConfig{Address: "pssl:6640", TLS: TLS{Certificate: mine.Cert, PrivateKey: mine.Key}}, "authority (CA)"},
		{ListenConfig{Address: "ptcp:6640", Names: map[string][]string{}}, "with pssl: alone"},
	} {
		_, err := NewListener(c.cfg)
		if err := errorIs(err, c.want); err != nil {
			t.Error(err)
		}
	}
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = busy.Close() }()
	l, err := NewListener(ListenConfig{Address: fmt.Sprintf("ptcp:%d", busy.Addr().(*net.TCPAddr).Port)})
	if err != nil {
		t.Fatal(err)
	}
	if err := errorIs(l.Run(context.Background()), "cannot dial in", "in use"); err != nil {
		t.Error(err)
	}
}
