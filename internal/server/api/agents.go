package api

import (
	"context"
	"time"

	"landbridge/internal/l2gw"
	"landbridge/internal/server/neutronapi"
)

// agents are the landbridge-agents, as Neutron shows its own.
func agents(all l2gw.Agents) neutronapi.Kind {
	type T = l2gw.Agent
	word := func(text string) func(T) string { return func(T) string { return text } }
	instant := func(name string, at func(T) l2gw.Instant) neutronapi.Attribute[T] {
		return readOnly(name, func(a T) string { return time.UnixMicro(int64(at(a))).UTC().Format(time.DateTime) })
	}
	r := &neutronapi.Resource[T]{
		Envelope: neutronapi.Envelope{Singular: "agent", Plural: "agents"},
		Path:     "agents",
		About:    "A landbridge-agent, which keeps switches as planned.",
		Attributes: []neutronapi.Attribute[T]{
			idAttribute(func(a T) string { return a.ID }),
			readOnly("agent_type", word("L2 Gateway agent")),
			readOnly("binary", word("landbridge-agent")),
			readOnly("host", func(a T) string { return a.Host }),
			readOnly("topic", func(a T) string { return "landbridge-agent." + a.Host }),
			{Name: "alive", Type: neutronapi.Bool(), Show: func(a T) any { return a.Alive }, About: "It was heard of a short while ago."},
			{Name: "admin_state_up", Type: neutronapi.Bool(), Show: func(T) any { return true }},
			instant("heartbeat_timestamp", func(a T) l2gw.Instant { return a.Heartbeat }),
			instant("started_at", func(a T) l2gw.Instant { return a.Started }),
			instant("created_at", func(a T) l2gw.Instant { return a.Created }),
			{
				Name: "configurations", About: "What it can serve, what it does, and its version.",
				Type: neutronapi.Type{Composite: true, Shows: neutronapi.Schema{"type": "object"}}, Show: showConfigurations,
			},
		},
		ID:      func(a T) string { return a.ID },
		Project: func(T) string { return "" },
		Missing: func(id string) error { return l2gw.ErrAgentNotFound(id) },
		Get:     all.Get,
		Delete:  func(ctx context.Context, id string, _ []int64) error { return all.Delete(ctx, id) },
	}
	r.List = func(ctx context.Context, q neutronapi.Query) ([]T, error) {
		found, err := all.List(ctx)
		if err != nil {
			return nil, err
		}
		return r.Pick(found, q)
	}
	return r
}

func showConfigurations(a l2gw.Agent) any {
	return map[string]any{
		"databases": orEmpty(a.Databases), "serves": orEmpty(a.Serves), "switches": orEmpty(a.Switches),
		"load": len(a.Serves), "version": a.Version,
	}
}

func orEmpty(list []string) []string { return append([]string{}, list...) }
