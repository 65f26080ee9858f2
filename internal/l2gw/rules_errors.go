package l2gw

import "errors"

// The errors of the rules between objects. Their kinds are those of Neutron's
// and networking-l2gw's exceptions, or are built as those are.

// ErrGatewayNotFound is a gateway that does not exist.
func ErrGatewayNotFound(id string) *Error {
	return Errorf(NotFound, "L2GatewayNotFound", "l2_gateway %q does not exist", id)
}

// ErrConnectionNotFound is a connection that does not exist.
func ErrConnectionNotFound(id string) *Error {
	return Errorf(NotFound, "L2GatewayConnectionNotFound", "l2_gateway_connection %q does not exist", id)
}

// ErrRemoteGatewayNotFound is a remote gateway that does not exist.
func ErrRemoteGatewayNotFound(id string) *Error {
	return Errorf(NotFound, "L2RemoteGatewayNotFound", "l2_remote_gateway %q does not exist", id)
}

// ErrRemoteConnectionNotFound is a remote connection that does not exist.
func ErrRemoteConnectionNotFound(id string) *Error {
	return Errorf(NotFound, "L2RemoteGatewayConnectionNotFound", "l2_remote_gateway_connection %q does not exist", id)
}

// ErrRemoteMACNotFound is a remote MAC that does not exist.
func ErrRemoteMACNotFound(id string) *Error {
	return Errorf(NotFound, "L2RemoteMacNotFound", "l2_remote_mac %q does not exist", id)
}

// ErrNetworkNotFound is a network that the cloud does not have.
func ErrNetworkNotFound(id string) *Error {
	return Errorf(NotFound, "NetworkNotFound", "Network %s could not be found.", id)
}

// ErrGatewayInUse is a gateway that cannot go while a connection stands on it.
func ErrGatewayInUse(id, connectionID string) *Error {
	return Errorf(Conflict, "L2GatewayInUse",
		"l2_gateway %s is in use by connection %s: delete its connections first", id, connectionID)
}

// ErrConnectionInUse is a connection that cannot go while a remote connection
// stands on it.
func ErrConnectionInUse(id, remoteConnectionID string) *Error {
	return Errorf(Conflict, "L2GatewayConnectionInUse",
		"l2_gateway_connection %s is in use by l2_remote_gateway_connection %s: delete that first", id, remoteConnectionID)
}

// ErrRemoteGatewayInUse is a remote gateway that cannot go while a remote
// connection leads to it.
func ErrRemoteGatewayInUse(id, remoteConnectionID string) *Error {
	return Errorf(Conflict, "L2RemoteGatewayInUse",
		"l2_remote_gateway %s is in use by l2_remote_gateway_connection %s: delete that first", id, remoteConnectionID)
}

// ErrConnectionExists is a second connection of a network to a gateway.
func ErrConnectionExists(c Connection) *Error {
	return Errorf(Conflict, "L2GatewayConnectionExists",
		"network_id %s is already connected to l2_gateway %s", c.NetworkID, c.GatewayID)
}

// ErrRemoteGatewayExists is a second remote gateway with one address.
func ErrRemoteGatewayExists(g RemoteGateway) *Error {
	return Errorf(Conflict, "L2RemoteGatewayExists",
		"ipaddr %s: another l2_remote_gateway has this address", g.Addr)
}

// ErrRemoteConnectionExists is a second connection of a network from one
// gateway to one remote gateway.
func ErrRemoteConnectionExists(r RemoteConnection) *Error {
	return Errorf(Conflict, "L2RemoteGatewayConnectionExists",
		"network_id %s is already connected from l2_gateway %s to l2_remote_gateway %s",
		r.NetworkID, r.GatewayID, r.RemoteGatewayID)
}

// ErrTunnelKeyTaken is a tunnel key that another network uses on the same link.
func ErrTunnelKeyTaken(r RemoteConnection) *Error {
	return Errorf(Conflict, "L2RemoteGatewayDuplicateSegmentationID",
		"segmentation_id %d: another network uses it between l2_gateway %s, or one that shares a device with it, "+
			"and l2_remote_gateway %s; arriving frames could not be told apart",
		r.TunnelKey, r.GatewayID, r.RemoteGatewayID)
}

