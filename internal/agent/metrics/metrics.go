// Package metrics shows a landbridge-agent to those who watch it: to Prometheus,
// and to whoever asks whether it lives and is ready.
package metrics

import (
	"encoding/json"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"landbridge/internal/rpc/bus"
)

const prefix = "landbridge_agent_"

// New serves /metrics, /healthz and /readyz.
func New(read func() bus.Stats) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		newCollector(read), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 8}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		write(w, http.StatusOK, map[string]string{"status": "alive"})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if why := missing(read()); why != "" {
			write(w, http.StatusServiceUnavailable, map[string]string{"status": "not ready", "reason": why})
			return
		}
		write(w, http.StatusOK, map[string]string{"status": "ready"})
	})
	return mux
}

// missing is why an agent cannot serve, "" where it can.
func missing(s bus.Stats) string {
	switch {
	case s.Bus != nil:
		return s.Bus.Error()
	case s.Fault != "":
		return "the leader of the servers is not heard of: " + s.Fault
	case s.Term == 0:
		return "the leader of the servers has not been heard of yet"
	}
	return ""
}

func write(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // the client may be gone
}

// collector reads the agent when it is asked.
type collector struct {
	read                                       func() bus.Stats
	up, hears, term, epoch, sent, came, failed *prometheus.Desc
}

func newCollector(read func() bus.Stats) *collector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(prefix+name, help, labels, nil)
	}
	return &collector{
		read:   read,
		up:     desc("control_up", "1 while RabbitMQ can be reached."),
		hears:  desc("leader_heard", "1 while the leader of the servers answers."),
		term:   desc("leader_epoch", "Epoch of the leader that the agent follows."),
		epoch:  desc("assignment_epoch", "Epoch of the assignment of each database that the agent serves.", "database"),
		sent:   desc("messages_sent_total", "Messages that RabbitMQ has taken."),
		came:   desc("notices_total", "Messages that came from the servers, answers not among them."),
		failed: desc("calls_failed_total", "Calls of the leader without an answer, or with an error."),
	}
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.up, c.hears, c.term, c.epoch, c.sent, c.came, c.failed} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	s := c.read()
	show := func(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, kind, v, labels...)
	}
	show(c.up, prometheus.GaugeValue, truth(s.Bus == nil))
	show(c.hears, prometheus.GaugeValue, truth(s.Fault == "" && s.Term > 0))
	show(c.term, prometheus.GaugeValue, float64(s.Term))
	for db, epoch := range s.Serves {
		show(c.epoch, prometheus.GaugeValue, float64(epoch), db)
	}
	show(c.sent, prometheus.CounterValue, float64(s.Calls.Published))
	show(c.came, prometheus.CounterValue, float64(s.Notices.Received))
	show(c.failed, prometheus.CounterValue, float64(s.Calls.Failed))
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
