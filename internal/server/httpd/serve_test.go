package httpd

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serving runs Serve until the test ends or stop is called, which gives its
// error.
func serving(t *testing.T, h http.Handler, limits Limits) (addr string, stop func() error) {
	t.Helper()
	l, err := ListenLoopback(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- Serve(ctx, l, h, limits, slog.New(slog.DiscardHandler))
		close(ended)
	}()
	stop = func() error {
		cancel()
		return <-ended
	}
	t.Cleanup(func() { _ = stop() })
	return l.Addr().String(), stop
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }

// send writes raw bytes and reads until the server closes the connection.
func send(t *testing.T, addr, raw string) string {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, raw); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatalf("after %q and %q: %v", raw, answer, err)
	}
	return string(answer)
}

func TestServe(t *testing.T) {
	addr, stop := serving(t, http.HandlerFunc(hello), Limits{})
	if got := send(t, addr, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); !strings.HasSuffix(got, "hello") {
		t.Errorf("answer: %q", got)
	}
	if err := stop(); err != nil {
		t.Errorf("end: %v", err)
	}
	if conn, err := net.Dial("tcp", addr); err == nil {
		_ = conn.Close()
		t.Error("it still listens after its end")
	}
}

func TestSlowClientsAreCutOff(t *testing.T) {
	read := func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }
	short := 50 * time.Millisecond
	addr, _ := serving(t, http.HandlerFunc(read), Limits{Header: short, Request: 2 * short, Idle: short})
	for name, raw := range map[string]string{
		"silent":        "",
		"half a header": "GET / HTTP/1.1\r\nHost:",
		"half a body":   "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12",
		"idle":          "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) { send(t, addr, raw) })
	}
}

func TestLongHeaderIsRefused(t *testing.T) {
	addr, _ := serving(t, http.HandlerFunc(hello), Limits{Bytes: 1024})
	got := send(t, addr, "GET / HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("x", 6<<10))
	if !strings.Contains(got, "431") {
		t.Errorf("answer: %q", got)
	}
}

func TestShutdownLetsRequestsFinish(t *testing.T) {
	begun, finish := make(chan struct{}), make(chan struct{})
	addr, stop := serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-finish
		hello(w, r)
	}), Limits{})
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-begun
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	close(finish)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if err := <-ended; res.StatusCode != 200 || err != nil {
		t.Errorf("answer %s, end %v", res.Status, err)
	}
}

func TestShutdownCutsWhatDoesNotFinish(t *testing.T) {
	begun, finish := make(chan struct{}), make(chan struct{})
	addr, stop := serving(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(begun)
		<-finish
	}), Limits{Shutdown: 20 * time.Millisecond})
	defer close(finish)
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-begun
	if err := stop(); err != nil {
		t.Errorf("end: %v", err)
	}
}

func TestServeSaysWhatBrokeIt(t *testing.T) {
	l, err := ListenLoopback(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	err = Serve(t.Context(), l, http.HandlerFunc(hello), Limits{}, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("a closed listener gave %v", err)
	}
}
