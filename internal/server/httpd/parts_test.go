package httpd

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

var errMuch = errors.New("too much at once")

func TestBudget(t *testing.T) {
	budget := NewBudget(10, errMuch)
	read := func(body string, during func()) error {
		var err error
		budget.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, err = io.ReadAll(r.Body)
			during()
		})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body)))
		return err
	}
	nothing := func() {}
	if err := read("0123456789", nothing); err != nil {
		t.Errorf("as much as there is: %v", err)
	}
	if err := read("0123456789X", nothing); !errors.Is(err, errMuch) {
		t.Errorf("more than there is: %v", err)
	}
	first := &charged{io.NopCloser(strings.NewReader("01234567")), budget, 0}
	second := &charged{io.NopCloser(strings.NewReader("01234567")), budget, 0}
	part := make([]byte, 4)
	for i, c := range []struct {
		who  *charged
		want error
	}{{first, nil}, {second, nil}, {first, errMuch}, {second, nil}, {second, io.EOF}} {
		if _, err := c.who.Read(part); !errors.Is(err, c.want) {
			t.Errorf("read %d: %v, want %v", i, err, c.want)
		}
	}
	second.giveBack()
	err := read("012345", func() {
		if err := read("01234", nothing); !errors.Is(err, errMuch) {
			t.Errorf("more than is left: %v", err)
		}
		if err := read("0123", nothing); err != nil {
			t.Errorf("what is left: %v", err)
		}
	})
	if err != nil {
		t.Error(err)
	}
	if left := budget.left.Load(); left != 10 {
		t.Errorf("%d left at the end", left)
	}
}

func TestBudgetSurvivesPanics(t *testing.T) {
	budget := NewBudget(10, errMuch)
	func() {
		defer func() { _ = recover() }()
		budget.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.ReadAll(r.Body)
			panic(http.ErrAbortHandler)
		})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", strings.NewReader("abc")))
	}()
	if left := budget.left.Load(); left != 10 {
		t.Errorf("%d left", left)
	}
}

func TestWatchedListener(t *testing.T) {
	l, err := Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := Watched(l)
	if err := w.Accepting(); err == nil || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("before anybody accepts: %v", err)
	}
	ended := make(chan error)
	ctx, cancel := context.WithCancel(context.Background())
	go func() { ended <- Serve(ctx, w, http.HandlerFunc(hello), Limits{}, slog.New(slog.DiscardHandler)) }()
	if got := send(t, l.Addr().String(), "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); !strings.HasSuffix(got, "hello") {
		t.Errorf("%q", got)
	}
	if err := w.Accepting(); err != nil {
		t.Errorf("while it serves: %v", err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if w.Accepting() == nil {
		t.Error("it accepts after its end")
	}
}

func TestListen(t *testing.T) {
	for _, addr := range []string{":0", "0.0.0.0:0", "127.0.0.1:0"} {
		l, err := Listen(t.Context(), addr)
		if err != nil {
			t.Errorf("%s: %v", addr, err)
			continue
		}
		_ = l.Close()
	}
	for addr, part := range map[string]string{"9696": "is not host:port", "127.0.0.1:x": "is not a number", "192.0.2.1:1": "cannot listen on 192.0.2.1:1"} {
		if l, err := Listen(t.Context(), addr); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: %v, %v", addr, l, err)
		}
	}
}

func TestLogsNameTheRequest(t *testing.T) {
	type key struct{}
	var text bytes.Buffer
	plain := slog.NewTextHandler(&text, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == slog.LevelKey {
			return slog.Attr{}
		}
		return a
	}})
	log := slog.New(WithContextAttrs(plain, func(ctx context.Context) []slog.Attr {
		id, ok := ctx.Value(key{}).(string)
		if !ok {
			return nil
		}
		return []slog.Attr{slog.String("request_id", id)}
	}))
	ctx := context.WithValue(t.Context(), key{}, "req-1")
	for _, c := range []struct {
		say  func()
		want string
	}{
		{func() { log.Info("a") }, "msg=a\n"},
		{func() { log.InfoContext(t.Context(), "a") }, "msg=a\n"},
		{func() { log.InfoContext(ctx, "a", "b", 1) }, "msg=a b=1 request_id=req-1\n"},
		{func() { log.InfoContext(ctx, "a", "request_id", "own") }, "msg=a request_id=own\n"},
		{func() { log.With("c", 2).InfoContext(ctx, "a") }, "msg=a c=2 request_id=req-1\n"},
		{func() { log.WithGroup("g").InfoContext(ctx, "a", "b", 1) }, "msg=a g.b=1 g.request_id=req-1\n"},
		{func() { log.InfoContext(context.WithoutCancel(ctx), "a") }, "msg=a request_id=req-1\n"},
		{func() { log.DebugContext(ctx, "a") }, ""},
	} {
		text.Reset()
		if c.say(); text.String() != c.want {
			t.Errorf("%q, want %q", text.String(), c.want)
		}
	}
}

func TestRecorder(t *testing.T) {
	for name, c := range map[string]struct {
		do     http.HandlerFunc
		status int
		bytes  int64
	}{
		"nothing":  {func(http.ResponseWriter, *http.Request) {}, 0, 0},
		"implicit": {hello, 200, 5},
		"hints": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusTeapot)
		}, 418, 0},
	} {
		r := &Recorder{ResponseWriter: httptest.NewRecorder()}
		c.do(r, nil)
		if r.Status != c.status || r.Bytes != c.bytes || http.NewResponseController(r).Flush() != nil {
			t.Errorf("%s: %d, %d bytes", name, r.Status, r.Bytes)
		}
	}
}
