package hwvtep

import (
	"net/netip"
	"strings"
)

// Fault is one entry that vtepd writes into switch_fault_status (a free set of
// strings in the schema): what does not work, and why.
type Fault struct {
	// LogicalSwitch is the name of the one concerned, or Everywhere.
	LogicalSwitch string
	// Part is the text of the Locator or Binding concerned, "" where the whole
	// logical switch is; that of an End where LogicalSwitch is Everywhere.
	Part   string
	Reason string
	// Extent says how much is concerned, where LogicalSwitch is Everywhere. It
	// may change while the fault stays the same.
	Extent string
}

// Everywhere stands for all logical switches with tunnels to an End: one fault
// says what else thousands would.
const Everywhere = "*"

// End is where tunnels of many logical switches lead: an address, by the side
// that they are on. It may be reached from one side alone.
type End struct {
	WAN  bool
	Addr netip.Addr
}

// End gives where a locator's tunnel leads.
func (l Locator) End() End { return End{WAN: l.WAN(), Addr: l.Addr} }

// String is the Part of a fault: "tunnels of the wan to 203.0.113.2".
func (e End) String() string {
	side := "fabric"
	if e.WAN {
		side = "wan"
	}
	return "tunnels of the " + side + " to " + e.Addr.String()
}

const faultSeparator = " | "

// String writes the fault as one string for the database.
func (f Fault) String() string {
	parts := []string{f.LogicalSwitch, f.Part, f.Reason}
	if f.LogicalSwitch == Everywhere {
		parts = append(parts, f.Extent)
	}
	return strings.Join(parts, faultSeparator)
}

// ParseFault reads what String wrote. Other switches write words of their own
// (vtep(5) lists some): those are no Fault.
func ParseFault(s string) (Fault, bool) {
	parts := strings.SplitN(s, faultSeparator, 3)
	if len(parts) != 3 || parts[0] == "" || parts[2] == "" {
		return Fault{}, false
	}
	f := Fault{LogicalSwitch: parts[0], Part: parts[1], Reason: parts[2]}
	if f.LogicalSwitch != Everywhere {
		return f, true
	}
	i := strings.LastIndex(f.Reason, faultSeparator)
	if i <= 0 {
		return Fault{}, false
	}
	f.Reason, f.Extent = f.Reason[:i], f.Reason[i+len(faultSeparator):]
	return f, true
}
