package datapath

import (
	"encoding/binary"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Of linux/netdev.h, since 6.3.
const (
	netdevGetDevice   = 1 // NETDEV_CMD_DEV_GET
	netdevIfIndex     = 1 // NETDEV_A_DEV_IFINDEX
	netdevXDPFeatures = 3 // NETDEV_A_DEV_XDP_FEATURES
	netdevTakesXDP    = 4 // NETDEV_XDP_ACT_NDO_XMIT
)

// genlHeader is struct genlmsghdr: command, version and two zeros, on which this
// family insists. (That of the library has no zeros of its own.)
type genlHeader [nl.SizeofGenlmsg]byte

func (h genlHeader) Len() int          { return len(h) }
func (h genlHeader) Serialize() []byte { return h[:] }

// takesXDP tells whether an interface sends what XDP redirects to it. Not known:
// the kernel does not tell.
func takesXDP(index int) (takes, known bool) {
	family, err := netlink.GenlFamilyGet("netdev")
	if err != nil {
		return false, false
	}
	request := nl.NewNetlinkRequest(int(family.ID), 0)
	request.AddData(genlHeader{netdevGetDevice, 1})
	request.AddData(nl.NewRtAttr(netdevIfIndex, nl.Uint32Attr(uint32(index))))
	answers, err := request.Execute(unix.NETLINK_GENERIC, 0)
	if err != nil || len(answers) == 0 {
		return false, false
	}
	attributes, err := nl.ParseRouteAttr(answers[0][nl.SizeofGenlmsg:])
	if err != nil {
		return false, false
	}
	for _, a := range attributes {
		if a.Attr.Type == netdevXDPFeatures && len(a.Value) == 8 {
			return binary.NativeEndian.Uint64(a.Value)&netdevTakesXDP != 0, true
		}
	}
	return false, false
}
