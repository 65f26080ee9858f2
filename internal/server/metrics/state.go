package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// state reads the server and its database when it is asked.
type state struct {
	cfg Config

	leader, term, terms                                     *prometheus.Desc
	planned, revision, networks, failing, retries, switches *prometheus.Desc
	up, objects, connections                                *prometheus.Desc
	open, inUse, most, waits, waited, again                 *prometheus.Desc
}

func newState(cfg Config) *state {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(prefix+name, help, labels, nil)
	}
	return &state{
		cfg:      cfg,
		leader:   desc("leader", "1 while this server plans; of several on one database one does."),
		term:     desc("leader_epoch", "Epoch of its lease while it does."),
		terms:    desc("leader_terms_total", "Times that this server has become the leader of several."),
		planned:  desc("planned", "1 once every network has been planned in this run."),
		revision: desc("plan_revision", "Revision of the plan; it grows with each change and begins anew with each run."),
		networks: desc("networks", "Networks with connections that are planned."),
		failing:  desc("failing_tasks", "Pieces of the server's work that have failed and are tried again."),
		retries:  desc("retries_total", "Times that failed work was tried again."),
		switches: desc("switch_database_in_use", "1 while the agent can use a switch's database.", "database"),

		up:          desc("database_up", "1 while the server's database answers; without it, what is counted there is not shown."),
		objects:     desc("objects", "Objects that exist, by kind.", "kind"),
		connections: desc("connections", "Connections by kind and status.", "kind", "status"),

		open:   desc("database_connections_open", "Connections to the server's database."),
		inUse:  desc("database_connections_in_use", "Those in use."),
		most:   desc("database_connections_max", "The most there may be."),
		waits:  desc("database_connection_waits_total", "Times that work waited for a connection."),
		waited: desc("database_connection_wait_seconds_total", "Time that it waited."),
		again:  desc("database_retries_total", "Transactions begun anew, because they gave way to others or lost their connection."),
	}
}

// Describe implements prometheus.Collector.
func (s *state) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		s.leader, s.term, s.terms,
		s.planned, s.revision, s.networks, s.failing, s.retries, s.switches,
		s.up, s.objects, s.connections,
		s.open, s.inUse, s.most, s.waits, s.waited, s.again,
	} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (s *state) Collect(out chan<- prometheus.Metric) {
	s.collectCore(out)
	s.collectPool(out)
	s.collectCounts(out)
}

func (s *state) collectCore(out chan<- prometheus.Metric) {
	core := s.cfg.Core()
	gauge(out, s.leader, truth(core.Leads))
	gauge(out, s.term, float64(core.Term))
	counter(out, s.terms, float64(core.Terms))
	gauge(out, s.planned, truth(core.Planned))
	gauge(out, s.revision, float64(core.Revision))
	gauge(out, s.networks, float64(core.Networks))
	gauge(out, s.failing, float64(core.Failing))
	counter(out, s.retries, float64(core.Retries))
	for address, fault := range core.Databases {
		gauge(out, s.switches, truth(fault == ""), address)
	}
}

func (s *state) collectPool(out chan<- prometheus.Metric) {
	pool := s.cfg.Store.Stats()
	gauge(out, s.open, float64(pool.OpenConnections))
	gauge(out, s.inUse, float64(pool.InUse))
	gauge(out, s.most, float64(pool.MaxOpenConnections))
	counter(out, s.waits, float64(pool.WaitCount))
	counter(out, s.waited, pool.WaitDuration.Seconds())
	counter(out, s.again, float64(s.cfg.Store.Retries()))
}

// countWithin leaves time for the rest of a scrape.
const countWithin = 5 * time.Second

func (s *state) collectCounts(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), countWithin)
	defer cancel()
	objects, connections, err := s.cfg.Store.Counts(ctx)
	gauge(out, s.up, truth(err == nil))
	if err != nil {
		return
	}
	for kind, n := range objects {
		gauge(out, s.objects, float64(n), kind)
	}
	for kind, statuses := range connections {
		for status, n := range statuses {
			gauge(out, s.connections, float64(n), kind, status)
		}
	}
}

func gauge(out chan<- prometheus.Metric, d *prometheus.Desc, v float64, labels ...string) {
	out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func counter(out chan<- prometheus.Metric, d *prometheus.Desc, v float64, labels ...string) {
	out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
