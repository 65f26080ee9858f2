package metrics

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"landbridge/internal/server/httpd"
)

// requests counts what clients ask.
type requests struct {
	total    *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inFlight prometheus.Gauge
}

// latencies are the bounds of the buckets, in seconds: from a read of one
// object to what a proxied request may take.
var latencies = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300}

func newRequests() *requests {
	return &requests{
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: prefix + "http_requests_total", Help: "Requests answered, by route, method and status code (499: the client has not waited).",
		}, []string{"route", "method", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: prefix + "http_request_duration_seconds", Help: "Time from the header of a request to the end of its answer.", Buckets: latencies,
		}, []string{"route", "method"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: prefix + "http_requests_in_flight", Help: "Requests being answered.",
		}),
	}
}

// noRoute is the route of paths that there are not.
const noRoute = "none"

// Observe counts the requests that next answers. route gives the pattern of a
// request's path, "" for none: never the path itself, of which clients can make
// up as many as they like.
func (m *Metrics) Observe(next http.Handler, route func(*http.Request) string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		answer := &httpd.Recorder{ResponseWriter: w}
		path, method := named(route(r)), known(r.Method)
		m.requests.inFlight.Inc()
		defer func() {
			m.requests.inFlight.Dec()
			m.requests.total.WithLabelValues(path, method, code(answer.Status)).Inc()
			m.requests.duration.WithLabelValues(path, method).Observe(time.Since(began).Seconds())
		}()
		next.ServeHTTP(answer, r)
	})
}

func named(route string) string {
	if route == "" {
		return noRoute
	}
	return route
}

// known keeps clients from making up methods.
func known(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// code of an answer; what is cut off before it begins has none.
func code(status int) string {
	if status == 0 {
		return "none"
	}
	return strconv.Itoa(status)
}
