package proxy

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"landbridge/internal/lab/testenv"
	"landbridge/internal/server/httpd"
)

// fault takes a NeutronError apart, which has to have a request id of ours.
func fault(t *testing.T, res *http.Response, text string) (kind, message string) {
	t.Helper()
	var answer struct {
		NeutronError *struct{ Type, Message, Detail string }
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil || answer.NeutronError == nil {
		t.Fatalf("%s %q is no NeutronError: %v", res.Status, text, err)
	}
	if id := res.Header.Get("X-Openstack-Request-Id"); !strings.HasPrefix(id, "req-") || res.Header.Get("Content-Type") != "application/json" {
		t.Errorf("headers %v", res.Header)
	}
	return answer.NeutronError.Type, answer.NeutronError.Message
}

func TestNeutronIsDown(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := "http://" + l.Addr().String()
	_ = l.Close()
	f := serve(t, at)
	for _, path := range []string{"/v2.0/networks", "/v2.0/extensions", "/v2.0/"} {
		res, text := ask(t, http.MethodGet, f.url+path, "")
		kind, message := fault(t, res, text)
		if res.StatusCode != 503 || kind != "HTTPServiceUnavailable" || !strings.Contains(message, "no answer at "+at+": ") ||
			!strings.Contains(message, "connection refused") {
			t.Errorf("%s: %s %s", path, res.Status, text)
		}
		if strings.Count(f.log.String(), "request_id="+res.Header.Get("X-Openstack-Request-Id")) != 2 || !strings.Contains(f.log.String(), "level=WARN") {
			t.Errorf("log %s", f.log)
		}
	}
	if res, text := ask(t, http.MethodGet, f.url+"/v2.0/boats", ""); res.StatusCode != 200 {
		t.Errorf("ours does not work without Neutron: %s %s", res.Status, text)
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	for name, answer := range map[string]string{
		"nothing":   "",
		"not HTTP":  "220 mail.example ESMTP\r\n\r\n",
		"cut short": "HTTP/1.1 200 OK\r\nContent-Le",
		"too long":  "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", mostHeaders+1<<20) + "\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			url, _ := recordingUpstream(t, answer)
			f := serve(t, url)
			res, text := ask(t, http.MethodGet, f.url+"/v2.0/networks", "")
			if _, message := fault(t, res, text); res.StatusCode != 503 || !strings.Contains(message, url) {
				t.Errorf("%s %s", res.Status, text)
			}
		})
	}
}

func TestNeutronIsSilent(t *testing.T) {
	release := make(chan struct{})
	neutron := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v2.0/half" {
			_, _ = io.WriteString(w, "half")
			_ = http.NewResponseController(w).Flush()
		}
		<-release
	})
	defer close(release)
	f := serve(t, neutron.URL, func(c *Config) { c.Timeout = 100 * time.Millisecond })
	res, text := ask(t, http.MethodGet, f.url+"/v2.0/networks", "")
	if kind, message := fault(t, res, text); res.StatusCode != 504 || kind != "HTTPGatewayTimeout" ||
		!strings.Contains(message, neutron.URL+" within 100ms") {
		t.Errorf("%s %s", res.Status, text)
	}
	res, err := client(t).Get(f.url + "/v2.0/half")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if got, err := io.ReadAll(res.Body); string(got) != "half" || err == nil {
		t.Errorf("an answer that stops half-way ends as if whole: %q, %v", got, err)
	}
}

// TestSlowButAlive: whatever moves goes on, beyond the limits that the server
// has for a request of its own.
func TestSlowButAlive(t *testing.T) {
	const steps, step = 10, 60 * time.Millisecond
	pace := time.NewTicker(step)
	defer pace.Stop()
	neutron := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		for range steps {
			<-pace.C
			_, _ = w.Write(body)
			_ = http.NewResponseController(w).Flush()
		}
	})
	short := 150 * time.Millisecond
	f := serveWithin(t, neutron.URL, httpd.Limits{Request: short, Response: short}, func(c *Config) { c.Timeout = 10 * step })
	for _, slow := range []bool{false, true} {
		body := io.Reader(strings.NewReader("0123456789"))
		if slow {
			body = &paced{pace.C, "0123456789"}
		}
		res, err := client(t).Post(f.url+"/v2.0/slow", "text/plain", body)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if want := strings.Repeat("0123456789", steps); string(got) != want || err != nil {
			t.Errorf("slow body %v: %q, %v", slow, got, err)
		}
	}
}

// paced is a body that comes byte by byte.
type paced struct {
	pace <-chan time.Time
	left string
}

func (p *paced) Read(b []byte) (int, error) {
	if p.left == "" {
		return 0, io.EOF
	}
	<-p.pace
	b[0] = p.left[0]
	p.left = p.left[1:]
	return 1, nil
}

func TestAnAnswerCutShortIsCutShort(t *testing.T) {
	for name, answer := range map[string]string{
		"length": "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345",
		"chunks": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n",
	} {
		url, _ := recordingUpstream(t, answer)
		f := serve(t, url)
		res, err := client(t).Get(f.url + "/v2.0/networks")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(res.Body); string(got) != "12345" || err == nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		_ = res.Body.Close()
	}
}

