package hwvtep

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"

	"landbridge/internal/ethernet"
)

// ReplicationMode is a value of Logical_Switch.replication_mode.
type ReplicationMode string

// The replication modes of vtep(5). Landbridge's switches replicate at the
// source: each flooded frame is copied to every locator of the set.
const (
	SourceNode  ReplicationMode = "source_node"
	ServiceNode ReplicationMode = "service_node"
)

// UnknownDst is the Mcast_Macs_Remote.MAC whose locators get broadcast,
// multicast and unknown unicast.
const UnknownDst = "unknown-dst"

// AcceptOnly is the Mcast_Macs_Remote.MAC, a locally administered group that
// nobody sends to, whose locators belong to the logical switch without being
// flooded to. By it a remote connection without flooding still has its tunnel
// in the database, and what the remote side sends is accepted.
const AcceptOnly = "03:4c:42:00:00:01"

// LogicalSwitch is everything that a database holds of one Logical_Switch: its
// row, the remote MACs and the VLAN bindings that refer to it.
type LogicalSwitch struct {
	Name        string
	Key         Key // tunnel_key
	Description string
	Replication ReplicationMode // "" where the column is unset
	// Ucast has the rows of Ucast_Macs_Remote. A plan has each MAC once; a
	// database may have it more often, since the schema has no index on it.
	Ucast UcastSet
	// Mcast has the locator sets of Mcast_Macs_Remote by MAC (UnknownDst,
	// AcceptOnly, or a group that another controller has set).
	Mcast map[string]Set[Locator]
	// Bindings has the entries of Physical_Port.vlan_bindings.
	Bindings Set[Binding]
	// Filters has what is kept from crossing tunnels, by locator, where that is
	// anything; nil for none at all. A locator here need not be one of a row.
	Filters map[Locator]Filter
	// Gateways has the addresses of the network's own routers, in this cloud.
	Gateways Set[netip.Addr]
	// Overrides are an operator's. Diff leaves them alone.
	Overrides Overrides
}

// Ucast is a row of Ucast_Macs_Remote: a host behind a tunnel.
type Ucast struct {
	MAC     ethernet.MAC
	Addr    netip.Addr // ipaddr; the zero Addr where the column is ""
	Locator Locator
}

// Binding is an entry of Physical_Port.vlan_bindings.
type Binding struct {
	Switch string // Physical_Switch.name
	Port   string // Physical_Port.name
	VLAN   uint16 // 0–4095
}

// NewLogicalSwitch makes one without MACs or bindings, its sets ready to add to.
func NewLogicalSwitch(name string, key Key) *LogicalSwitch {
	return &LogicalSwitch{
		Name: name, Key: key,
		Ucast: UcastSet{}, Mcast: map[string]Set[Locator]{}, Bindings: Set[Binding]{},
	}
}

// AddMcast puts a locator into the set of a multicast row.
func (s *LogicalSwitch) AddMcast(mac string, l Locator) {
	if s.Mcast[mac] == nil {
		s.Mcast[mac] = Set[Locator]{}
	}
	s.Mcast[mac].Add(l)
}

// SetFilter sets what is kept from crossing a tunnel.
func (s *LogicalSwitch) SetFilter(l Locator, f Filter) {
	switch {
	case f == 0:
		delete(s.Filters, l)
	case s.Filters == nil:
		s.Filters = map[Locator]Filter{l: f}
	default:
		s.Filters[l] = f
	}
}

// Locators gives every locator that a row of the logical switch refers to.
func (s *LogicalSwitch) Locators() Set[Locator] {
	out := Set[Locator]{}
	for l := range s.Ucast {
		out.Add(l)
	}
	for _, set := range s.Mcast {
		maps.Copy(out, set)
	}
	return out
}

// Clone gives a deep copy.
func (s *LogicalSwitch) Clone() *LogicalSwitch {
	c := *s
	c.Ucast, c.Bindings = s.Ucast.Clone(), s.Bindings.Clone()
	c.Mcast = make(map[string]Set[Locator], len(s.Mcast))
	for mac, set := range s.Mcast {
		c.Mcast[mac] = set.Clone()
	}
	c.Filters, c.Gateways = maps.Clone(s.Filters), maps.Clone(s.Gateways)
	return &c
}

// Equal tells whether both hold the same; two nil ones do.
func (s *LogicalSwitch) Equal(o *LogicalSwitch) bool {
	if s == nil || o == nil {
		return s == o
	}
	return s.Name == o.Name && s.row() == o.row() && s.Overrides == o.Overrides &&
		maps.Equal(s.Filters, o.Filters) && s.Gateways.Equal(o.Gateways) &&
		s.Ucast.Equal(o.Ucast) && s.Bindings.Equal(o.Bindings) &&
		maps.EqualFunc(s.Mcast, o.Mcast, Set[Locator].Equal)
}

// Row is the Logical_Switch row's own columns beside its name.
type Row struct {
	Key         Key
	Description string
	Replication ReplicationMode
}

func (s *LogicalSwitch) row() Row { return Row{s.Key, s.Description, s.Replication} }

// String is for logs and messages: "port p1 VLAN 100".
func (b Binding) String() string { return fmt.Sprintf("port %s VLAN %d", b.Port, b.VLAN) }

// Compare orders unicast rows by MAC, then locator, then address.
func (u Ucast) Compare(o Ucast) int {
	if c := u.MAC.Compare(o.MAC); c != 0 { // as a rule: the rest takes longer
		return c
	}
	return cmp.Or(u.Locator.Compare(o.Locator), u.Addr.Compare(o.Addr))
}

// Compare orders bindings by switch, port and VLAN.
func (b Binding) Compare(o Binding) int {
	return cmp.Or(cmp.Compare(b.Switch, o.Switch), cmp.Compare(b.Port, o.Port), cmp.Compare(b.VLAN, o.VLAN))
}
