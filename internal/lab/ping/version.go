package ping

import (
	"net/netip"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
	"golang.org/x/sys/unix"
)

// version is what differs between ICMP of IPv4 and of IPv6.
type version struct {
	network, any   string // of the socket
	protocol       int
	request, reply icmp.Type
	headers        int // bytes of IP's and ICMP's
	level          int // of whole
	whole          []option
}

// option is an option of a socket.
type option struct{ name, value int }

var (
	v4 = version{
		network: "ip4:icmp", any: "0.0.0.0", protocol: 1,
		request: ipv4.ICMPTypeEcho, reply: ipv4.ICMPTypeEchoReply, headers: 20 + 8,
		level: unix.IPPROTO_IP, whole: []option{{unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DO}},
	}
	v6 = version{
		network: "ip6:ipv6-icmp", any: "::", protocol: 58,
		request: ipv6.ICMPTypeEchoRequest, reply: ipv6.ICMPTypeEchoReply, headers: 40 + 8,
		level: unix.IPPROTO_IPV6, whole: []option{{unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_DO}, {unix.IPV6_DONTFRAG, 1}},
	}
)

func versionOf(a netip.Addr) version {
	if a.Is4() {
		return v4
	}
	return v6
}
