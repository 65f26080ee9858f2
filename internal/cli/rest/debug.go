package rest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Debug writes each request and answer to Out, without tokens and passwords.
type Debug struct {
	Next http.RoundTripper
	Out  io.Writer

	mu sync.Mutex
}

// maxDebugBody is how much of a body is shown, in bytes.
const maxDebugBody = 4 << 10

// secret has the headers whose values are not shown.
var secret = []string{"X-Auth-Token", "X-Subject-Token", "X-Service-Token", "Authorization", "Cookie", "Set-Cookie"}

// RoundTrip implements http.RoundTripper.
func (d *Debug) RoundTrip(r *http.Request) (*http.Response, error) {
	var sent []byte
	if r.Body != nil && r.Body != http.NoBody {
		var err error
		if sent, err = drain(&r.Body); err != nil {
			return nil, err
		}
	}
	start := time.Now()
	d.show("> ", fmt.Sprintf("%s %s", r.Method, r.URL.Redacted()), r.Header, d.body(r, sent))
	answer, err := d.Next.RoundTrip(r)
	if err != nil {
		d.show("< ", "no answer: "+err.Error(), nil, nil)
		return nil, err
	}
	got, err := drain(&answer.Body)
	if err != nil {
		d.show("< ", "answer broken off: "+err.Error(), nil, nil)
		return nil, err
	}
	d.show("< ", fmt.Sprintf("%s, %v", answer.Status, time.Since(start).Round(time.Millisecond)), answer.Header, d.body(r, got))
	return answer, nil
}

// drain reads a body whole and leaves another in its place.
func drain(body *io.ReadCloser) ([]byte, error) {
	text, err := io.ReadAll(*body)
	_ = (*body).Close()
	*body = io.NopCloser(bytes.NewReader(text))
	return text, err
}

// body is what may be shown: nothing of what is exchanged for a token.
func (d *Debug) body(r *http.Request, text []byte) []byte {
	switch {
	case strings.HasSuffix(r.URL.Path, "/tokens") && len(text) > 0:
		return []byte("(credentials, not shown)")
	case len(text) > maxDebugBody:
		return fmt.Appendf(slices.Clip(text[:maxDebugBody]), "… (%d bytes)", len(text))
	}
	return text
}

func (d *Debug) show(mark, first string, h http.Header, body []byte) {
	lines := []string{first}
	for name, values := range h {
		value := strings.Join(values, ", ")
		if slices.Contains(secret, name) {
			value = "(not shown)"
		}
		lines = append(lines, name+": "+value)
	}
	slices.Sort(lines[1:])
	if len(body) > 0 {
		lines = append(lines, string(body))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	_, _ = fmt.Fprintln(d.Out, mark+strings.Join(lines, "\n"+mark)) // nobody else can be told
}
