package proxy

import (
	"bytes"
	"context"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"landbridge/internal/server/httpd"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// toy is an API of ours.
type toy struct{ *http.ServeMux }

func newToy() toy {
	t := toy{http.NewServeMux()}
	for path, answer := range map[string]string{
		"/{$}":                        `{"versions":["ours"]}`,
		"/v2.0":                       `{"resources":[{"name":"boat","collection":"boats","links":[]}]}`,
		"/v2.0/{$}":                   `{"resources":[{"name":"boat","collection":"boats","links":[]}]}`,
		"/v2.0/extensions":            `{"extensions":[{"alias":"sea","name":"The <sea>"},{"alias":"both","name":"ours"}]}`,
		"/v2.0/extensions/{alias}":    "",
		"/v2.0/extensions/sea":        `{"extension":"sea"}`,
		"/v2.0/boats":                 "our boats",
		"/v2.0/boats/{id}":            "our boat",
		"/openapi.json":               "our document",
		"/v2.0/harbours/{id}/quarter": "our quarter",
	} {
		t.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			if answer == "" {
				w.WriteHeader(http.StatusNotFound)
			}
			_, _ = io.WriteString(w, answer)
		})
	}
	t.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "ours has none")
	})
	return t
}

func (t toy) Route(r *http.Request) string {
	if _, pattern := t.Handler(r); pattern != "/" {
		return pattern
	}
	return ""
}

// front is a proxy that serves.
type front struct {
	t    *testing.T
	url  string
	addr string
	log  *safeBuffer
}

// safeBuffer is a log that is read while it is written.
type safeBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// serve runs a proxy in front of upstream, with the limits of a real server.
func serve(t *testing.T, upstream string, change ...func(*Config)) *front {
	t.Helper()
	return serveWithin(t, upstream, httpd.Limits{}, change...)
}

func serveWithin(t *testing.T, upstream string, limits httpd.Limits, change ...func(*Config)) *front {
	t.Helper()
	at, err := url.Parse(upstream)
	if err != nil {
		t.Fatal(err)
	}
	f := &front{t: t, log: &safeBuffer{}}
	cfg := Config{Ours: newToy(), URL: at, Timeout: 10 * time.Second, Logger: slog.New(slog.NewTextHandler(f.log, nil))}
	for _, c := range change {
		c(&cfg)
	}
	p, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	l, err := httpd.ListenLoopback(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.addr = l.Addr().String()
	f.url = "http://" + f.addr
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- httpd.Serve(ctx, l, p, limits, slog.New(slog.DiscardHandler)) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the server ended with %v", err)
		}
		p.Close()
	})
	return f
}

// upstream is a Neutron for tests.
func upstream(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv
}

// client asks without changing what is asked or answered.
func client(t *testing.T) *http.Client {
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport:     transport,
		Timeout:       time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// ask does one request and reads the answer whole.
func ask(t *testing.T, method, url, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	res, err := client(t).Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	return res, string(text)
}

// quiet is the log of a server that meets faults on purpose.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
