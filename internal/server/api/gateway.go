package api

import (
	"slices"
	"strconv"

	"landbridge/internal/l2gw"
	"landbridge/internal/server/neutronapi"
)

func gateways(all l2gw.Collections) neutronapi.Kind {
	type T = l2gw.Gateway
	deviceName := neutronapi.Text(maxText)
	return serveUpdates(all.Gateways(), neutronapi.Resource[T]{
		Envelope: neutronapi.Envelope{Singular: "l2_gateway", Plural: "l2_gateways"},
		Path:     "l2-gateways",
		About:    "Switches of this cloud that serve as one border gateway.",
		Attributes: slices.Concat([]neutronapi.Attribute[T]{
			idAttribute(func(g T) string { return g.ID }),
			nameAttribute(func(g T) string { return g.Name }),
			{
				Name: "devices", Type: devices(), Post: neutronapi.Required, Put: neutronapi.Optional, Filter: &deviceName,
				About: "The switches. A filter takes the name of one.",
				Show:  func(g T) any { return showDevices(g.Devices) },
			},
			projectAttribute(func(g T) string { return g.ProjectID }),
		}, standardAttributes(func(g T) l2gw.Standard { return g.Standard }, neutronapi.Optional)),
		ID:      func(g T) string { return g.ID },
		Project: func(g T) string { return g.ProjectID },
		Missing: func(id string) error { return l2gw.ErrGatewayNotFound(id) },
		New: func(v neutronapi.Values) T {
			return l2gw.Gateway{
				ProjectID: given[string](v, "project_id"),
				Name:      given[string](v, "name"),
				Devices:   readDevices(v),
				Standard:  l2gw.Standard{Description: given[string](v, "description")},
			}
		},
	}, func(v neutronapi.Values) l2gw.GatewayUpdate {
		return l2gw.GatewayUpdate{
			Name: maybe[string](v, "name"), Description: maybe[string](v, "description"), Devices: readDevices(v),
		}
	})
}

// devices is what a body has of the switches of a gateway.
func devices() neutronapi.Type {
	vlans := neutronapi.List{Elem: vlan(), Key: func(id any) any { return id }}
	port := neutronapi.Object(
		neutronapi.Member{Name: "name", Type: neutronapi.Named(maxText), Use: neutronapi.Required},
		neutronapi.Member{Name: "segmentation_id", Type: vlans.Type(), Use: neutronapi.Optional},
	)
	ports := neutronapi.List{Elem: port, Key: memberOf("name")}
	device := neutronapi.Object(
		neutronapi.Member{Name: "id"},
		neutronapi.Member{Name: "device_name", Type: neutronapi.Named(maxText), Use: neutronapi.Required},
		neutronapi.Member{Name: "interfaces", Type: ports.Type(), Use: neutronapi.Optional},
	)
	return neutronapi.List{Elem: device, Min: 1, Key: memberOf("device_name")}.Type()
}

// memberOf gives the member by which objects of a list are told apart.
func memberOf(name string) func(any) any {
	return func(made any) any {
		v, _ := made.(neutronapi.Values)
		return v[name]
	}
}

func readDevices(v neutronapi.Values) []l2gw.Device {
	return each(v, "devices", func(d neutronapi.Values) l2gw.Device {
		return l2gw.Device{
			Name:       given[string](d, "device_name"),
			Interfaces: each(d, "interfaces", readInterface),
		}
	})
}

func readInterface(v neutronapi.Values) l2gw.Interface {
	return l2gw.Interface{
		Name:  given[string](v, "name"),
		VLANs: each(v, "segmentation_id", func(id uint16) uint16 { return id }),
	}
}

// each makes something of every element of a list; nil where it is unset, but
// not where it is empty.
func each[V, E any](v neutronapi.Values, name string, read func(V) E) []E {
	list, ok := neutronapi.Get[[]any](v, name)
	if !ok {
		return nil
	}
	out := make([]E, 0, len(list))
	for _, item := range list {
		if one, ok := item.(V); ok {
			out = append(out, read(one))
		}
	}
	return out
}

type deviceDocument struct {
	ID         string              `json:"id"`
	DeviceName string              `json:"device_name"`
	Interfaces []interfaceDocument `json:"interfaces"`
}

type interfaceDocument struct {
	Name           string   `json:"name"`
	SegmentationID []string `json:"segmentation_id"`
}

func showDevices(all []l2gw.Device) []deviceDocument {
	out := make([]deviceDocument, 0, len(all))
	for _, d := range all {
		ports := make([]interfaceDocument, 0, len(d.Interfaces))
		for _, i := range d.Interfaces {
			ports = append(ports, interfaceDocument{i.Name, showVLANs(i.VLANs)})
		}
		out = append(out, deviceDocument{d.ID, d.Name, ports})
	}
	return out
}

func showVLANs(ids []uint16) []string {
	out := make([]string, 0, len(ids))
	for _, id := range ids {
		out = append(out, strconv.Itoa(int(id)))
	}
	return out
}
