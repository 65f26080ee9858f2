package proxy

import (
	"bytes"
	"io"
	"net/http"
	"strings"
)

// The quotas of Neutron: a project has one object of limits, in which both APIs
// have members. Which of them are ours is what we show.
const (
	quotasPath   = "/v2.0/quotas"
	quotaMember  = "quota"
	quotasMember = "quotas"
	// anyDefaults has the limits that projects have by default, as that of any
	// project.
	anyDefaults = "/default/default"
)

// quota is a request for the limits of a project, or of all.
type quota struct {
	path   string
	method string
	// theirs and own are the parts of the body of a PUT; nil: there is none.
	theirs, own []byte
}

// quota gives what both answer below quotasPath; nil: Neutron alone does.
func (p *Proxy) quota(r *http.Request) *quota {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, quotasPath), "/")[1:]
	reads := r.Method == http.MethodGet
	writes := r.Method == http.MethodPut || r.Method == http.MethodDelete
	q := &quota{path: r.URL.Path, method: r.Method}
	switch {
	case !p.has(r, r.URL.Path):
	case len(parts) == 0 && reads:
		return q
	case len(parts) == 1 && (parts[0] == "project" || parts[0] == "tenant"):
	case len(parts) == 1 && (reads || writes):
		return q
	case len(parts) == 2 && reads:
		return q
	}
	return nil
}

// begin has ours judge a change before Neutron makes its part of it.
func (q *quota) begin(x *exchange) bool {
	if q.method == http.MethodPut && !q.take(x) {
		return false
	}
	changes := q.method == http.MethodDelete || q.own != nil
	if !changes || x.cfg.Rehearse == nil {
		return true
	}
	answer := x.ours(x.cfg.Rehearse(x.in.Context()), q.method, q.path, q.own)
	if answer.status/100 != 2 {
		x.tell(answer)
		return false
	}
	return true
}

// ask gives Neutron its part. Where it has nothing to change, it is asked what
// there is.
func (q *quota) ask(out *http.Request) {
	wholeAnswer(out, q.method)
	if q.method != http.MethodPut {
		return
	}
	out.TransferEncoding = nil
	if q.theirs == nil {
		out.Method, out.Body, out.ContentLength = http.MethodGet, nil, 0
		out.Header.Del("Content-Type")
		out.Header.Del("Expect")
		return
	}
	out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(q.theirs)), int64(len(q.theirs))
}

// join adds our part. Neutron's is done, if it is a change: what we refuse now
// is told, and done by asking for it again.
func (q *quota) join(x *exchange, res *http.Response) error {
	if q.method == http.MethodDelete {
		return q.joinDeleted(x, res)
	}
	if res.StatusCode != http.StatusOK {
		return nil
	}
	theirs, err := readAnswer(res)
	if err != nil {
		return err
	}
	method := http.MethodGet
	if q.own != nil {
		method = http.MethodPut
	}
	answer := x.ours(x.in.Context(), method, q.path, q.own)
	if answer.status != http.StatusOK {
		return x.half(q.own != nil && q.theirs != nil, answer)
	}
	merged, err := q.merge(x, res, answer.body.Bytes(), theirs)
	if err == nil {
		replaceAnswer(res, merged)
	}
	return err
}

// joinDeleted deletes ours too. A project has limits of its own where it has
// some at either of us.
func (q *quota) joinDeleted(x *exchange, res *http.Response) error {
	if res.StatusCode != http.StatusNoContent && res.StatusCode != http.StatusNotFound {
		return nil
	}
	answer := x.ours(x.in.Context(), http.MethodDelete, q.path, nil)
	switch {
	case answer.status == http.StatusNotFound:
	case answer.status != http.StatusNoContent:
		return x.half(res.StatusCode == http.StatusNoContent, answer)
	case res.StatusCode == http.StatusNotFound:
		_ = res.Body.Close()
		replaceAnswer(res, nil)
		res.Header.Del("Content-Type")
		res.StatusCode, res.Status = http.StatusNoContent, ""
	}
	return nil
}

// half is our refusal of our part of a request; done says that Neutron has
// changed something already, which only the log can tell.
func (x *exchange) half(done bool, answer *captured) error {
	if done {
		x.cfg.Logger.WarnContext(x.in.Context(), "Neutron has done its part of a change of a quota, this server has not; the same request again does it",
			"request_id", answer.header.Get(requestID), "method", x.in.Method, "path", shorten(x.in.URL.Path), "status", answer.status)
	}
	return &refusalError{answer}
}
