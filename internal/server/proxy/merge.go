package proxy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// document is a list that both APIs have.
type document struct {
	list string // the member that holds it
	key  string // what tells its entries apart
}

const extensionsPath = "/v2.0/extensions"

// documents has the merged lists by path.
var documents = map[string]*document{
	"/v2.0":        {"resources", "collection"},
	"/v2.0/":       {"resources", "collection"},
	extensionsPath: {"extensions", "alias"},
}

// forDocument asks for the whole list, plain.
func forDocument(out *http.Request) {
	out.Method = http.MethodGet
	for _, name := range []string{"Accept-Encoding", "Range", "If-None-Match", "If-Modified-Since"} {
		out.Header.Del(name)
	}
}

// unclearError is an answer of Neutron that is no list.
type unclearError struct{ reason string }

func (e *unclearError) Error() string { return e.reason }

// mostList bounds Neutron's list, in bytes.
const mostList = 8 << 20

// merge puts our entries into Neutron's answer.
func (x *exchange) merge(res *http.Response) error {
	theirs, err := io.ReadAll(io.LimitReader(res.Body, mostList+1))
	_ = res.Body.Close()
	if err != nil {
		return err
	}
	if len(theirs) > mostList {
		return &unclearError{fmt.Sprintf("the list is longer than %d bytes", mostList)}
	}
	merged, err := x.doc.merge(x.ownDocument(x.in).body.Bytes(), theirs)
	if err != nil {
		return err
	}
	res.Body = io.NopCloser(bytes.NewReader(merged))
	res.ContentLength = int64(len(merged))
	res.Header.Set("Content-Length", strconv.Itoa(len(merged)))
	res.TransferEncoding, res.Trailer = nil, nil
	for _, name := range []string{"ETag", "Content-MD5", "Digest"} { // of what it was
		res.Header.Del(name)
	}
	return nil
}

// merge gives Neutron's document with ours in it. Entries of theirs stay in
// their order and as they are, but for those that we have too.
func (d *document) merge(ours, theirs []byte) ([]byte, error) {
	_, own, err := d.entries(ours)
	if err != nil {
		return nil, fmt.Errorf("our own list: %w", err)
	}
	whole, all, err := d.entries(theirs)
	if err != nil {
		return nil, &unclearError{err.Error()}
	}
	var merged []json.RawMessage
	have := map[string]bool{}
	for _, e := range own {
		have[e.key] = true
	}
	for _, e := range all {
		if !have[e.key] {
			merged = append(merged, e.text)
		}
	}
	for _, e := range own {
		merged = append(merged, e.text)
	}
	if whole[d.list], err = plain(merged); err != nil {
		return nil, err
	}
	return plain(whole)
}

// entry is one of a list.
type entry struct {
	key  string
	text json.RawMessage
}

// entries takes a document apart.
func (d *document) entries(text []byte) (whole map[string]json.RawMessage, all []entry, err error) {
	if err := json.Unmarshal(text, &whole); err != nil {
		return nil, nil, err
	}
	var list []json.RawMessage
	if err := json.Unmarshal(whole[d.list], &list); err != nil {
		return nil, nil, fmt.Errorf("member %s: %w", d.list, err)
	}
	for _, text := range list {
		var members map[string]json.RawMessage
		if err := json.Unmarshal(text, &members); err != nil {
			return nil, nil, fmt.Errorf("an entry of %s: %w", d.list, err)
		}
		e := entry{text: text}
		if raw, ok := members[d.key]; ok {
			if err := json.Unmarshal(raw, &e.key); err != nil {
				return nil, nil, fmt.Errorf("%s of an entry of %s: %w", d.key, d.list, err)
			}
		}
		all = append(all, e)
	}
	return whole, all, nil
}

// plain writes JSON without escapes for HTML.
func plain(v any) (json.RawMessage, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return bytes.TrimSpace(text.Bytes()), err
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

// ownDocument is our answer to a GET of the request's path.
func (p *Proxy) ownDocument(r *http.Request) *captured {
	u := *r.URL
	u.RawQuery = ""
	c := &captured{header: http.Header{}, status: http.StatusOK}
	p.cfg.Documents.ServeHTTP(c, (&http.Request{
		Method: http.MethodGet, URL: &u, Host: r.Host, TLS: r.TLS, Header: http.Header{}, Body: http.NoBody,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(r.Context()))
	return c
}
