package neutron

import (
	"net/netip"
	"slices"
	"strings"

	"landbridge/internal/ethernet"
	"landbridge/internal/l2gw"
)

// What Neutron's REST API answers, with the fields that count here.

// networkDocument is a network as administrators see it. One with several
// segments has them in a list instead of by itself.
type networkDocument struct {
	ID        string            `json:"id"`
	ProjectID string            `json:"project_id"`
	Name      string            `json:"name"`
	MTU       int               `json:"mtu"`
	Type      string            `json:"provider:network_type"`
	SegmentID *uint32           `json:"provider:segmentation_id"`
	Segments  []segmentDocument `json:"segments"`
}

type segmentDocument struct {
	Type      string  `json:"provider:network_type"`
	SegmentID *uint32 `json:"provider:segmentation_id"`
}

func (d networkDocument) network() l2gw.Network {
	n := l2gw.Network{ID: d.ID, ProjectID: d.ProjectID, Name: d.Name, MTU: d.MTU}
	segments := d.Segments
	if len(segments) == 0 && d.Type != "" {
		segments = []segmentDocument{{d.Type, d.SegmentID}}
	}
	for _, s := range segments {
		segment := l2gw.Segment{Type: l2gw.NetworkType(s.Type)}
		if s.SegmentID != nil {
			segment.ID = *s.SegmentID
		}
		n.Segments = append(n.Segments, segment)
	}
	return n
}

// subnetDocument is a subnet.
type subnetDocument struct {
	ID        string `json:"id"`
	NetworkID string `json:"network_id"`
	GatewayIP string `json:"gateway_ip"` // "" (null): none
}

// gatewaysOf gives the addresses of the routers that subnets name, sorted,
// unique.
func gatewaysOf(subnets []subnetDocument) []netip.Addr {
	var out []netip.Addr
	for _, s := range subnets {
		if addr, err := netip.ParseAddr(s.GatewayIP); err == nil {
			out = append(out, addr)
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return slices.Compact(out)
}

// portDocument is a port.
type portDocument struct {
	ID          string `json:"id"`
	NetworkID   string `json:"network_id"`
	MAC         string `json:"mac_address"`
	Status      string `json:"status"` // ACTIVE, BUILD, DOWN, ERROR
	Host        string `json:"binding:host_id"`
	VIF         string `json:"binding:vif_type"` // unbound, binding_failed, or how it is plugged
	DeviceOwner string `json:"device_owner"`
	DeviceID    string `json:"device_id"`
	CreatedAt   string `json:"created_at"`
	FixedIPs    []struct {
		Address string `json:"ip_address"`
	} `json:"fixed_ips"`
	Pairs []struct {
		MAC     string `json:"mac_address"`
		Address string `json:"ip_address"` // or a prefix
	} `json:"allowed_address_pairs"`
	SecurityGroups []string `json:"security_groups"`
	PortSecurity   *bool    `json:"port_security_enabled"` // nil: Neutron has no such extension
}

// portFields are asked for: the rest of a port is long.
var portFields = []string{
	"id", "network_id", "mac_address", "status", "binding:host_id", "binding:vif_type", "device_owner", "device_id",
	"created_at", "fixed_ips", "allowed_address_pairs", "security_groups", "port_security_enabled",
}

// gatewayOwner is the device_owner of ports of gateways, ours and others'.
const gatewayOwner = "network:l2gw"

const (
	active = "ACTIVE"
	down   = "DOWN"
)

// bound tells whether a port is plugged in somewhere.
func (d portDocument) bound() bool {
	return d.Host != "" && !slices.Contains([]string{"", "unbound", "binding_failed", "distributed"}, d.VIF)
}

// carries tells whether frames for the port's MAC are wanted at its host. A port
// that is down is not there (yet); while an agent begins anew, its ports are
// building, and go on working.
func (d portDocument) carries() bool {
	return d.bound() && d.Status != down && d.DeviceOwner != gatewayOwner
}

// port makes of a port what the planner needs; false where its MAC is none.
func (d portDocument) port() (l2gw.Port, bool) {
	mac, err := ethernet.ParseMAC(d.MAC)
	p := l2gw.Port{ID: d.ID, NetworkID: d.NetworkID, MAC: mac, Host: d.Host}
	for _, ip := range d.FixedIPs {
		if addr, err := netip.ParseAddr(ip.Address); err == nil {
			p.Addrs = append(p.Addrs, addr)
		}
	}
	return p, err == nil
}

// pairs gives the MACs that a port may use beside its own, as ports of their
// own.
func (d portDocument) pairs() []l2gw.Port {
	var out []l2gw.Port
	for _, pair := range d.Pairs {
		mac, err := ethernet.ParseMAC(pair.MAC)
		if err != nil || strings.EqualFold(pair.MAC, d.MAC) {
			continue
		}
		p := l2gw.Port{ID: d.ID + "/" + mac.String(), NetworkID: d.NetworkID, MAC: mac, Host: d.Host}
		if addr, err := netip.ParseAddr(pair.Address); err == nil {
			p.Addrs = []netip.Addr{addr}
		}
		out = append(out, p)
	}
	return out
}

// agentDocument is an agent. Configurations differ between kinds of agents.
type agentDocument struct {
	ID             string `json:"id"`
	Host           string `json:"host"`
	Binary         string `json:"binary"`
	Alive          bool   `json:"alive"`
	Configurations struct {
		TunnelingIP  string `json:"tunneling_ip"`
		L2Population bool   `json:"l2_population"`
	} `json:"configurations"`
}

// endpoint is the agent's tunnel address, false where it has none.
func (d agentDocument) endpoint() (netip.Addr, bool) {
	addr, err := netip.ParseAddr(d.Configurations.TunnelingIP)
	return addr, err == nil
}
