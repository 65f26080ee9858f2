package api

import (
	"slices"
	"strconv"

	"landbridge/internal/l2gw"
	"landbridge/internal/server/neutronapi"
)

func connections(all l2gw.Collections) neutronapi.Kind {
	type T = l2gw.Connection
	return serve(all.Connections(), neutronapi.Resource[T]{
		Envelope: neutronapi.Envelope{Singular: "l2_gateway_connection", Plural: "l2_gateway_connections"},
		Path:     "l2-gateway-connections",
		About:    "A network of this cloud, served by a gateway.",
		Attributes: slices.Concat([]neutronapi.Attribute[T]{
			idAttribute(func(c T) string { return c.ID }),
			referenceAttribute("l2_gateway_id", gatewayTarget(all), func(c T) string { return c.GatewayID }),
			referenceAttribute("network_id", networkTarget(all), func(c T) string { return c.NetworkID }),
			{
				Name: "segmentation_id", Type: oneVLAN(), Post: neutronapi.Optional,
				Show: func(c T) any { return showVLAN(c.VLAN) },
			},
			projectAttribute(func(c T) string { return c.ProjectID }),
			readOnly("status", func(c T) string { return string(c.Status.State) }),
			readOnly("status_reason", func(c T) string { return c.Status.Reason }),
		}, standardAttributes(func(c T) l2gw.Standard { return c.Standard }, neutronapi.Refused)),
		ID:      func(c T) string { return c.ID },
		Project: func(c T) string { return c.ProjectID },
		Missing: func(id string) error { return l2gw.ErrConnectionNotFound(id) },
		New: func(v neutronapi.Values) T {
			return l2gw.Connection{
				ProjectID: given[string](v, "project_id"),
				GatewayID: given[string](v, "l2_gateway_id"),
				NetworkID: given[string](v, "network_id"),
				VLAN:      maybe[uint16](v, "segmentation_id"),
				Standard:  l2gw.Standard{Description: given[string](v, "description")},
			}
		},
	})
}

func showVLAN(id *uint16) string {
	if id == nil {
		return ""
	}
	return strconv.Itoa(int(*id))
}
