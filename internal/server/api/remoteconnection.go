package api

import (
	"slices"

	"landbridge/internal/l2gw"
	"landbridge/internal/server/neutronapi"
)

func remoteConnections(all l2gw.Collections) neutronapi.Kind {
	type T = l2gw.RemoteConnection
	filterWord := neutronapi.Word(l2gw.WANFilterWords()...)
	return serve(all.RemoteConnections(), neutronapi.Resource[T]{
		Envelope: neutronapi.Envelope{Singular: "l2_remote_gateway_connection", Plural: "l2_remote_gateway_connections"},
		Path:     "l2-remote-gateway-connections",
		About:    "A network of this cloud, stretched through a gateway to a remote one.",
		Attributes: slices.Concat([]neutronapi.Attribute[T]{
			idAttribute(func(c T) string { return c.ID }),
			// The aliases are those of the first published client.
			referenceAttribute("l2_gateway_id", gatewayTarget(all), func(c T) string { return c.GatewayID }, "gateway"),
			referenceAttribute("network_id", networkTarget(all), func(c T) string { return c.NetworkID }, "network"),
			referenceAttribute("l2_remote_gateway_id", remoteGatewayTarget(all), func(c T) string { return c.RemoteGatewayID }, "remote_gateway"),
			{
				Name: "segmentation_id", Aliases: []string{"seg_id"}, Type: tunnelKey(), Post: neutronapi.Optional,
				Show: func(c T) any { return c.TunnelKey },
			},
			{
				Name: "flood", Type: neutronapi.Bool(), Post: neutronapi.Optional, Default: true,
				Show: func(c T) any { return c.Flood },
			},
			{
				Name: "encapsulation", Type: encapsulation(), Post: neutronapi.Optional, Default: string(l2gw.VXLAN),
				Show: func(c T) any { return string(c.Encapsulation) },
			},
			{
				Name: "filter", Type: filterList(), Post: neutronapi.Optional, Filter: &filterWord, Default: []any{},
				About: "What does not cross the WAN link. A filter of a list takes one word.",
				Show:  func(c T) any { return c.Filter.Words() },
			},
			projectAttribute(func(c T) string { return c.ProjectID }),
			readOnly("status", func(c T) string { return string(c.Status.State) }),
			readOnly("status_reason", func(c T) string { return c.Status.Reason }),
		}, standardAttributes(func(c T) l2gw.Standard { return c.Standard }, neutronapi.Refused)),
		ID:      func(c T) string { return c.ID },
		Project: func(c T) string { return c.ProjectID },
		Missing: func(id string) error { return l2gw.ErrRemoteConnectionNotFound(id) },
		New: func(v neutronapi.Values) T {
			return l2gw.RemoteConnection{
				ProjectID:       given[string](v, "project_id"),
				GatewayID:       given[string](v, "l2_gateway_id"),
				NetworkID:       given[string](v, "network_id"),
				RemoteGatewayID: given[string](v, "l2_remote_gateway_id"),
				TunnelKey:       given[uint32](v, "segmentation_id"), // 0: the network's own
				Flood:           given[bool](v, "flood"),
				Encapsulation:   l2gw.Encapsulation(given[string](v, "encapsulation")),
				Filter:          l2gw.NewWANFilter(each(v, "filter", func(word string) string { return word })...),
				Standard:        l2gw.Standard{Description: given[string](v, "description")},
			}
		},
	})
}
