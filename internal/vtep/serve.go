package vtep

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"landbridge/internal/ethernet"
)

// handler answers on the control socket.
func (l *loop) handler() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(newMetrics(l), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /state", l.serveState)
	mux.HandleFunc("GET /trace", l.serveTrace)
	mux.HandleFunc("GET /capture", l.serveCapture)
	mux.HandleFunc("POST /thaw", l.serveThaw)
	return mux
}

// macOf reads a MAC of the query; the zero one where there is none.
func macOf(r *http.Request) (mac ethernet.MAC, err error) {
	if v := r.FormValue("mac"); v != "" {
		mac, err = ethernet.ParseMAC(v)
	}
	return mac, err
}

// serveState answers /state, of one network or MAC where the query has one.
func (l *loop) serveState(w http.ResponseWriter, r *http.Request) {
	mac, err := macOf(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s, err := l.state(Filter{Network: r.FormValue("network"), MAC: mac})
	answer(w, s, err)
}

// serveThaw answers /thaw with the names of the networks where the MAC was frozen.
func (l *loop) serveThaw(w http.ResponseWriter, r *http.Request) {
	mac, err := macOf(r)
	if err == nil && mac.IsZero() {
		err = fmt.Errorf("mac is not set: give the address to thaw")
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	names, err := l.thaw(mac)
	answer(w, append([]string{}, names...), err)
}

func answer(w http.ResponseWriter, v any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	_ = e.Encode(v) // fails where the reader has gone
}
