package proxy

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// joint is a request that both APIs answer, Neutron first.
type joint interface {
	// begin looks at the request before Neutron is asked; false: it has answered.
	begin(x *exchange) bool
	// ask makes Neutron's part of the request.
	ask(out *http.Request)
	// join makes one answer of Neutron's and ours.
	join(x *exchange, res *http.Response) error
}

// wholeAnswer asks for an answer that can be read: all of it, and plain.
func wholeAnswer(out *http.Request, method string) {
	out.Method = method
	for _, name := range []string{"Accept-Encoding", "Range", "If-None-Match", "If-Modified-Since"} {
		out.Header.Del(name)
	}
}

// unclearError is an answer of Neutron that is not what it should be.
type unclearError struct{ reason string }

func (e *unclearError) Error() string { return e.reason }

// mostAnswer bounds what is read of Neutron's answers, in bytes.
const mostAnswer = 8 << 20

// readAnswer reads Neutron's answer.
func readAnswer(res *http.Response) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(res.Body, mostAnswer+1))
	_ = res.Body.Close()
	if err == nil && len(text) > mostAnswer {
		err = &unclearError{fmt.Sprintf("it is longer than %d bytes", mostAnswer)}
	}
	return text, err
}

// replaceAnswer puts another body into Neutron's answer.
func replaceAnswer(res *http.Response, text []byte) {
	res.Body = io.NopCloser(bytes.NewReader(text))
	res.ContentLength = int64(len(text))
	res.Header.Set("Content-Length", strconv.Itoa(len(text)))
	res.TransferEncoding, res.Trailer = nil, nil
	for _, name := range []string{"ETag", "Content-MD5", "Digest"} { // of what it was
		res.Header.Del(name)
	}
}

// captured is an answer in memory.
type captured struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (c *captured) Header() http.Header { return c.header }

// WriteHeader implements http.ResponseWriter.
func (c *captured) WriteHeader(status int) { c.status = status }

// Write implements io.Writer.
func (c *captured) Write(b []byte) (int, error) { return c.body.Write(b) }

// ownDocument is our answer to a GET of a path, whoever asks.
func (p *Proxy) ownDocument(r *http.Request, path string) *captured {
	return capture(r.Context(), p.cfg.Documents, r, http.MethodGet, path, "", http.Header{}, nil)
}

// ours is our answer to the client of an exchange, as if it had asked for this.
// Neutron is not silent meanwhile.
func (x *exchange) ours(ctx context.Context, method, path string, body []byte) *captured {
	return x.oursWith(ctx, method, path, "", body)
}

// oursWith is ours with a query.
func (x *exchange) oursWith(ctx context.Context, method, path, query string, body []byte) *captured {
	x.watch.stop()
	defer x.watch.sign()
	header := x.in.Header.Clone()
	for _, name := range []string{"Content-Length", "Expect", "If-Match"} { // of another body
		header.Del(name)
	}
	return capture(ctx, x.cfg.Ours, x.in, method, path, query, header, body)
}

func capture(
	ctx context.Context, h http.Handler, like *http.Request, method, path, query string, header http.Header, body []byte,
) *captured {
	u := *like.URL
	u.Path, u.RawPath, u.RawQuery = path, "", query
	c := &captured{header: http.Header{}, status: http.StatusOK}
	h.ServeHTTP(c, (&http.Request{
		Method: method, URL: &u, Host: like.Host, TLS: like.TLS, RemoteAddr: like.RemoteAddr, RequestURI: u.RequestURI(),
		Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(ctx))
	return c
}

// refusalError is an answer of ours that is no success.
type refusalError struct{ answer *captured }

func (e *refusalError) Error() string { return fmt.Sprintf("our own answer is %d", e.answer.status) }

// tell gives the client an answer of ours as it is.
func (x *exchange) tell(answer *captured) {
	h := x.w.Header()
	for name, values := range answer.header {
		h[name] = values
	}
	x.w.WriteHeader(answer.status)
	_, _ = x.w.Write(answer.body.Bytes()) // the client may be gone
}
