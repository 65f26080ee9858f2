package proxy

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// raw writes bytes and reads until the connection is closed.
func raw(t *testing.T, addr, text string) string {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(conn)
	if err != nil {
		t.Fatalf("after %q: %v", got, err)
	}
	return string(got)
}

// recordingUpstream gives what reaches it, byte by byte, and answers with the
// given bytes. It serves one request for each connection.
func recordingUpstream(t *testing.T, answer string) (url string, requests <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan string, 10)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			got <- readRequest(conn)
			_, _ = io.WriteString(conn, answer)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return "http://" + l.Addr().String(), got
}

// readRequest reads a request with all of its body, as it stands on the wire.
func readRequest(conn net.Conn) string {
	var wire bytes.Buffer
	r, err := http.ReadRequest(bufio.NewReaderSize(io.TeeReader(conn, &wire), 16))
	if err != nil {
		return err.Error()
	}
	_, _ = io.Copy(io.Discard, r.Body)
	return wire.String()
}

func TestTheRequestByteByByte(t *testing.T) {
	url, requests := recordingUpstream(t, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
	f := serve(t, url)
	head := "POST /v2.0/networks?a=b%2Fc&d HTTP/1.1\r\nHost: cloud.example:9696\r\n"
	for _, c := range []struct{ name, sent, want string }{
		{
			"as it is",
			head + "User-Agent: python-neutronclient\r\nContent-Length: 4\r\nAccept: application/json\r\nContent-Type: application/json\r\n" +
				"X-Auth-Token: gAAAA-token\r\nX-Openstack-Request-Id: req-global\r\n\r\n\x00\xff{}",
			head + "User-Agent: python-neutronclient\r\nContent-Length: 4\r\nAccept: application/json\r\nContent-Type: application/json\r\n" +
				"VIA\r\nX-Auth-Token: gAAAA-token\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Host: cloud.example:9696\r\nX-Forwarded-Proto: http\r\n" +
				"X-Openstack-Request-Id: req-global\r\n\r\n\x00\xff{}",
		},
		{
			"without what is of one connection",
			head + "Content-Length: 0\r\nConnection: keep-alive, X-Mine\r\nX-Mine: 1\r\nKeep-Alive: 5\r\nProxy-Authorization: x\r\nProxy-Connection: x\r\n" +
				"Te: trailers, gzip\r\nUpgrade: websocket\r\nX-Theirs: 2\r\n\r\n",
			head + "Content-Length: 0\r\nTe: trailers\r\nVIA\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Host: cloud.example:9696\r\nX-Forwarded-Proto: http\r\nX-Theirs: 2\r\n\r\n",
		},
		{
			"no upgrade",
			head + "Content-Length: 0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
			head + "Content-Length: 0\r\nVIA\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Host: cloud.example:9696\r\nX-Forwarded-Proto: http\r\n\r\n",
		},
		{
			"what proxies in front have said",
			head + "Content-Length: 0\r\nForwarded: for=192.0.2.1\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Host: public.example\r\nX-Forwarded-Proto: https\r\nVia: 1.1 front\r\n\r\n",
			head + "Content-Length: 0\r\nForwarded: for=192.0.2.1\r\nVia: 1.1 front\r\nVIA\r\nX-Forwarded-For: 192.0.2.1, 127.0.0.1\r\nX-Forwarded-Host: public.example\r\nX-Forwarded-Proto: https\r\n\r\n",
		},
		{
			"repeated headers",
			head + "Content-Length: 0\r\nX-A: 1\r\nX-A: 2\r\nCookie: a=b; c=d\r\n\r\n",
			head + "Content-Length: 0\r\nCookie: a=b; c=d\r\nVIA\r\nX-A: 1\r\nX-A: 2\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Host: cloud.example:9696\r\nX-Forwarded-Proto: http\r\n\r\n",
		},
		{
			"chunks",
			head + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
			head + "Transfer-Encoding: chunked\r\nVIA\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Host: cloud.example:9696\r\nX-Forwarded-Proto: http\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, err := net.Dial("tcp", f.addr)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			if _, err := io.WriteString(conn, c.sent); err != nil {
				t.Fatal(err)
			}
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if got := ownVia(<-requests); res.StatusCode != http.StatusNoContent || got != c.want {
				t.Errorf("%s; -want +got:\n%s", res.Status, cmp.Diff(c.want, got))
			}
		})
	}
}

