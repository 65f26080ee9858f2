package api

import (
	"context"

	"landbridge/internal/l2gw"
	"landbridge/internal/server/neutronapi"
)

// networks are the cloud's, to be read only, as much of them as clients need to
// find one by its name. They are for servers that no Neutron stands behind.
func networks(all l2gw.Collections) neutronapi.Kind {
	type T = l2gw.Network
	segment := func(show func(l2gw.Segment) any) func(T) any {
		return func(n T) any {
			if len(n.Segments) != 1 {
				return nil
			}
			return show(n.Segments[0])
		}
	}
	number := neutronapi.Type{Shows: neutronapi.Schema{"type": []string{"integer", "null"}}, Convert: neutronapi.Integer("a number", 0, l2gw.MaxTunnelKey).Convert}
	r := &neutronapi.Resource[T]{
		Envelope: neutronapi.Envelope{Singular: "network", Plural: "networks"},
		Path:     "networks",
		About:    "A network of this cloud.",
		Attributes: []neutronapi.Attribute[T]{
			idAttribute(func(n T) string { return n.ID }),
			readOnly("name", func(n T) string { return n.Name }),
			{Name: "project_id", Twins: []string{"tenant_id"}, Show: func(n T) any { return n.ProjectID }},
			{Name: "mtu", Type: number, Show: func(n T) any { return n.MTU }},
			{Name: "provider:network_type", Type: maybeText(), Show: segment(func(s l2gw.Segment) any { return string(s.Type) })},
			{Name: "provider:segmentation_id", Type: number, Show: segment(func(s l2gw.Segment) any { return int(s.ID) })},
		},
		ID:      func(n T) string { return n.ID },
		Project: func(n T) string { return n.ProjectID },
		Missing: func(id string) error { return l2gw.ErrNetworkNotFound(id) },
		Get:     all.Network,
	}
	r.List = func(ctx context.Context, q neutronapi.Query) ([]T, error) {
		found, err := all.Networks(ctx)
		if err != nil {
			return nil, err
		}
		return r.Pick(found, q)
	}
	return r
}

// maybeText is shown as null where there is none.
func maybeText() neutronapi.Type {
	t := neutronapi.Text(maxText)
	t.Shows = neutronapi.Schema{"type": []string{"string", "null"}}
	return t
}
