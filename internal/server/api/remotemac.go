package api

import (
	"net/netip"
	"slices"

	"landbridge/internal/l2gw"
	"landbridge/internal/server/neutronapi"
)

func remoteMACs(all l2gw.Collections, o Options) neutronapi.Kind {
	type T = l2gw.RemoteMAC
	return serve(all.RemoteMACs(), neutronapi.Resource[T]{
		Envelope: neutronapi.Envelope{Singular: "l2_remote_mac", Plural: "l2_remote_macs"},
		Also:     []neutronapi.Envelope{{Singular: "remote-mac", Plural: "remote-macs"}}, // of the published example
		Path:     "l2-remote-macs",
		MaxBulk:  o.MaxBulk,
		About:    "A host known to live behind a remote gateway connection.",
		Attributes: slices.Concat([]neutronapi.Attribute[T]{
			idAttribute(func(m T) string { return m.ID }, "uuid"),
			{
				Name: "mac", Type: hostMAC(), Post: neutronapi.Required,
				Show: func(m T) any { return m.MAC.String() },
			},
			{
				Name: "ipaddr", Aliases: []string{"ip"}, Type: maybeAddress(), Post: neutronapi.Optional,
				Show: func(m T) any { return showAddress(m.Addr) },
			},
			referenceAttribute("rgw_connection", remoteConnectionTarget(all), func(m T) string { return m.RemoteConnectionID }),
			projectAttribute(func(m T) string { return m.ProjectID }),
		}, standardAttributes(func(m T) l2gw.Standard { return m.Standard }, neutronapi.Refused)),
		ID:      func(m T) string { return m.ID },
		Project: func(m T) string { return m.ProjectID },
		Missing: func(id string) error { return l2gw.ErrRemoteMACNotFound(id) },
		New: func(v neutronapi.Values) T {
			return l2gw.RemoteMAC{
				ProjectID:          given[string](v, "project_id"),
				MAC:                given[l2gw.MAC](v, "mac"),
				Addr:               given[netip.Addr](v, "ipaddr"),
				RemoteConnectionID: given[string](v, "rgw_connection"),
				Standard:           l2gw.Standard{Description: given[string](v, "description")},
			}
		},
	})
}
