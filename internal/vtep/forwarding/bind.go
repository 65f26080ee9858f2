package forwarding

import (
	"fmt"

	"landbridge/internal/hwvtep"
)

// MaxVLAN is the largest VLAN that frames may carry: 4095 is reserved (IEEE
// 802.1Q, table 9-2).
const MaxVLAN = 4094

// Bind adds the VLANs of ports that are bound to a logical switch to what Derive
// gave of it, and gives those that cannot be, sorted. The ports are those of the
// physical switch of that name; bindings of other switches are theirs. Broadcast,
// multicast and unknown unicast go to every port.
func Bind(n *Network, ls *hwvtep.LogicalSwitch, physicalSwitch string, ports hwvtep.Set[string]) []Problem {
	var out []Problem
	for _, b := range ls.Bindings.Sorted(hwvtep.Binding.Compare) {
		if b.Switch != physicalSwitch {
			continue
		}
		if reason := unusableBinding(b, ports); reason != "" {
			out = append(out, Problem{Network: ls.Name, Binding: b, Reason: reason})
			continue
		}
		n.Tunnels[OnPort(b.Port, b.VLAN)] = Tunnel{Group: Ports, Flood: true}
	}
	return out
}

// unusableBinding tells why a VLAN of a port cannot carry a network; "".
func unusableBinding(b hwvtep.Binding, ports hwvtep.Set[string]) string {
	switch {
	case !ports.Has(b.Port):
		return fmt.Sprintf("this switch has no port %q: add it to ports of its configuration", b.Port)
	case b.VLAN > MaxVLAN:
		return fmt.Sprintf("VLAN %d is out of range: 0 (untagged) to %d", b.VLAN, MaxVLAN)
	}
	return ""
}
