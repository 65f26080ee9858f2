package store_test

import (
	"net/netip"
	"slices"

	"landbridge/internal/l2gw"
)

// model is the rules once more, in the plainest way: lists, searched whole. A
// method gives the kind of the error that an operation must end with, "" where
// it must work.
type model struct {
	gateways []l2gw.Gateway
	conns    []l2gw.Connection
	remotes  []l2gw.RemoteGateway
	rconns   []l2gw.RemoteConnection
	macs     []l2gw.RemoteMAC
	limits   map[string]l2gw.Quota // of projects that have some of their own
}

func find[T any](list []T, match func(T) bool) (T, bool) {
	if i := slices.IndexFunc(list, match); i >= 0 {
		return list[i], true
	}
	var none T
	return none, false
}

func (m *model) gateway(id string) (l2gw.Gateway, bool) {
	return find(m.gateways, func(g l2gw.Gateway) bool { return g.ID == id })
}

// shape is "", "untagged", "tagged" or "mixed".
func shape(g l2gw.Gateway) string {
	out := ""
	for _, d := range g.Devices {
		for _, i := range d.Interfaces {
			s := "untagged"
			if len(i.VLANs) > 0 {
				s = "tagged"
			}
			if out != "" && out != s {
				return "mixed"
			}
			out = s
		}
	}
	return out
}

type slot struct {
	device, port string
	vlan         uint16
}

// clash tells whether two networks are on one VLAN of one port.
func (m *model) clash() bool {
	on := map[slot]string{}
	for _, c := range m.conns {
		g, _ := m.gateway(c.GatewayID)
		for _, d := range g.Devices {
			for _, i := range d.Interfaces {
				vlans := i.VLANs
				if len(vlans) == 0 {
					vlans = []uint16{*c.VLAN}
				}
				for _, v := range vlans {
					at := slot{d.Name, i.Name, v}
					if n, ok := on[at]; ok && n != c.NetworkID {
						return true
					}
					on[at] = c.NetworkID
				}
			}
		}
	}
	return false
}

func (m *model) createGateway(v l2gw.Gateway) string {
	if shape(v) == "mixed" {
		return "L2GatewaySegmentationRequired"
	}
	return m.afford(v.ProjectID, l2gw.KindGateway)
}

// updateGateway gives also what the gateway must be afterwards.
func (m *model) updateGateway(id, name string, device l2gw.Device) (string, l2gw.Gateway) {
	i := slices.IndexFunc(m.gateways, func(g l2gw.Gateway) bool { return g.ID == id })
	if i < 0 {
		return "L2GatewayNotFound", l2gw.Gateway{}
	}
	before := m.gateways[i]
	after := before
	after.Name, after.Devices = name, slices.Clone(before.Devices)
	at := slices.IndexFunc(after.Devices, func(d l2gw.Device) bool { return d.Name == device.Name })
	if at < 0 {
		return "L2GatewayDeviceNotFound", after
	}
	if device.Interfaces != nil {
		after.Devices[at].Interfaces = device.Interfaces
	}
	used := slices.ContainsFunc(m.conns, func(c l2gw.Connection) bool { return c.GatewayID == id })
	switch {
	case shape(after) == "mixed":
		return "L2GatewaySegmentationRequired", after
	case shape(after) != shape(before) && used:
		return "L2GatewayInUse", after
	}
	then := *m
	then.gateways = slices.Clone(m.gateways)
	then.gateways[i] = after
	if then.clash() {
		return "L2GatewayDuplicateSegmentationID", after
	}
	return "", after
}

func (m *model) deleteGateway(id string) string {
	if _, ok := m.gateway(id); !ok {
		return "L2GatewayNotFound"
	}
	if slices.ContainsFunc(m.conns, func(c l2gw.Connection) bool { return c.GatewayID == id }) {
		return "L2GatewayInUse"
	}
	return ""
}

func (m *model) connected(gatewayID, networkID string) bool {
	return slices.ContainsFunc(m.conns, func(c l2gw.Connection) bool {
		return c.GatewayID == gatewayID && c.NetworkID == networkID
	})
}

func (m *model) createConnection(v l2gw.Connection, n l2gw.Network) string {
	g, ok := m.gateway(v.GatewayID)
	if !ok {
		return "L2GatewayNotFound"
	}
	if shape(g) == "tagged" && v.VLAN != nil || shape(g) == "untagged" && v.VLAN == nil {
		return "InvalidInput"
	}
	if len(n.Segments) != 1 || n.Segments[0].Type == l2gw.TypeVLAN {
		return "L2GatewayNetworkUnsupported"
	}
	if m.connected(v.GatewayID, v.NetworkID) {
		return "L2GatewayConnectionExists"
	}
	then := *m
	then.conns = append(slices.Clone(m.conns), v)
	if then.clash() {
		return "L2GatewayDuplicateSegmentationID"
	}
	return m.afford(v.ProjectID, l2gw.KindConnection)
}

