package datapath

import (
	"encoding/binary"
	"testing"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"landbridge/internal/lab/testenv"
)

// vxlan is a device of the kernel that leads to one other end. The netlink
// library cannot ask for one without UDP checksums.
type vxlan struct {
	vni           uint32
	local, remote string
	checksum      bool // of UDP, in what it sends
}

// add makes the device, "vx", and sets it up.
func (v vxlan) add(t testing.TB, n *testenv.NetNS) {
	t.Helper()
	info := nl.NewRtAttr(unix.IFLA_LINKINFO, nil)
	info.AddRtAttr(nl.IFLA_INFO_KIND, []byte("vxlan"))
	data := info.AddRtAttr(nl.IFLA_INFO_DATA, nil)
	data.AddRtAttr(nl.IFLA_VXLAN_ID, nl.Uint32Attr(v.vni))
	local, remote := nl.IFLA_VXLAN_LOCAL, nl.IFLA_VXLAN_GROUP
	if addr(v.local).Is6() {
		local, remote = nl.IFLA_VXLAN_LOCAL6, nl.IFLA_VXLAN_GROUP6
	}
	data.AddRtAttr(local, addr(v.local).AsSlice())
	data.AddRtAttr(remote, addr(v.remote).AsSlice())
	data.AddRtAttr(nl.IFLA_VXLAN_PORT, binary.BigEndian.AppendUint16(nil, 4789))
	data.AddRtAttr(nl.IFLA_VXLAN_LEARNING, nl.Uint8Attr(1))
	data.AddRtAttr(nl.IFLA_VXLAN_UDP_CSUM, nl.Uint8Attr(map[bool]uint8{true: 1}[v.checksum]))
	n.Do(func() {
		request := nl.NewNetlinkRequest(unix.RTM_NEWLINK, unix.NLM_F_CREATE|unix.NLM_F_EXCL|unix.NLM_F_ACK)
		request.AddData(nl.NewIfInfomsg(unix.AF_UNSPEC))
		request.AddData(nl.NewRtAttr(unix.IFLA_IFNAME, nl.ZeroTerminated("vx")))
		request.AddData(nl.NewRtAttr(unix.IFLA_MTU, nl.Uint32Attr(1400)))
		request.AddData(info)
		if _, err := request.Execute(unix.NETLINK_ROUTE, 0); err != nil {
			t.Fatalf("add a vxlan device in %s: %v", n.Name, err)
		}
	})
	n.Up("vx")
}
