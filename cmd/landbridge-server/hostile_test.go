package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"landbridge/internal/lab/testenv"
)

// hostile is one request that no friend sends.
type hostile struct {
	name, method, path string
	contentType, body  string
	status             []int // any of them
}

const jsonType = "application/json"

func hostiles() []hostile {
	const gateways = "/v2.0/l2-gateways"
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	deep := func(n int) string {
		return `{"l2_gateway":{"name":` + strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) + "}}"
	}
	bad := []int{400}
	return []hostile{
		{"no body", "POST", gateways, jsonType, "", bad},
		{"not JSON", "POST", gateways, jsonType, "<xml/>", bad},
		{"cut short", "POST", gateways, jsonType, `{"l2_gateway": {"name": "`, bad},
		{"two values", "POST", gateways, jsonType, `{"l2_gateway": {}} {}`, bad},
		{"invalid UTF-8 in a value", "POST", gateways, jsonType, "{\"l2_gateway\": {\"name\": \"\xff\xfe\", \"devices\": [{\"device_name\": \"s\"}]}}", bad},
		{"invalid UTF-8 in a key", "POST", gateways, jsonType, "{\"l2_gateway\": {\"na\xc3me\": \"x\", \"devices\": [{\"device_name\": \"s\"}]}}", bad},
		{"NUL in a name", "POST", gateways, jsonType, `{"l2_gateway": {"name": "a\u0000b", "devices": [{"device_name": "s"}]}}`, bad},
		{"nested lists", "POST", gateways, jsonType, nested(100_000), bad},
		{"nested lists, not closed", "POST", gateways, jsonType, strings.Repeat("[", 1_000_000), bad},
		{"nested objects", "POST", gateways, jsonType, deep(100_000), bad},
		{"nested as far as a decoder goes", "POST", gateways, jsonType, deep(9_000), bad},
		{"a huge number", "POST", gateways, jsonType, `{"l2_gateway": {"name": ` + strings.Repeat("9", 500_000) + "}}", bad},
		{"a million keys", "POST", gateways, jsonType, `{"l2_gateway": {` + strings.Repeat(`"a":1,`, 150_000) + `"a":1}}`, bad},
		{"a long name", "POST", gateways, jsonType, `{"l2_gateway": {"name": "` + strings.Repeat("x", 900_000) + `"}}`, bad},
		{"too much", "POST", gateways, jsonType, strings.Repeat(" ", 2<<20), []int{413}},
		{"far too much", "POST", gateways, jsonType, strings.Repeat(" ", 80<<20), []int{413}},
		{"XML", "POST", gateways, "text/xml", "<a/>", []int{415}},
		{"a form", "POST", gateways, "application/x-www-form-urlencoded", "a=b", []int{415}},
		{"another charset", "POST", gateways, "application/json; charset=utf-16", "{}", []int{415}},
		{"a broken type", "POST", gateways, "application/json; charset", "{}", []int{415, 400}},
		{"a body with GET is of no interest", "GET", gateways, jsonType, "x", []int{200, 400}},
		{"a body with DELETE", "DELETE", gateways + "/x", jsonType, "{}", []int{400, 404}},
		{"SQL as id", "GET", gateways + "/" + url.PathEscape("'; DROP TABLE l2gateways; --"), "", "", []int{404}},
		{"SQL as filter", "GET", gateways + "?name=" + url.QueryEscape("' OR 1=1; DROP TABLE l2gateways; --"), "", "", []int{200}},
		{"SQL as key", "GET", gateways + "?" + url.QueryEscape("id) OR (1=1") + "=x", "", "", bad},
		{"SQL as sort key", "GET", gateways + "?sort_dir=asc&sort_key=" + url.QueryEscape("id; DROP TABLE l2gateways"), "", "", bad},
		{"NUL as filter", "GET", gateways + "?name=%00", "", "", []int{200, 400}},
		{"invalid UTF-8 as filter", "GET", gateways + "?name=%ff%fe", "", "", []int{200, 400}},
		{"a broken query", "GET", gateways + "?name=%zz", "", "", []int{200, 400}},
		{"as many filters as a header holds", "GET", gateways + "?" + strings.Repeat("name=a&", 8000), "", "", []int{200, 400, 431}},
		{"a million filters", "GET", gateways + "?" + strings.Repeat("a=b&", 1_000_000), "", "", []int{431, 414}},
		{"a huge limit", "GET", gateways + "?limit=99999999999999999999", "", "", []int{200, 400}},
		{"a long path", "GET", "/v2.0/" + strings.Repeat("a/", 20_000), "", "", []int{404}},
		{"an odd method", "FROB", gateways, "", "", []int{405}},
	}
}

