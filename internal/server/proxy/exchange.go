package proxy

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"strings"
	"time"

	"landbridge/internal/server/httpd"
)

// exchange is one request to Neutron and its answer.
type exchange struct {
	*Proxy
	w     *httpd.Recorder
	in    *http.Request
	body  *clientBody
	watch *watch
	joint joint // what both answer; nil: passed as it is
}

// exchange passes a request to Neutron and the answer back.
func (p *Proxy) exchange(w http.ResponseWriter, r *http.Request, j joint) {
	began := time.Now()
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	x := &exchange{Proxy: p, w: &httpd.Recorder{ResponseWriter: w}, joint: j}
	x.watch = newWatch(p.cfg.Timeout, cancel)
	defer x.watch.stop()
	x.in = r.WithContext(ctx)
	x.body = newClientBody(w, r.Body, x.watch)
	defer x.body.end()
	x.in.Body = x.body
	defer func() { x.log(time.Since(began)) }()
	if p.passedBefore(r) {
		x.answer(http.StatusLoopDetected, "The request has come back from %s: this server is Neutron's URL of itself.", p.cfg.URL)
		return
	}
	if x.joint != nil && !x.joint.begin(x) {
		return
	}
	out := newPatientWriter(x.w)
	defer out.expect()
	x.reverse().ServeHTTP(out, x.in)
}

func (x *exchange) reverse() *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Rewrite:        x.rewrite,
		ModifyResponse: x.modify,
		ErrorHandler:   x.fail,
		Transport:      x.transport,
		FlushInterval:  -1, // at once
		BufferPool:     &x.buffers,
		ErrorLog:       slog.NewLogLogger(x.cfg.Logger.Handler(), slog.LevelDebug),
	}
}

// rewrite leaves the request as it is, but for where it goes and what concerns
// a single connection. Host stays: Neutron makes links of it, which have to
// lead back here.
func (x *exchange) rewrite(pr *httputil.ProxyRequest) {
	out := pr.Out
	out.URL.Scheme, out.URL.Host = x.cfg.URL.Scheme, x.cfg.URL.Host
	x.addPrefix(out)
	out.URL.RawQuery, out.URL.ForceQuery = pr.In.URL.RawQuery, pr.In.URL.ForceQuery
	out.Host = pr.In.Host
	out.Header.Del("Connection")
	out.Header.Del("Upgrade") // a tunnel would have no limits
	out.Header.Add("Via", "1.1 "+x.name)
	forwarded(pr)
	if x.joint != nil {
		x.joint.ask(out)
	}
}

// addPrefix puts the path of Neutron's URL in front, except where Neutron's own
// links have put it there.
func (x *exchange) addPrefix(out *http.Request) {
	escaped := out.URL.EscapedPath()
	if x.prefix == "" || strings.HasPrefix(escaped, x.prefix+"/") {
		return
	}
	out.URL.Path = strings.TrimRight(x.cfg.URL.Path, "/") + out.URL.Path
	out.URL.RawPath = x.prefix + escaped
}

// forwarded names the client, and leaves what proxies in front have said.
func forwarded(pr *httputil.ProxyRequest) {
	given := pr.In.Header
	for _, name := range []string{"Forwarded", "X-Forwarded-For"} {
		if values := given.Values(name); len(values) > 0 {
			pr.Out.Header[name] = append([]string(nil), values...)
		}
	}
	pr.SetXForwarded()
	for _, name := range []string{"X-Forwarded-Host", "X-Forwarded-Proto"} {
		if values := given.Values(name); len(values) > 0 {
			pr.Out.Header[name] = append([]string(nil), values...)
		}
	}
}

// modify sees the answer before it is passed on.
func (x *exchange) modify(res *http.Response) error {
	x.watch.sign()
	res.Body = struct {
		io.Reader
		io.Closer
	}{watched{res.Body, x.watch}, res.Body}
	if x.joint != nil {
		return x.joint.join(x, res)
	}
	return nil
}

// passedBefore tells whether a request has been here already.
func (p *Proxy) passedBefore(r *http.Request) bool {
	for _, via := range r.Header.Values("Via") {
		if strings.Contains(via, p.name) {
			return true
		}
	}
	return false
}

// log writes the access log, under the id that the answer has.
func (x *exchange) log(took time.Duration) {
	x.cfg.Logger.InfoContext(x.in.Context(), "request",
		"request_id", x.w.Header().Get(requestID), "remote", x.in.RemoteAddr, "method", x.in.Method,
		"uri", shorten(x.in.URL.RequestURI()), "status", x.w.Status, "bytes", x.w.Bytes, "took", took, "neutron", true)
}

const longestURI = 1000

func shorten(text string) string {
	if len(text) <= longestURI {
		return text
	}
	return text[:longestURI] + "…"
}
