package api

import (
	"net/netip"
	"slices"

	"landbridge/internal/l2gw"
	"landbridge/internal/server/neutronapi"
)

func remoteGateways(all l2gw.Collections) neutronapi.Kind {
	type T = l2gw.RemoteGateway
	return serveUpdates(all.RemoteGateways(), neutronapi.Resource[T]{
		Envelope: neutronapi.Envelope{Singular: "l2_remote_gateway", Plural: "l2_remote_gateways"},
		Path:     "l2-remote-gateways",
		About:    "The tunnel address of another cloud's border gateway.",
		Attributes: slices.Concat([]neutronapi.Attribute[T]{
			idAttribute(func(g T) string { return g.ID }),
			nameAttribute(func(g T) string { return g.Name }),
			{
				Name: "ipaddr", Type: address(), Post: neutronapi.Required, Put: neutronapi.Optional,
				Show: func(g T) any { return showAddress(g.Addr) },
			},
			projectAttribute(func(g T) string { return g.ProjectID }),
		}, standardAttributes(func(g T) l2gw.Standard { return g.Standard }, neutronapi.Optional)),
		ID:      func(g T) string { return g.ID },
		Project: func(g T) string { return g.ProjectID },
		Missing: func(id string) error { return l2gw.ErrRemoteGatewayNotFound(id) },
		New: func(v neutronapi.Values) T {
			return l2gw.RemoteGateway{
				ProjectID: given[string](v, "project_id"),
				Name:      given[string](v, "name"),
				Addr:      given[netip.Addr](v, "ipaddr"),
				Standard:  l2gw.Standard{Description: given[string](v, "description")},
			}
		},
	}, func(v neutronapi.Values) l2gw.RemoteGatewayUpdate {
		return l2gw.RemoteGatewayUpdate{
			Name: maybe[string](v, "name"), Description: maybe[string](v, "description"), Addr: maybe[netip.Addr](v, "ipaddr"),
		}
	})
}