// ErrNotConnected is a network that no connection joins to the gateway through
// which it is to reach a remote one.
func ErrNotConnected(r RemoteConnection) *Error {
	return Errorf(Invalid, "InvalidInput",
		"network_id %s is not connected to l2_gateway %s: create an l2_gateway_connection first", r.NetworkID, r.GatewayID)
}

// ErrRemoteMACExists is a MAC that is given twice on one remote connection.
func ErrRemoteMACExists(m RemoteMAC) *Error {
	return Errorf(Conflict, "L2RemoteMacExists",
		"mac %s exists already on rgw_connection %s", m.MAC, m.RemoteConnectionID)
}

func errStale(wanted, current Revision) *Error {
	return Errorf(Stale, "RevisionNumberConstraintFailed",
		"Constrained to %d, but current revision is %d", wanted, current)
}

func errDeviceNotFound(gatewayID, device string) *Error {
	return Errorf(NotFound, "L2GatewayDeviceNotFound",
		"device_name %q: l2_gateway %s has no such device", device, gatewayID)
}

func errMixedInterfaces(device, port string, kind InterfaceKind) *Error {
	return Errorf(Conflict, "L2GatewaySegmentationRequired",
		"segmentation_id: interface %q of device %q is one of the %s, others of the gateway are not; "+
			"either all interfaces of a gateway carry it or none does", port, device, kind)
}

func errKindInUse(id string, before, after InterfaceKind, connectionID string) *Error {
	return Errorf(Conflict, "L2GatewayInUse",
		"devices: l2_gateway %s has %s and cannot change to %s while connections exist (%s)", id, before, after, connectionID)
}

func errVLANTwice(vlan uint16, gatewayID string) *Error {
	return Errorf(Invalid, "InvalidInput",
		"segmentation_id %d must not be given: the interfaces of l2_gateway %s carry their own", vlan, gatewayID)
}

func errVLANMissing(gatewayID string) *Error {
	return Errorf(Invalid, "InvalidInput",
		"segmentation_id is required: the interfaces of l2_gateway %s carry none", gatewayID)
}

func errBindingTaken(b portVLAN, c Connection) *Error {
	return Errorf(Conflict, "L2GatewayDuplicateSegmentationID",
		"segmentation_id %d of interface %q of device %q carries network %s by connection %s; "+
			"one VLAN of a port carries one network", b.vlan, b.port, b.device, c.NetworkID, c.ID)
}

func errSegments(n Network) *Error {
	return Errorf(Conflict, "L2GatewayNetworkUnsupported",
		"network_id %s has %d segments; a gateway serves networks with exactly one, of a tunnelled type",
		n.ID, len(n.Segments))
}

func errNotTunnelled(n Network) *Error {
	return Errorf(Conflict, "L2GatewayNetworkUnsupported",
		"network_id %s is of type %q; a gateway serves networks of a tunnelled type (vxlan, gre, geneve)",
		n.ID, n.Segments[0].Type)
}

func errNoTunnelKey(networkID string, id uint32) *Error {
	return Errorf(Conflict, "L2GatewayNetworkUnsupported",
		"network_id %s has segmentation id %d, which is no tunnel key (1–%d): give a segmentation_id", networkID, id, MaxTunnelKey)
}

// ErrOverQuota is a create after which a project would own more than it may.
// The words are Neutron's, by which clients know it.
func ErrOverQuota(k Kind) *Error {
	return Errorf(Conflict, overQuota, "Quota exceeded for resources: ['%s'].", k)
}

const overQuota = "OverQuota"

// IsOverQuota tells whether an error is one of ErrOverQuota.
func IsOverQuota(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Kind == overQuota
}

// ErrQuotaNotFound is a project without limits of its own.
func ErrQuotaNotFound(project string) *Error {
	return Errorf(NotFound, "TenantQuotaNotFound", "Quota for tenant %s could not be found.", project)
}
