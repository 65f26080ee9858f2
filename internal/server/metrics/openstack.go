package metrics

import "github.com/prometheus/client_golang/prometheus"

// Tokens is how tokens were judged.
type Tokens struct {
	Cached, Valid, Invalid, Failed uint64 // by what became of it; Cached without asking Keystone
	Fault                          error  // why Keystone could not be asked the last time; nil: it could
}

// Cloud is how a Neutron is followed.
type Cloud struct {
	Fault    error  // why it could not be asked the last time; nil: it could
	BusFault error  // why there is no RabbitMQ; nil: there is
	Messages uint64 // of RabbitMQ that were read
	Repaired uint64 // networks that were found not to be as messages had told
}

// openStack reads what has to do with OpenStack's services when it is asked.
type openStack struct {
	cfg                                              Config
	tokens, keystone, neutron, bus, messages, repair *prometheus.Desc
}

func newOpenStack(cfg Config) *openStack {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(prefix+name, help, labels, nil)
	}
	return &openStack{
		cfg:      cfg,
		tokens:   desc("tokens_total", "Tokens by how they were judged: cached, without asking Keystone; valid, invalid; failed, where it could not be asked.", "result"),
		keystone: desc("keystone_up", "1 while Keystone answers; 0 where it could not be asked the last time."),
		neutron:  desc("neutron_up", "1 while Neutron answers; 0 where it could not be asked the last time."),
		bus:      desc("rabbitmq_up", "1 while there is a connection to Neutron's RabbitMQ."),
		messages: desc("rabbitmq_messages_total", "Messages of Neutron and its agents that were read."),
		repair:   desc("cloud_repairs_total", "Networks that a comparison with Neutron has found not to be as messages had told."),
	}
}

// Describe implements prometheus.Collector.
func (o *openStack) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{o.tokens, o.keystone, o.neutron, o.bus, o.messages, o.repair} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (o *openStack) Collect(out chan<- prometheus.Metric) {
	if o.cfg.Tokens != nil {
		t := o.cfg.Tokens()
		for result, n := range map[string]uint64{"cached": t.Cached, "valid": t.Valid, "invalid": t.Invalid, "failed": t.Failed} {
			counter(out, o.tokens, float64(n), result)
		}
		gauge(out, o.keystone, truth(t.Fault == nil))
	}
	if o.cfg.Cloud != nil {
		c := o.cfg.Cloud()
		gauge(out, o.neutron, truth(c.Fault == nil))
		gauge(out, o.bus, truth(c.BusFault == nil))
		counter(out, o.messages, float64(c.Messages))
		counter(out, o.repair, float64(c.Repaired))
	}
}
