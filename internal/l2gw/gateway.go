package l2gw

import "net/netip"

// Gateway is an l2_gateway: the switches of this cloud that serve as one
// border gateway.
type Gateway struct {
	ID        string // UUID
	ProjectID string
	Name      string
	Devices   []Device // at least one
	Standard
}

// Device is one switch of a gateway.
type Device struct {
	ID         string // UUID
	Name       string // the switch's Physical_Switch.name
	Interfaces []Interface
}

// Interface is one bare metal port of a device.
type Interface struct {
	Name  string   // the port's Physical_Port.name
	VLANs []uint16 // 0–4094; empty: the connection's default VLAN is used
}

// Connection is an l2_gateway_connection: a network of this cloud served by a
// gateway.
type Connection struct {
	ID        string
	ProjectID string
	GatewayID string
	NetworkID string
	VLAN      *uint16 // for interfaces without VLANs of their own; nil: unset
	Status    Status
	Standard
}

// RemoteGateway is an l2_remote_gateway: the tunnel endpoint of another
// cloud's border gateway.
type RemoteGateway struct {
	ID        string
	ProjectID string
	Name      string
	Addr      netip.Addr
	Standard
}

// RemoteConnection is an l2_remote_gateway_connection: a network of this cloud
// stretched through a local gateway to a remote one.
type RemoteConnection struct {
	ID              string
	ProjectID       string
	GatewayID       string
	NetworkID       string
	RemoteGatewayID string
	// TunnelKey is the key on the WAN link, 1–16777215. It is the network's own
	// segmentation id where none was asked for, fixed when the connection is
	// made: both sides have agreed on it.
	TunnelKey     uint32
	Flood         bool          // flood broadcast, multicast and unknown unicast to the remote side
	Encapsulation Encapsulation // on the WAN link
	Filter        WANFilter     // what does not cross the WAN link
	Status        Status
	Standard
}

// RemoteMAC is an l2_remote_mac: a host known to live behind a remote
// connection.
type RemoteMAC struct {
	ID                 string
	ProjectID          string
	MAC                MAC
	Addr               netip.Addr // the host's address; the zero Addr: unknown
	RemoteConnectionID string
	Standard
}

// Encapsulation is the tunnel protocol of a remote connection, as the API
// writes it.
type Encapsulation string

// The encapsulations that the API knows. Which of them a switch offers is
// another question, answered by the status of the connection.
const (
	VXLAN  Encapsulation = "vxlan"
	Geneve Encapsulation = "geneve"
	GRE    Encapsulation = "gre"
)

// Encapsulations lists the words that the API accepts.
func Encapsulations() []Encapsulation { return []Encapsulation{VXLAN, Geneve, GRE} }
