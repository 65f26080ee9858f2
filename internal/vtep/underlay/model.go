// Package underlay keeps, for pairs of tunnel addresses, the way that packets
// take to the other end: interface, L2 addresses, MTU. It asks the kernel by
// netlink and follows its changes. It adds no addresses and no routes; the one
// thing it does is to have neighbours asked for, since packets that eBPF
// forwards do not.
package underlay

import (
	"net/netip"

	"landbridge/internal/ethernet"
)

// Pair is the two ends of tunnels.
type Pair struct {
	Local, Remote netip.Addr
}

// NextHop is what a packet from Local to Remote has to leave with.
type NextHop struct {
	IfIndex  int
	Src, Dst ethernet.MAC // of the interface, of the neighbour
	MTU      int          // bytes of an IP packet: the interface's, or the route's if smaller
	Resolved bool         // IfIndex and both MACs are good to use
}

// State is what is known of a pair.
type State struct {
	NextHop NextHop
	// Interface and Gateway say which neighbour packets go to, where there is a
	// route; Gateway is the remote address itself where it is on the link.
	Interface string
	Gateway   netip.Addr
	// Problem says for an operator why packets cannot go; "".
	Problem string
	// Pending says that the neighbour is being asked for and has neither
	// answered nor failed yet.
	Pending bool
}

// neighbourKey names an entry of the neighbour tables.
type neighbourKey struct {
	ifIndex int
	addr    netip.Addr
}

// link is what matters of an interface.
type link struct {
	name     string
	mac      ethernet.MAC
	mtu      int
	up       bool // administratively
	carrier  bool
	ethernet bool
}

// route is the answer to a look-up.
type route struct {
	ifIndex int
	gateway netip.Addr // as in State
	mtu     int        // 0 where the route has none of its own
	kind    int        // RTN_UNICAST and its like
}