// ownVia puts VIA in place of what the proxy says of itself, whose name is
// another one each time.
func ownVia(wire string) string {
	lines := strings.Split(wire, "\r\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "Via: 1.1 landbridge-") {
			lines[i] = "VIA"
		}
	}
	return strings.Join(lines, "\r\n")
}

// TestTheAnswerIsTheSame compares what Neutron answers with what comes through.
func TestTheAnswerIsTheSame(t *testing.T) {
	packed := []byte("\x1f\x8b not really gzip \x00\xff")
	answers := map[string]http.HandlerFunc{
		"/v2.0/list": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Openstack-Request-Id", "req-neutron")
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{ "networks" : [ ] }`+"\n")
		},
		"/v2.0/created": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) },
		"/v2.0/gone":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		"/v2.0/same":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) },
		"/v2.0/moved": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://"+r.Host+"/v2.0/elsewhere", http.StatusMultipleChoices)
		},
		"/v2.0/denied": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Add("Www-Authenticate", "Keystone uri='http://keystone'")
			http.Error(w, "Authentication required", http.StatusUnauthorized)
		},
		"/v2.0/broken": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "oops", http.StatusInternalServerError) },
		"/v2.0/packed": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(packed)
		},
		"/v2.0/odd":     func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(299) },
		"/v2.0/cookies": func(w http.ResponseWriter, _ *http.Request) { w.Header()["Set-Cookie"] = []string{"a=b", "c=d"} },
		"/v2.0/chunks": func(w http.ResponseWriter, _ *http.Request) {
			for range 3 {
				_, _ = w.Write(packed)
				_ = http.NewResponseController(w).Flush()
			}
		},
		"/v2.0/trailers": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "X-Sum")
			_, _ = w.Write(packed)
			w.Header().Set("X-Sum", "42")
			w.Header().Set(http.TrailerPrefix+"X-Late", "43")
		},
	}
	neutron := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Date"] = []string{"Mon, 01 Jan 2024 00:00:00 GMT"}
		answers[r.URL.Path](w, r)
	})
	f := serve(t, neutron.URL)
	for path := range answers {
		for _, method := range []string{"GET", "HEAD", "POST"} {
			want, wantBody := ask(t, method, neutron.URL+path, "", "Host", "x")
			got, body := ask(t, method, f.url+path, "", "Host", "x")
			if loc := got.Header.Get("Location"); loc != "" { // it leads to whom the client has asked
				if loc != f.url+"/v2.0/elsewhere" {
					t.Errorf("location %s", loc)
				}
				want.Header.Set("Location", loc)
			}
			if got.StatusCode != want.StatusCode || got.ContentLength != want.ContentLength ||
				!slices.Equal(got.TransferEncoding, want.TransferEncoding) {
				t.Errorf("%s %s: %s, length %d, %v; want %s, %d, %v", method, path,
					got.Status, got.ContentLength, got.TransferEncoding, want.Status, want.ContentLength, want.TransferEncoding)
			}
			if !strings.Contains(path, "moved") && body != wantBody {
				t.Errorf("%s %s: body %q, want %q", method, path, body, wantBody)
			}
			if method == http.MethodHead {
				want.Header.Del("Trailer") // an answer without body has none
			}
			if diff := cmp.Diff(sorted(want.Header), sorted(got.Header)); diff != "" && !strings.Contains(path, "moved") {
				t.Errorf("%s %s: headers (-want +got)\n%s", method, path, diff)
			}
			if diff := cmp.Diff(want.Trailer, got.Trailer); diff != "" {
				t.Errorf("%s %s: trailers (-want +got)\n%s", method, path, diff)
			}
		}
	}
}

func sorted(h http.Header) http.Header {
	h = maps.Clone(h)
	for _, v := range h {
		slices.Sort(v)
	}
	return h
}

// pattern is a long body without repetition in it.
type pattern struct {
	left int64
	n    uint64
}

func (p *pattern) Read(b []byte) (int, error) {
	if p.left == 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(b)), p.left))
	for i := range n {
		p.n = p.n*6364136223846793005 + 1442695040888963407
		b[i] = byte(p.n >> 56)
	}
	p.left -= int64(n)
	return n, nil
}

const large = 64 << 20

func sumOf(t *testing.T, r io.Reader) [32]byte {
	t.Helper()
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		t.Fatal(err)
	}
	return [32]byte(h.Sum(nil))
}

func TestLargeBodiesBothWays(t *testing.T) {
	want := sumOf(t, &pattern{left: large})
	neutron := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		h := sha256.New()
		if _, err := io.Copy(h, r.Body); err != nil {
			t.Error(err)
		}
		if r.Method == http.MethodPost && [32]byte(h.Sum(nil)) != want {
			t.Error("the upload has changed")
		}
		if r.URL.Path == "/v2.0/known" {
			w.Header().Set("Content-Length", "67108864")
		}
		_, _ = io.Copy(w, &pattern{left: large})
	})
	f := serve(t, neutron.URL)
	for _, path := range []string{"/v2.0/known", "/v2.0/chunks"} {
		for _, body := range []io.Reader{nil, &pattern{left: large}} {
			method := http.MethodGet
			if body != nil {
				method = http.MethodPost
			}
			req, err := http.NewRequestWithContext(t.Context(), method, f.url+path, body)
			if err != nil {
				t.Fatal(err)
			}
			res, err := client(t).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			if sumOf(t, res.Body) != want {
				t.Errorf("%s %s: the answer has changed", method, path)
			}
			_ = res.Body.Close()
		}
	}
}

// TestNothingIsHeldBack: each side sees what the other has written although
// neither has ended.
func TestNothingIsHeldBack(t *testing.T) {
	neutron := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		in := bufio.NewReader(r.Body)
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			_, _ = io.WriteString(w, "heard "+line)
			_ = http.NewResponseController(w).Flush()
		}
	})
	f := serve(t, neutron.URL)
	body, speak := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.url+"/v2.0/talk", body)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.WriteString(speak, "one\n") }()
	res, err := client(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	heard := bufio.NewReader(res.Body)
	if line, err := heard.ReadString('\n'); line != "heard one\n" {
		t.Errorf("%q, %v", line, err)
	}
	_ = speak.Close()
}

func TestContinue(t *testing.T) {
	neutron := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v2.0/no" {
			http.Error(w, "too much", http.StatusRequestEntityTooLarge)
			return
		}
		_, _ = io.Copy(w, r.Body)
	})
	f := serve(t, neutron.URL)
	for path, want := range map[string]string{"/v2.0/no": "HTTP/1.1 413", "/v2.0/yes": "HTTP/1.1 100 Continue\r\n\r\n"} {
		conn, err := net.Dial("tcp", f.addr)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, "POST "+path+" HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
		got := make([]byte, len(want))
		if _, err := io.ReadFull(conn, got); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", path, got, err)
		}
		_ = conn.Close()
	}
}

func TestManyAtOnce(t *testing.T) {
	neutron := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(body)
	})
	f := serve(t, neutron.URL)
	c := client(t)
	results := make(chan error)
	const clients, each = 16, 25
	for i := range clients {
		go func() {
			results <- func() error {
				for range each {
					want := strings.Repeat(string(rune('a'+i)), 10000)
					res, err := c.Post(f.url+"/v2.0/echo", "text/plain", strings.NewReader(want))
					if err != nil {
						return err
					}
					got, err := io.ReadAll(res.Body)
					_ = res.Body.Close()
					if err != nil {
						return err
					}
					if string(got) != want {
						return io.ErrUnexpectedEOF
					}
				}
				return nil
			}()
		}()
	}
	for range clients {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

// TestNewRejects is for what config does not see.
func TestNewRejects(t *testing.T) {
	if _, err := New(Config{Ours: newToy()}); err == nil {
		t.Error("a proxy without URL")
	}
	srv := httptest.NewRequest(http.MethodGet, "/", nil)
	if p := (&Proxy{name: "landbridge-x"}); p.passedBefore(srv) {
		t.Error("a request without Via has been here")
	}
}
