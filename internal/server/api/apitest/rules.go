package apitest

import (
	"reflect"
	"slices"

	"landbridge/internal/l2gw"
)

func (c *Cloud) network(id string) (l2gw.Network, error) {
	return find(c.networks, id, func(n l2gw.Network) string { return n.ID }, l2gw.ErrNetworkNotFound)
}

func (c *Cloud) gateway(id string) (l2gw.Gateway, error) {
	return find(c.gateways, id, func(g l2gw.Gateway) string { return g.ID }, l2gw.ErrGatewayNotFound)
}

func find[T any](all []T, id string, idOf func(T) string, missing func(string) *l2gw.Error) (T, error) {
	for _, v := range all {
		if idOf(v) == id {
			return v, nil
		}
	}
	var none T
	return none, missing(id)
}

func (c *Cloud) createGateway(g l2gw.Gateway) (l2gw.Gateway, error) {
	if _, err := g.InterfaceKind(); err != nil {
		return g, err
	}
	g.ID, g.Standard = c.newID(), c.born(g.Standard)
	g.Devices = slices.Clone(g.Devices)
	for i := range g.Devices {
		g.Devices[i].ID = c.newID()
	}
	return g, nil
}

func (c *Cloud) changeGateway(g l2gw.Gateway, u l2gw.GatewayUpdate) (l2gw.Gateway, error) {
	changed, err := g.With(u)
	if err != nil {
		return g, err
	}
	var mine []l2gw.Connection
	for _, v := range c.connections {
		if v.GatewayID == g.ID {
			mine = append(mine, v)
		}
	}
	if !reflect.DeepEqual(changed, g) {
		changed.Standard = changed.Changed(c.now())
	}
	return changed, l2gw.CheckGatewayUpdate(g, changed, mine, c.served(func(id string) bool { return id != g.ID }))
}

// served gives the connections of some of the gateways.
func (c *Cloud) served(of func(gatewayID string) bool) []l2gw.Served {
	var out []l2gw.Served
	for _, v := range c.connections {
		if g, err := c.gateway(v.GatewayID); err == nil && of(g.ID) {
			out = append(out, l2gw.Served{Connection: v, Gateway: g})
		}
	}
	return out
}

func (c *Cloud) releaseGateway(g l2gw.Gateway) error {
	for _, v := range c.connections {
		if v.GatewayID == g.ID {
			return l2gw.ErrGatewayInUse(g.ID, v.ID)
		}
	}
	return nil
}

func (c *Cloud) createConnection(v l2gw.Connection) (l2gw.Connection, error) {
	g, err := c.gateway(v.GatewayID)
	if err != nil {
		return v, err
	}
	n, err := c.network(v.NetworkID)
	if err != nil {
		return v, err
	}
	if err := l2gw.CheckConnection(v, g, n, c.served(func(string) bool { return true })); err != nil {
		return v, err
	}
	v.ID, v.Status.State, v.Standard = c.newID(), l2gw.Pending, c.born(v.Standard)
	return v, nil
}

func (c *Cloud) releaseConnection(v l2gw.Connection) error {
	for _, r := range c.remoteConnections {
		if r.GatewayID == v.GatewayID && r.NetworkID == v.NetworkID {
			return l2gw.ErrConnectionInUse(v.ID, r.ID)
		}
	}
	return nil
}

func (c *Cloud) createRemoteGateway(g l2gw.RemoteGateway) (l2gw.RemoteGateway, error) {
	g.ID, g.Standard = c.newID(), c.born(g.Standard)
	return g, l2gw.CheckRemoteGateway(g, c.remoteGateways)
}

func (c *Cloud) changeRemoteGateway(g l2gw.RemoteGateway, u l2gw.RemoteGatewayUpdate) (l2gw.RemoteGateway, error) {
	changed := g.With(u)
	if changed != g {
		changed.Standard = changed.Changed(c.now())
	}
	return changed, l2gw.CheckRemoteGateway(changed, c.remoteGateways)
}

func (c *Cloud) releaseRemoteGateway(g l2gw.RemoteGateway) error {
	for _, r := range c.remoteConnections {
		if r.RemoteGatewayID == g.ID {
			return l2gw.ErrRemoteGatewayInUse(g.ID, r.ID)
		}
	}
	return nil
}

func (c *Cloud) createRemoteConnection(r l2gw.RemoteConnection) (l2gw.RemoteConnection, error) {
	g, err := c.gateway(r.GatewayID)
	if err != nil {
		return r, err
	}
	n, err := c.network(r.NetworkID)
	if err != nil {
		return r, err
	}
	idOf := func(g l2gw.RemoteGateway) string { return g.ID }
	if _, err := find(c.remoteGateways, r.RemoteGatewayID, idOf, l2gw.ErrRemoteGatewayNotFound); err != nil {
		return r, err
	}
	if r, err = r.WithTunnelKey(n); err != nil {
		return r, err
	}
	if !c.connected(r) {
		return r, l2gw.ErrNotConnected(r)
	}
	r.ID, r.Status.State, r.Standard = c.newID(), l2gw.Pending, c.born(r.Standard)
	return r, l2gw.CheckRemoteConnection(r, g, c.remoteServed())
}

func (c *Cloud) connected(r l2gw.RemoteConnection) bool {
	return slices.ContainsFunc(c.connections, func(v l2gw.Connection) bool {
		return v.GatewayID == r.GatewayID && v.NetworkID == r.NetworkID
	})
}

func (c *Cloud) remoteServed() []l2gw.RemoteServed {
	var out []l2gw.RemoteServed
	for _, r := range c.remoteConnections {
		if g, err := c.gateway(r.GatewayID); err == nil {
			out = append(out, l2gw.RemoteServed{Connection: r, Gateway: g})
		}
	}
	return out
}

func (c *Cloud) releaseRemoteConnection(r l2gw.RemoteConnection) error {
	c.remoteMACs = slices.DeleteFunc(c.remoteMACs, func(m l2gw.RemoteMAC) bool { return m.RemoteConnectionID == r.ID })
	return nil
}

func (c *Cloud) createRemoteMAC(m l2gw.RemoteMAC) (l2gw.RemoteMAC, error) {
	idOf := func(r l2gw.RemoteConnection) string { return r.ID }
	if _, err := find(c.remoteConnections, m.RemoteConnectionID, idOf, l2gw.ErrRemoteConnectionNotFound); err != nil {
		return m, err
	}
	m.ID, m.Standard = c.newID(), c.born(m.Standard)
	return m, l2gw.CheckRemoteMACs([]l2gw.RemoteMAC{m}, c.remoteMACs)
}
