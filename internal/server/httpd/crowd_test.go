package httpd

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"landbridge/internal/lab/testenv"
)

// dial connects and does not care what becomes of it.
func dial(t *testing.T, addr, say string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, say); err != nil {
		t.Fatal(err)
	}
	return conn
}

// isClosed waits until the server has closed a connection.
func isClosed(t *testing.T, conn net.Conn) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, conn); err != nil {
		if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
			t.Error("the connection is still open")
		}
	}
}

// answers does a request on an open connection.
func answers(t *testing.T, conn net.Conn) {
	t.Helper()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Error(err)
	}
	got := make([]byte, len("HTTP/1.1 200"))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != "HTTP/1.1 200" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestWhoHasWaitedLongestGoes(t *testing.T) {
	begun, finish := make(chan struct{}), make(chan struct{})
	addr, _ := serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/busy" {
			begun <- struct{}{}
			<-finish
		}
		hello(w, r)
	}), Limits{Connections: 3})
	busy := dial(t, addr, "GET /busy HTTP/1.1\r\nHost: x\r\n\r\n")
	<-begun
	half := dial(t, addr, "GET / HTTP/1.1\r\nHo")
	idle := dial(t, addr, "")
	answers(t, idle)
	dial(t, addr, "")
	isClosed(t, half)
	answers(t, dial(t, addr, ""))
	isClosed(t, idle)
	close(finish)
	got := make([]byte, len("HTTP/1.1 200"))
	if _, err := io.ReadFull(busy, got); err != nil {
		t.Errorf("the busy one: %q, %v", got, err)
	}
}

func TestAllBusyMeansTheNewOneGoes(t *testing.T) {
	begun, finish := make(chan struct{}), make(chan struct{})
	addr, _ := serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun <- struct{}{}
		<-finish
		hello(w, r)
	}), Limits{Connections: 2})
	for range 2 {
		dial(t, addr, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		<-begun
	}
	isClosed(t, dial(t, addr, ""))
	close(finish)
}

func TestACrowdForgetsWhoHasLeft(t *testing.T) {
	c := newCrowd(10)
	first, second := net.Pipe()
	defer func() { _ = second.Close() }()
	ctx := c.enter(t.Context(), first)
	c.turn(first, http.StateActive)
	s := ctx.Value(seatKey{}).(*seat)
	c.work(s, 1)
	c.turn(first, http.StateClosed)
	c.work(s, -1)
	c.turn(first, http.StateClosed)
	if len(c.seats) != 0 || c.waiting.Len() != 0 {
		t.Errorf("%d seats, %d waiting", len(c.seats), c.waiting.Len())
	}
	_ = first.Close()
}

func TestThousandsOfIdleConnections(t *testing.T) {
	const most, idle = 500, 3000
	addr, _ := serving(t, http.HandlerFunc(hello), Limits{Connections: most})
	for range idle {
		dial(t, addr, "GET / HTTP/1.1\r\nX: ")
	}
	testenv.Eventually(t, 5*time.Second, "an answer for somebody else", func() error {
		res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get("http://" + addr)
		if err != nil {
			return err
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("%s", res.Status)
		}
		return nil
	})
}
