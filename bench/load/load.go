// Package load sends requests by several clients at once and takes the time of
// each. The clients are the same whatever server answers.
package load

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"landbridge/bench/measure"
)

// within bounds one request; one that takes longer has failed.
const within = time.Minute

// Request is one request. See is told the body of the answer, after the time
// was taken, by several clients at once; nil: nobody looks at it. Its error
// fails the request.
type Request struct {
	Method, Path string
	Body         []byte // JSON; nil: none
	See          func(body []byte) error
}

// Result is what came of some requests.
type Result struct {
	Sample measure.Sample // of those that succeeded
	Took   time.Duration  // all of them together
	Failed int
	First  error // of those that failed
}

// Rate is how many requests succeeded in a second.
func (r Result) Rate() float64 { return measure.PerSecond(len(r.Sample), r.Took) }

// And joins two results, of one time after the other.
func (r Result) And(o Result) Result {
	joined := Result{Sample: append(r.Sample[:len(r.Sample):len(r.Sample)], o.Sample...), Took: r.Took + o.Took, Failed: r.Failed + o.Failed, First: r.First}
	if joined.First == nil {
		joined.First = o.First
	}
	return joined
}

// Server is where requests go.
type Server struct {
	URL string // "http://127.0.0.1:9696"
	// Dial opens connections; nil: as usual.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Client sends requests to one server, over one connection that stays open.
type Client struct {
	base string
	http *http.Client
	body bytes.Buffer
}

// NewClient makes a client of a server.
func NewClient(s Server) *Client {
	return &Client{base: s.URL, http: &http.Client{Timeout: within, Transport: &http.Transport{
		DialContext: s.Dial, MaxIdleConnsPerHost: 1, DisableCompression: true,
	}}}
}

// Close closes the connection.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Do sends a request and tells how long it took until the answer was read. An
// answer that refuses is an error.
func (c *Client) Do(ctx context.Context, r Request) (time.Duration, error) {
	began := time.Now()
	request, err := http.NewRequestWithContext(ctx, r.Method, c.base+r.Path, bytes.NewReader(r.Body))
	if err != nil {
		return 0, err
	}
	if r.Body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = answer.Body.Close() }()
	c.body.Reset()
	if _, err := io.Copy(&c.body, answer.Body); err != nil {
		return 0, fmt.Errorf("%s %s: read the answer: %w", r.Method, r.Path, err)
	}
	took := time.Since(began)
	if answer.StatusCode >= http.StatusBadRequest {
		return 0, fmt.Errorf("%s %s: %s: %s", r.Method, r.Path, answer.Status, c.body.Bytes())
	}
	if r.See != nil {
		err = r.See(c.body.Bytes())
	}
	return took, err
}

// Source gives the next request; not ok: there are no more. It is asked by one
// client at a time.
type Source func() (r Request, ok bool)

// Run sends the requests of a source by so many clients, each its next as soon
// as it has the answer to the one before.
func Run(ctx context.Context, s Server, clients int, source Source) Result {
	var mu sync.Mutex
	next := func() (Request, bool) {
		mu.Lock()
		defer mu.Unlock()
		return source()
	}
	results := make([]Result, clients)
	var all sync.WaitGroup
	began := time.Now()
	for i := range results {
		all.Go(func() { results[i] = NewClient(s).run(ctx, next) })
	}
	all.Wait()
	took := time.Since(began)
	var sum Result
	for _, r := range results {
		sum = sum.And(r)
	}
	sum.Took = took
	return sum
}

func (c *Client) run(ctx context.Context, next Source) (out Result) {
	defer c.Close()
	for ctx.Err() == nil {
		r, ok := next()
		if !ok {
			break
		}
		took, err := c.Do(ctx, r)
		if err == nil {
			out.Sample = append(out.Sample, took)
			continue
		}
		if out.Failed++; out.First == nil {
			out.First = err
		}
	}
	return out
}

// For ends a source some time after its first request.
func For(d time.Duration, source Source) Source {
	var end time.Time
	return func() (Request, bool) {
		if end.IsZero() {
			end = time.Now().Add(d)
		}
		if time.Now().After(end) {
			return Request{}, false
		}
		return source()
	}
}

// Of gives the requests of a list, each once.
func Of(list []Request) Source {
	return func() (r Request, ok bool) {
		if len(list) == 0 {
			return r, false
		}
		r, list = list[0], list[1:]
		return r, true
	}
}