// sendRaw writes a request as it is, and reads the answer while it writes: the
// server may answer, and close, before it has read all.
func sendRaw(addr string, h hostile) (int, string, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return 0, "", err
	}
	head := h.method + " " + h.path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
	if h.contentType != "" {
		head += "Content-Type: " + h.contentType + "\r\n"
	}
	written := make(chan struct{})
	go func() {
		defer close(written)
		_, _ = fmt.Fprintf(conn, "%sContent-Length: %d\r\n\r\n", head, len(h.body))
		_, _ = io.WriteString(conn, h.body)
	}()
	answer, err := io.ReadAll(conn)
	_ = conn.Close()
	<-written
	var status int
	if _, scan := fmt.Sscanf(string(answer), "HTTP/1.1 %d", &status); scan != nil {
		return 0, string(answer), err
	}
	_, text, _ := bytes.Cut(answer, []byte("\r\n\r\n"))
	return status, string(text), nil
}

// isFine tells whether somebody else is served, and soon.
func (p *program) isFine() {
	p.t.Helper()
	began := time.Now()
	if _, err := p.call(http.MethodGet, "l2-gateways", nil); err != nil {
		p.t.Error(err)
	}
	if took := time.Since(began); took > 3*time.Second {
		p.t.Errorf("others wait for %s", took)
	}
}

func TestHostileRequests(t *testing.T) {
	p := newProgram(t)
	p.start()
	for _, h := range hostiles() {
		t.Run(h.name, func(t *testing.T) {
			status, text, err := sendRaw(p.addr, h)
			if !slices.Contains(h.status, status) {
				t.Fatalf("%d %.300s, %v", status, text, err)
			}
			var answer struct{ NeutronError *struct{ Message string } }
			isOurs := status >= 400 && status != http.StatusRequestHeaderFieldsTooLarge && h.path[:3] == "/v2" && text != ""
			if isOurs && (json.Unmarshal([]byte(text), &answer) != nil || answer.NeutronError == nil || len(text) > 5000) {
				t.Errorf("%d %.300s", status, text)
			}
		})
	}
	p.isFine()
	if answer, err := p.call(http.MethodGet, "l2-gateways", nil); err != nil || len(answer["l2_gateways"].([]any)) != 0 {
		t.Errorf("%v, %v", answer, err)
	}
}

// heapInUse is what the program, which is this process, has in use, in MiB.
func heapInUse() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int((m.HeapInuse + m.StackInuse) >> 20)
}

// TestSlowClients holds thousands of connections: silent, in the middle of a
// header, in the middle of a body.
func TestSlowClients(t *testing.T) {
	p := newProgram(t)
	p.start()
	before := heapInUse()
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			_ = c.Close()
		}
	}()
	begin := "POST /v2.0/l2-gateways HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n"
	for i := range 5000 {
		conn, err := net.Dial("tcp", p.addr)
		if err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		conns = append(conns, conn)
		say := []string{"", "GET / HTTP/1.1\r\nX-Slow: ", begin, begin + "\r\n{"}[i%4]
		_, _ = io.WriteString(conn, say) // the server may have let it go already
		if i%1000 == 0 {
			p.isFine()
		}
	}
	p.isFine()
	if grown := heapInUse() - before; grown > 200 {
		t.Errorf("%d MiB for 5000 clients that do nothing", grown)
	}
	testenv.Eventually(t, 20*time.Second, "a new object", func() error {
		_, err := p.call(http.MethodPost, "l2-remote-gateways", map[string]any{"l2_remote_gateway": map[string]any{"ipaddr": "203.0.113.9"}})
		return err
	})
}

// TestManyLargeBodiesAtOnce bounds what bodies, each of which is allowed, cost
// together.
func TestManyLargeBodiesAtOnce(t *testing.T) {
	p := newProgram(t)
	p.start()
	peak := watchHeap(t)
	body := `{"l2_remote_macs": [` + strings.Repeat(`{"mac": "02:00:00:00:00:01", "rgw_connection": "x", "no": 1},`, 950_000) + `{}]}`
	var clients sync.WaitGroup
	var read atomic.Int32
	for range 5 {
		clients.Go(func() {
			status, text, err := sendRaw(p.addr, hostile{method: "POST", path: "/v2.0/l2-remote-macs", contentType: jsonType, body: body})
			if status == http.StatusBadRequest {
				read.Add(1)
			} else if status != http.StatusServiceUnavailable {
				t.Errorf("%d %.200s, %v", status, text, err)
			}
		})
	}
	clients.Wait()
	if read.Load() == 0 {
		t.Error("everybody was refused")
	}
	if most := peak(); most > 1500 {
		t.Errorf("%d MiB at the peak", most)
	} else {
		t.Logf("%d MiB at the peak", most)
	}
	p.isFine()
}

// watchHeap looks at the heap until the function that it gives is called, which
// tells the most that it has seen, in MiB.
func watchHeap(t *testing.T) func() int {
	ctx, stop := context.WithCancel(t.Context())
	seen := make(chan int)
	go func() {
		most := 0
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, int(m.HeapInuse>>20))
			select {
			case <-tick.C:
			case <-ctx.Done():
				seen <- most
				return
			}
		}
	}()
	return func() int {
		stop()
		return <-seen
	}
}