func TestAClientThatLeaves(t *testing.T) {
	begun, left := make(chan struct{}), make(chan struct{})
	neutron := upstream(t, func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
		close(left)
	})
	f := serve(t, neutron.URL)
	conn, err := net.Dial("tcp", f.addr)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(conn, "GET /v2.0/networks HTTP/1.1\r\nHost: x\r\n\r\n")
	<-begun
	_ = conn.Close()
	<-left // Neutron is told
	testenv.Eventually(t, 5*time.Second, "its line in the log", func() error {
		if text := f.log.String(); !strings.Contains(text, "status=499") || strings.Contains(text, "WARN") {
			return fmt.Errorf("log %s", text)
		}
		return nil
	})
}

func TestBrokenRequestBodies(t *testing.T) {
	neutron := upstream(t, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	f := serve(t, neutron.URL)
	got := raw(t, f.addr, "POST /v2.0/networks HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n")
	if !strings.HasPrefix(got, "HTTP/1.1 400") || !strings.Contains(got, "could not be read whole") {
		t.Errorf("%q", got)
	}
	for _, smuggled := range []string{
		"Content-Length: 3\r\nContent-Length: 4\r\n", "Transfer-Encoding: chunked, identity\r\n", "Transfer-Encoding: xchunked\r\n",
		"Content-Length: +3\r\n", "X : y\r\n", "X\x00: y\r\n",
	} {
		got := raw(t, f.addr, "POST /v2.0/networks HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"+smuggled+"\r\n0\r\n\r\n")
		if !strings.HasPrefix(got, "HTTP/1.1 400") && !strings.HasPrefix(got, "HTTP/1.1 501") {
			t.Errorf("%q: %q", smuggled, got)
		}
	}
}

func TestTLS(t *testing.T) {
	authority, stranger := testenv.NewAuthority(t), testenv.NewAuthority(t)
	files := authority.Issue(t, "neutron")
	pair, err := tls.LoadX509KeyPair(files.Cert, files.Key)
	if err != nil {
		t.Fatal(err)
	}
	neutron := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "safe "+r.TLS.ServerName)
	}))
	neutron.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	neutron.Config.ErrorLog = quiet()
	neutron.StartTLS()
	t.Cleanup(neutron.Close)
	at := strings.Replace(neutron.URL, "127.0.0.1", "localhost", 1)
	f := serve(t, at, func(c *Config) { c.CA = files.CA })
	if res, text := ask(t, http.MethodGet, f.url+"/v2.0/networks", ""); res.StatusCode != 200 || text != "safe localhost" {
		t.Errorf("%s %s", res.Status, text)
	}
	for _, ca := range []string{"", stranger.Issue(t, "x").CA} {
		f := serve(t, at, func(c *Config) { c.CA = ca })
		res, text := ask(t, http.MethodGet, f.url+"/v2.0/networks", "")
		if _, message := fault(t, res, text); res.StatusCode != 503 || !strings.Contains(message, "certificate signed by unknown authority") {
			t.Errorf("authority %q: %s %s", ca, res.Status, text)
		}
	}
}

func TestAuthorities(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.pem")
	if _, err := authorities(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a file that is not there: %v", err)
	}
	if err := os.WriteFile(file, []byte("no PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := authorities(file); err == nil || !strings.Contains(err.Error(), "no certificate in PEM form") {
		t.Errorf("not PEM: %v", err)
	}
}

func TestALoopEnds(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	_ = l.Close()
	f := serve(t, "http://"+at)
	// What stands between passes everything back.
	between := &http.Server{ErrorLog: quiet(), ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out := r.Clone(r.Context())
		out.RequestURI, out.URL.Scheme, out.URL.Host = "", "http", f.addr
		res, err := client(t).Do(out)
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = res.Body.Close() }()
		w.WriteHeader(res.StatusCode)
		_, _ = io.Copy(w, res.Body)
	})}
	if l, err = net.Listen("tcp", at); err != nil {
		t.Fatal(err)
	}
	go func() { _ = between.Serve(l) }()
	t.Cleanup(func() { _ = between.Close() })
	if res, text := ask(t, http.MethodGet, f.url+"/v2.0/networks", ""); res.StatusCode != 508 || !strings.Contains(text, "http://"+at) {
		t.Errorf("%s %s", res.Status, text)
	}
}

func TestTheAccessLog(t *testing.T) {
	neutron := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Openstack-Request-Id", "req-neutrons")
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, "12345")
	})
	f := serve(t, neutron.URL)
	ask(t, http.MethodGet, f.url+"/v2.0/boats", "") // the proxy has no part in it
	ask(t, http.MethodPut, f.url+"/v2.0/networks/1?a=b", "x", "X-Auth-Token", "secret")
	// The line is written after the answer.
	testenv.Eventually(t, 5*time.Second, "a line is logged", func() error {
		if !strings.Contains(f.log.String(), "\n") {
			return errors.New("none")
		}
		return nil
	})
	line := f.log.String()
	for _, part := range []string{"msg=request", "request_id=req-neutrons", "method=PUT", `uri="/v2.0/networks/1?a=b"`, "status=202", "bytes=5", "neutron=true"} {
		if !strings.Contains(line, part) {
			t.Errorf("the log lacks %s: %s", part, line)
		}
	}
	if strings.Contains(line, "secret") {
		t.Errorf("the log has the token: %s", line)
	}
	if strings.Contains(line, "boats") || strings.Count(line, "\n") != 1 {
		t.Errorf("the proxy has logged what it had no part in: %s", line)
	}
}
