package l2gw

// MaxTunnelKey is the largest tunnel key of a remote connection (24 bits,
// RFC 7348 section 5); the smallest is 1.
const MaxTunnelKey = 1<<24 - 1

// WithTunnelKey gives the remote connection with the key it will use: its own,
// or the segmentation id of its network where it has none (0). A network that
// has no such id, or one that is no tunnel key, is a Conflict.
func (r RemoteConnection) WithTunnelKey(network Network) (RemoteConnection, error) {
	if r.TunnelKey != 0 {
		return r, nil
	}
	s, err := network.TunnelSegment()
	if err != nil {
		return r, err
	}
	if s.ID == 0 || s.ID > MaxTunnelKey {
		return r, errNoTunnelKey(network.ID, s.ID)
	}
	r.TunnelKey = s.ID
	return r, nil
}

// RemoteServed is a remote connection together with its local gateway.
type RemoteServed struct {
	Connection RemoteConnection
	Gateway    Gateway
}

// CheckRemoteConnection judges a new remote connection that has its tunnel key
// against those that exist to the same remote gateway.
func CheckRemoteConnection(r RemoteConnection, gw Gateway, others []RemoteServed) error {
	for _, o := range others {
		if o.sameRemote(r) && o.Connection.NetworkID == r.NetworkID && o.Connection.GatewayID == r.GatewayID {
			return ErrRemoteConnectionExists(r)
		}
	}
	for _, o := range others {
		if o.sameRemote(r) && o.Connection.NetworkID != r.NetworkID && o.Connection.TunnelKey == r.TunnelKey && o.meets(r, gw) {
			return ErrTunnelKeyTaken(r)
		}
	}
	return nil
}

func (o RemoteServed) sameRemote(r RemoteConnection) bool {
	return o.Connection.RemoteGatewayID == r.RemoteGatewayID
}

// meets tells whether frames of both connections arrive at one switch, where
// only the tunnel key tells them apart.
func (o RemoteServed) meets(r RemoteConnection, gw Gateway) bool {
	return o.Connection.GatewayID == r.GatewayID || o.Gateway.SharesDevice(gw)
}

// CheckRemoteGateway judges a new or changed remote gateway against others
// that exist; itself among them does not count.
func CheckRemoteGateway(g RemoteGateway, others []RemoteGateway) error {
	for _, o := range others {
		if o.ID != g.ID && o.Addr == g.Addr {
			return ErrRemoteGatewayExists(g)
		}
	}
	return nil
}

// With gives the remote gateway as the update makes it.
func (g RemoteGateway) With(u RemoteGatewayUpdate) RemoteGateway {
	if u.Name != nil {
		g.Name = *u.Name
	}
	if u.Description != nil {
		g.Description = *u.Description
	}
	if u.Addr != nil {
		g.Addr = u.Addr.Unmap()
	}
	return g
}

// CheckRemoteMACs judges new remote MACs against those that exist, and each
// against those before it.
func CheckRemoteMACs(list, others []RemoteMAC) error {
	type place struct {
		connection string
		mac        MAC
	}
	taken := make(map[place]bool, len(list)+len(others))
	for _, o := range others {
		taken[place{o.RemoteConnectionID, o.MAC}] = true
	}
	for _, m := range list {
		at := place{m.RemoteConnectionID, m.MAC}
		if taken[at] {
			return ErrRemoteMACExists(m)
		}
		taken[at] = true
	}
	return nil
}
