package metrics

import "github.com/prometheus/client_golang/prometheus"

// Fleet is what a server says of agents of their own. What is of the leader
// alone is empty elsewhere.
type Fleet struct {
	Fault  error             // why there is no RabbitMQ; nil: there is
	Alive  map[string]bool   // of the leader: the agents by host
	Away   map[string]int    // of the leader: databases that an agent cannot reach, by host
	Serves map[string]string // of the leader: the hosts of agents by database
	Epochs map[string]uint64 // of the leader: those of assignments by database
	// What agents have asked for and were told; Moves is how often a database got
	// another agent.
	Moves, Beats, Plans, Reports, Casts uint64
}

// fleet reads the fleet when it is asked.
type fleet struct {
	read                                        func() Fleet // nil: there is none
	up, alive, away, epoch, moves, calls, casts *prometheus.Desc
}

func newFleet(read func() Fleet) *fleet {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(prefix+name, help, labels, nil)
	}
	return &fleet{
		read:  read,
		up:    desc("control_up", "1 while the RabbitMQ of servers and agents can be reached."),
		alive: desc("agent_alive", "1 while an agent is heard of; shown by the leader.", "host"),
		away:  desc("agent_unreachable_databases", "Databases of switches that an agent cannot reach, whether it serves them or not; shown by the leader.", "host"),
		epoch: desc("assignment_epoch", "Epoch of the assignment of a database to an agent; shown by the leader.", "database", "host"),
		moves: desc("assignments_total", "Times that a database got another agent."),
		calls: desc("agent_calls_total", "Calls of agents, by method.", "method"),
		casts: desc("agent_casts_total", "Messages that agents were sent."),
	}
}

// Describe implements prometheus.Collector.
func (f *fleet) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{f.up, f.alive, f.away, f.epoch, f.moves, f.calls, f.casts} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (f *fleet) Collect(out chan<- prometheus.Metric) {
	if f.read == nil {
		return
	}
	now := f.read()
	gauge(out, f.up, truth(now.Fault == nil))
	for host, alive := range now.Alive {
		gauge(out, f.alive, truth(alive), host)
	}
	for host, n := range now.Away {
		gauge(out, f.away, float64(n), host)
	}
	for db, n := range now.Epochs {
		gauge(out, f.epoch, float64(n), db, now.Serves[db])
	}
	counter(out, f.moves, float64(now.Moves))
	counter(out, f.calls, float64(now.Beats), "report_state")
	counter(out, f.calls, float64(now.Plans), "plan")
	counter(out, f.calls, float64(now.Reports), "report")
	counter(out, f.casts, float64(now.Casts))
}
