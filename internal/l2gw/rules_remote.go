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

// CheckRemoteMAC judges a new remote MAC against those that exist.
func CheckRemoteMAC(m RemoteMAC, others []RemoteMAC) error {
	for _, o := range others {
		if o.RemoteConnectionID == m.RemoteConnectionID && o.MAC == m.MAC {
			return ErrRemoteMACExists(m)
		}
	}
	return nil
}
