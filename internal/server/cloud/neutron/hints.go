package neutron

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"sync"

	"landbridge/internal/ethernet"
	"landbridge/internal/l2gw"
	"landbridge/internal/oslomsg"
)

// hint is where it may be worth asking Neutron again.
type hint struct {
	networks map[string]bool // whole
	ports    map[string]bool
	agents   bool
	all      bool // every network that is of interest
	// begun says that a compute node may have forgotten what we have told it.
	begun bool
}

func (h *hint) empty() bool {
	return len(h.networks) == 0 && len(h.ports) == 0 && !h.agents && !h.all && !h.begun
}

func (h *hint) add(o hint) {
	for id := range o.networks {
		h.networks = set(h.networks, id)
	}
	for id := range o.ports {
		h.ports = set(h.ports, id)
	}
	h.agents, h.all, h.begun = h.agents || o.agents, h.all || o.all, h.begun || o.begun
}

func set(m map[string]bool, id string) map[string]bool {
	if m == nil {
		m = map[string]bool{}
	}
	m[id] = true
	return m
}

// hints gathers hints until somebody takes them.
type hints struct {
	mu   sync.Mutex
	all  hint
	wake chan struct{} // holds one token while there are some
}

func newHints() *hints { return &hints{wake: make(chan struct{}, 1)} }

func (h *hints) put(o hint) {
	if o.empty() {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all.add(o)
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

func (h *hints) take() hint {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := h.all
	h.all = hint{}
	return out
}

// The topics of Neutron that say what has changed.
const (
	topicL2Population = "q-agent-notifier-l2population-update"
	topicTunnelUpdate = "q-agent-notifier-tunnel-update"
	topicTunnelDelete = "q-agent-notifier-tunnel-delete"
)

// versions are those of the objects that Neutron sends, each on a topic of its
// own: "neutron-vo-Port-1.7". Which ones it sends depends on its release and its
// agents'.
const versions = 16

// listens is what a server of RabbitMQ's messages does for hints.
func (h *hints) listens(m *mirror, gateway func(addr string) bool) oslomsg.Service {
	s := oslomsg.Service{
		Topics: []oslomsg.Topic{
			{Name: topicL2Population, Fanout: true}, {Name: topicTunnelUpdate, Fanout: true}, {Name: topicTunnelDelete, Fanout: true},
		},
	}
	for _, kind := range []string{"Port", "Network", "Subnet"} {
		for v := range versions {
			s.Topics = append(s.Topics, oslomsg.Topic{Name: fmt.Sprintf("neutron-vo-%s-1.%d", kind, v), Fanout: true})
		}
	}
	read := func(decode func(json.RawMessage) (hint, error)) oslomsg.Handler {
		return func(_ context.Context, r oslomsg.Request) (any, error) {
			got, err := decode(r.Args)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", r.Method, err)
			}
			h.put(got)
			return nil, nil
		}
	}
	fdb := func(adds bool) oslomsg.Handler {
		return read(func(args json.RawMessage) (hint, error) {
			return fdbHint(args, m.has, func(network, at string, mac l2gw.MAC) bool {
				return !gateway(at) && m.local(network, mac) != adds // what we say ourselves comes back
			})
		})
	}
	tunnel := read(tunnelHint)
	s.Handlers = map[string]oslomsg.Handler{
		"add_fdb_entries": fdb(true), "remove_fdb_entries": fdb(false),
		// Other addresses of ports come as pushes too.
		"update_fdb_entries": read(func(json.RawMessage) (hint, error) { return hint{}, nil }),
		"tunnel_update":      tunnel, "tunnel_delete": tunnel,
		"push": read(func(args json.RawMessage) (hint, error) { return objectHint(args, m.has, m.networkOf) }),
	}
	return s
}

// tunnelHint is that an agent has begun or has another address.
func tunnelHint(json.RawMessage) (hint, error) { return hint{agents: true, begun: true}, nil }

// fdbHint reads the networks of a message of l2population that tell something:
// a MAC that is news (pushes of ports tell of it too, where Neutron sends them),
// or a flood entry. That is a compute node that has or loses the network; a new
// one knows nothing of what we have told others.
func fdbHint(args json.RawMessage, interesting func(string) bool, news func(network, at string, mac l2gw.MAC) bool) (hint, error) {
	var body struct {
		Entries map[string]struct {
			Ports map[string][]fdbEntry `json:"ports"` // by tunnel address
		} `json:"fdb_entries"`
	}
	if err := json.Unmarshal(args, &body); err != nil {
		return hint{}, err
	}
	var out hint
	for id, e := range body.Entries {
		if !interesting(id) {
			continue
		}
		for at, entry := range entriesOf(e.Ports) {
			mac, err := ethernet.ParseMAC(entry[0])
			switch {
			case entry == flooding:
				out.networks, out.begun = set(out.networks, id), true
			case err == nil && news(id, at, mac):
				out.networks = set(out.networks, id)
			}
		}
	}
	return out, nil
}

// entriesOf gives entries with the tunnel address that they are behind.
func entriesOf(ports map[string][]fdbEntry) iter.Seq2[string, fdbEntry] {
	return func(yield func(string, fdbEntry) bool) {
		for at, list := range ports {
			for _, e := range list {
				if !yield(at, e) {
					return
				}
			}
		}
	}
}

// objectHint reads a push of objects: ports, networks or subnets that have
// changed. Of what is deleted only the id is told.
func objectHint(args json.RawMessage, interesting func(string) bool, networkOf func(string) (string, bool)) (hint, error) {
	var body struct {
		List []struct {
			Name string `json:"versioned_object.name"`
			Data struct {
				ID        string `json:"id"`
				NetworkID string `json:"network_id"`
			} `json:"versioned_object.data"`
		} `json:"resource_list"`
	}
	if err := json.Unmarshal(args, &body); err != nil {
		return hint{}, err
	}
	var out hint
	for _, o := range body.List {
		of, known := networkOf(o.Data.ID)
		switch {
		case o.Name == "Network" && interesting(o.Data.ID):
			out.networks = set(out.networks, o.Data.ID)
		case o.Name == "Subnet" && interesting(o.Data.NetworkID):
			out.networks = set(out.networks, o.Data.NetworkID)
		case o.Name == "Subnet" && known:
			out.networks = set(out.networks, of)
		case o.Name == "Port" && (known || interesting(o.Data.NetworkID)):
			out.ports = set(out.ports, o.Data.ID)
		}
	}
	return out, nil
}
