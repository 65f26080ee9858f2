package hwvtep

import "landbridge/internal/ethernet"

// Local is what a switch tells of the hosts on its own ports, by logical switch:
// the rows of Ucast_Macs_Local. A logical switch that is there, with MACs or
// without, has ports of the switch, and with them a row UnknownDst in
// Mcast_Macs_Local.
type Local map[string]Set[ethernet.MAC]

// BindingStats is a Logical_Binding_Stats: frames and bytes that a VLAN of a port
// has brought (from local) and that have left by it (to local).
type BindingStats struct {
	PacketsFromLocal, BytesFromLocal, PacketsToLocal, BytesToLocal uint64
}
