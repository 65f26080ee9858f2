package vtep

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"landbridge/internal/vtep/datapath"
)

// metrics shows a loop to Prometheus. All is read when it is asked for.
type metrics struct {
	loop *loop

	packets, bytes, drops, notLearned           *prometheus.Desc
	networks, fdb, nextHops, connected, problem *prometheus.Desc
}

func newMetrics(l *loop) *metrics {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("landbridge_vtepd_"+name, help, labels, nil)
	}
	return &metrics{
		loop:       l,
		packets:    desc("tunnel_packets_total", "Frames that came (rx) or left (tx) by a tunnel; flooded ones count for each copy.", "network", "encapsulation", "remote", "vni", "side", "direction"),
		bytes:      desc("tunnel_bytes_total", "Bytes of these frames, from the inner Ethernet header on.", "network", "encapsulation", "remote", "vni", "side", "direction"),
		drops:      desc("drops_total", "Packets dropped, by reason.", "reason"),
		notLearned: desc("not_learned_total", "Frames whose source address found no room in the FDB."),
		networks:   desc("networks", "Networks in the datapath."),
		fdb:        desc("fdb_entries", "MAC addresses known, by where they come from (static or learned).", "network", "kind"),
		nextHops:   desc("next_hops", "Ways between tunnel addresses, by state (resolved, pending or unreachable).", "state"),
		connected:  desc("database_connected", "1 while the database is connected."),
		problem:    desc("problems", "Faults that the database is told of, and 1 more where the datapath is not whole."),
	}
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		m.packets, m.bytes, m.drops, m.notLearned, m.networks, m.fdb, m.nextHops, m.connected, m.problem,
	} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (m *metrics) Collect(out chan<- prometheus.Metric) {
	s, err := m.loop.overview()
	if err == nil {
		err = errors.Join(m.events(out), m.addresses(out, s.Networks))
	}
	if err != nil {
		out <- prometheus.NewInvalidMetric(m.packets, fmt.Errorf("read the datapath: %w", err))
		return
	}
	gauge := func(d *prometheus.Desc, v int, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(v), labels...)
	}
	gauge(m.networks, len(s.Networks))
	gauge(m.connected, count(s.Database.Connected))
	gauge(m.problem, len(s.Faults)+count(s.Datapath != ""))
	for state, n := range hopStates(s.NextHops) {
		gauge(m.nextHops, n, state)
	}
	for _, n := range s.Networks {
		m.tunnels(out, n)
	}
}

// addresses counts the FDB without keeping it.
func (m *metrics) addresses(out chan<- prometheus.Metric, networks []NetworkState) error {
	static, learned := map[string]int{}, map[string]int{}
	err := m.loop.dp.VisitFDB(func(network string, e datapath.Entry) {
		if e.Static {
			static[network]++
		} else {
			learned[network]++
		}
	})
	for _, n := range networks {
		out <- prometheus.MustNewConstMetric(m.fdb, prometheus.GaugeValue, float64(static[n.Name]), n.Name, "static")
		out <- prometheus.MustNewConstMetric(m.fdb, prometheus.GaugeValue, float64(learned[n.Name]), n.Name, "learned")
	}
	return err
}

func (m *metrics) tunnels(out chan<- prometheus.Metric, n NetworkState) {
	for _, t := range n.Tunnels {
		counter := func(d *prometheus.Desc, v uint64, direction string) {
			out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v),
				n.Name, string(t.Encapsulation), remoteOf(t), strconv.FormatUint(uint64(t.VNI), 10), t.Side, direction)
		}
		counter(m.packets, t.RxPackets, "rx")
		counter(m.packets, t.TxPackets, "tx")
		counter(m.bytes, t.RxBytes, "rx")
		counter(m.bytes, t.TxBytes, "tx")
	}
}

// remoteOf says where a tunnel leads; a port is its own end.
func remoteOf(t TunnelState) string {
	if t.Port != "" {
		return t.Port
	}
	return t.Remote.String()
}

// events shows the counters that are of no tunnel.
func (m *metrics) events(out chan<- prometheus.Metric) error {
	c, err := m.loop.dp.Counters()
	if err != nil {
		return err
	}
	for reason, n := range c.Drops {
		out <- prometheus.MustNewConstMetric(m.drops, prometheus.CounterValue, float64(n), string(reason))
	}
	out <- prometheus.MustNewConstMetric(m.notLearned, prometheus.CounterValue, float64(c.NotLearned))
	return nil
}

func hopStates(hops []NextHopState) map[string]int {
	n := map[string]int{"resolved": 0, "pending": 0, "unreachable": 0}
	for _, h := range hops {
		switch {
		case h.Resolved:
			n["resolved"]++
		case h.Pending:
			n["pending"]++
		default:
			n["unreachable"]++
		}
	}
	return n
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// handler answers on the control socket.
func (l *loop) handler() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(newMetrics(l), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /state", l.serveState)
	return mux
}
