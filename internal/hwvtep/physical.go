package hwvtep

import (
	"maps"
	"net/netip"
	"slices"
)

// PhysicalSwitch is a Physical_Switch as its database shows it.
type PhysicalSwitch struct {
	Name        string
	Description string
	TunnelIPs   []netip.Addr // tunnel_ips, sorted
	Ports       []PhysicalPort
	Faults      []string // switch_fault_status, sorted
	OtherConfig map[string]string
}

// PhysicalPort is a Physical_Port.
type PhysicalPort struct {
	Name        string
	Description string
	Faults      []string // port_fault_status, sorted
}

// Keys of other_config by which Landbridge's programs speak to each other
// through the database. A switch that does not know them is served all the
// same.
const (
	// FabricAddr, in Physical_Switch: which of tunnel_ips faces the compute
	// nodes. Absent: the first.
	FabricAddr = "landbridge-fabric-ip"
	// WANAddr, in Physical_Switch: which of tunnel_ips faces remote gateways.
	WANAddr = "landbridge-wan-ip"
	// Wanted, in Global: a number that the agent raises after each change it
	// has made, in a transaction of its own.
	Wanted = "landbridge-wanted"
	// Done, in Physical_Switch: the last Wanted whose changes the switch's
	// dataplane has carried out. A switch that has never set it is believed as
	// soon as the rows are there.
	Done = "landbridge-done"
	// Epoch, in Global: the number of the assignment by which an agent serves
	// the database. It only grows; an agent of a lower one writes nothing.
	Epoch = "landbridge-epoch"
	// Agent, in Global beside Epoch: the name of that agent.
	Agent = "landbridge-agent"
)

// FabricIP is the address that compute nodes tunnel to; the zero Addr where
// the switch shows none.
func (s *PhysicalSwitch) FabricIP() netip.Addr {
	if a, err := netip.ParseAddr(s.OtherConfig[FabricAddr]); err == nil {
		return a
	}
	if len(s.TunnelIPs) == 0 {
		return netip.Addr{}
	}
	return s.TunnelIPs[0]
}

// Port gives the port of that name, nil where there is none.
func (s *PhysicalSwitch) Port(name string) *PhysicalPort {
	i := slices.IndexFunc(s.Ports, func(p PhysicalPort) bool { return p.Name == name })
	if i < 0 {
		return nil
	}
	return &s.Ports[i]
}

// Equal tells whether both show the same.
func (s *PhysicalSwitch) Equal(o *PhysicalSwitch) bool {
	return s.Name == o.Name && s.Description == o.Description && slices.Equal(s.TunnelIPs, o.TunnelIPs) &&
		slices.EqualFunc(s.Ports, o.Ports, func(a, b PhysicalPort) bool {
			return a.Name == b.Name && a.Description == b.Description && slices.Equal(a.Faults, b.Faults)
		}) &&
		slices.Equal(s.Faults, o.Faults) && maps.Equal(s.OtherConfig, o.OtherConfig)
}

// Schema is what a database's schema offers beyond the oldest one.
type Schema struct {
	Version        string
	LocatorKeys    bool // Physical_Locator.tunnel_key: without it there is no border gateway
	Encapsulations []Encapsulation
	Replication    bool // Logical_Switch.replication_mode
	OtherConfig    bool // Global, Physical_Switch: other_config
	LogicalConfig  bool // Logical_Switch.other_config: filters, gateways, overrides
}

// Offers tells whether locators may have an encapsulation. A schema that names
// none does not say, and one that takes any text names none.
func (s Schema) Offers(e Encapsulation) bool {
	return len(s.Encapsulations) == 0 || slices.Contains(s.Encapsulations, e)
}

// Equal tells whether both offer the same.
func (s Schema) Equal(o Schema) bool {
	return s.Version == o.Version && s.LocatorKeys == o.LocatorKeys && s.Replication == o.Replication &&
		s.OtherConfig == o.OtherConfig && s.LogicalConfig == o.LogicalConfig &&
		slices.Equal(s.Encapsulations, o.Encapsulations)
}
