package api

import (
	"context"
	"net/netip"

	"landbridge/internal/l2gw"
	"landbridge/internal/server/neutronapi"
)

func remoteGateways(c l2gw.Updatable[l2gw.RemoteGateway, l2gw.RemoteGatewayUpdate], o Options) neutronapi.Kind {
	type T = l2gw.RemoteGateway
	return &neutronapi.Resource[T]{
		Envelope: neutronapi.Envelope{Singular: "l2_remote_gateway", Plural: "l2_remote_gateways"},
		Path:     "l2-remote-gateways",
		Attributes: []neutronapi.Attribute[T]{
			idAttribute(func(g T) string { return g.ID }),
			nameAttribute(func(g T) string { return g.Name }),
			{
				Name: "ipaddr", Type: address(), Post: neutronapi.Required, Put: neutronapi.Optional,
				Show: func(g T) any { return showAddress(g.Addr) },
			},
			projectAttribute(o, func(g T) string { return g.ProjectID }),
		},
		Create: func(ctx context.Context, v neutronapi.Values) (T, error) {
			return c.Create(ctx, l2gw.RemoteGateway{
				ProjectID: given[string](v, "project_id"),
				Name:      given[string](v, "name"),
				Addr:      given[netip.Addr](v, "ipaddr"),
			})
		},
		Get:  c.Get,
		List: c.List,
		Update: func(ctx context.Context, id string, v neutronapi.Values) (T, error) {
			return c.Update(ctx, id, l2gw.RemoteGatewayUpdate{
				Name: maybe[string](v, "name"),
				Addr: maybe[netip.Addr](v, "ipaddr"),
			})
		},
		Delete: c.Delete,
	}
}
