package underlay

import (
	"time"

	"github.com/vishvananda/netlink"

	"landbridge/internal/ethernet"
)

// neighbour is what is known of one neighbour. An address once learned is held
// until the kernel finds that nobody answers: while it asks again, or has
// dropped an idle entry, packets go on.
type neighbour struct {
	state  int // NUD_*; NUD_NONE where the kernel has no entry
	mac    ethernet.MAC
	good   bool // mac is to be used
	failed bool // asked for without an answer, since it was last good

	probeAt time.Time     // not to be asked for before
	wait    time.Duration // between the last two attempts
}

// States in which the kernel itself uses the address.
const usable = netlink.NUD_REACHABLE | netlink.NUD_STALE | netlink.NUD_DELAY | netlink.NUD_PROBE |
	netlink.NUD_PERMANENT | netlink.NUD_NOARP

// Pauses between attempts to find a neighbour that does not answer. The kernel
// takes three seconds for one attempt (RFC 1122's ARP, three probes).
const (
	firstWait = time.Second
	maxWait   = 16 * time.Second
)

// observe takes in what the kernel says; a removed entry has state NUD_NONE.
func (n *neighbour) observe(state int, mac ethernet.MAC) {
	n.state = state
	switch {
	case state&usable != 0 && !mac.IsZero():
		n.mac, n.good, n.failed = mac, true, false
		n.probeAt, n.wait = time.Time{}, 0
	case state&(netlink.NUD_FAILED|netlink.NUD_NOARP) != 0:
		n.good, n.failed = false, true
	}
}

// due tells whether to have the kernel ask for the neighbour now, and if so
// notes that it is done. Entries that the kernel is sure of, or is asking for,
// are left alone.
func (n *neighbour) due(now time.Time) bool {
	const settled = netlink.NUD_REACHABLE | netlink.NUD_DELAY | netlink.NUD_PROBE |
		netlink.NUD_PERMANENT | netlink.NUD_NOARP | netlink.NUD_INCOMPLETE
	if n.state&settled != 0 || now.Before(n.probeAt) {
		return false
	}
	n.wait = min(max(2*n.wait, firstWait), maxWait)
	n.probeAt = now.Add(n.wait)
	return true
}