func (m *model) deleteConnection(id string) string {
	c, ok := find(m.conns, func(c l2gw.Connection) bool { return c.ID == id })
	if !ok {
		return "L2GatewayConnectionNotFound"
	}
	if slices.ContainsFunc(m.rconns, func(r l2gw.RemoteConnection) bool {
		return r.GatewayID == c.GatewayID && r.NetworkID == c.NetworkID
	}) {
		return "L2GatewayConnectionInUse"
	}
	return ""
}

func (m *model) addressTaken(id string, a netip.Addr) bool {
	return slices.ContainsFunc(m.remotes, func(g l2gw.RemoteGateway) bool { return g.ID != id && g.Addr == a })
}

func (m *model) createRemote(v l2gw.RemoteGateway) string {
	if m.addressTaken("", v.Addr) {
		return "L2RemoteGatewayExists"
	}
	return m.afford(v.ProjectID, l2gw.KindRemoteGateway)
}

func (m *model) remote(id string) bool {
	return slices.ContainsFunc(m.remotes, func(g l2gw.RemoteGateway) bool { return g.ID == id })
}

func (m *model) updateRemote(id string, a netip.Addr) string {
	switch {
	case !m.remote(id):
		return "L2RemoteGatewayNotFound"
	case m.addressTaken(id, a):
		return "L2RemoteGatewayExists"
	}
	return ""
}

func (m *model) deleteRemote(id string) string {
	if !m.remote(id) {
		return "L2RemoteGatewayNotFound"
	}
	if slices.ContainsFunc(m.rconns, func(r l2gw.RemoteConnection) bool { return r.RemoteGatewayID == id }) {
		return "L2RemoteGatewayInUse"
	}
	return ""
}

// createRemoteConnection gives also the tunnel key it must have.
func (m *model) createRemoteConnection(v l2gw.RemoteConnection, n l2gw.Network) (string, uint32) {
	g, ok := m.gateway(v.GatewayID)
	switch {
	case !ok:
		return "L2GatewayNotFound", 0
	case !m.remote(v.RemoteGatewayID):
		return "L2RemoteGatewayNotFound", 0
	case !m.connected(v.GatewayID, v.NetworkID):
		return "InvalidInput", 0
	}
	key := v.TunnelKey
	if key == 0 {
		key = n.Segments[0].ID
	}
	kind := ""
	for _, o := range m.rconns {
		og, _ := m.gateway(o.GatewayID)
		shared := slices.ContainsFunc(g.Devices, func(d l2gw.Device) bool {
			_, ok := find(og.Devices, func(e l2gw.Device) bool { return d.Name == e.Name })
			return ok
		})
		switch {
		case o.RemoteGatewayID != v.RemoteGatewayID:
		case o.NetworkID == v.NetworkID && o.GatewayID == v.GatewayID:
			return "L2RemoteGatewayConnectionExists", key
		case o.NetworkID != v.NetworkID && o.TunnelKey == key && shared:
			kind = "L2RemoteGatewayDuplicateSegmentationID"
		}
	}
	if kind == "" {
		kind = m.afford(v.ProjectID, l2gw.KindRemoteConnection)
	}
	return kind, key
}

func (m *model) createMAC(v l2gw.RemoteMAC) string {
	if _, ok := find(m.rconns, func(r l2gw.RemoteConnection) bool { return r.ID == v.RemoteConnectionID }); !ok {
		return "L2RemoteGatewayConnectionNotFound"
	}
	for _, o := range m.macs {
		if o.RemoteConnectionID == v.RemoteConnectionID && o.MAC == v.MAC {
			return "L2RemoteMacExists"
		}
	}
	return m.afford(v.ProjectID, l2gw.KindRemoteMAC)
}

// owns counts what a project has.
func (m *model) owns(project string) map[l2gw.Kind]int {
	n := map[l2gw.Kind]int{}
	count := func(k l2gw.Kind, owner string) {
		if owner == project {
			n[k]++
		}
	}
	for _, v := range m.gateways {
		count(l2gw.KindGateway, v.ProjectID)
	}
	for _, v := range m.conns {
		count(l2gw.KindConnection, v.ProjectID)
	}
	for _, v := range m.remotes {
		count(l2gw.KindRemoteGateway, v.ProjectID)
	}
	for _, v := range m.rconns {
		count(l2gw.KindRemoteConnection, v.ProjectID)
	}
	for _, v := range m.macs {
		count(l2gw.KindRemoteMAC, v.ProjectID)
	}
	return n
}

// afford: one more is made only where there are fewer than may be.
func (m *model) afford(project string, kind l2gw.Kind) string {
	limit, own := m.limits[project][kind]
	if own && limit >= 0 && m.owns(project)[kind] >= limit {
		return "OverQuota"
	}
	return ""
}
