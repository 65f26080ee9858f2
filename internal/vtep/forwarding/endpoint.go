package forwarding

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"landbridge/internal/hwvtep"
)

// IsPort tells whether the endpoint is a VLAN of a physical port.
func (e Endpoint) IsPort() bool { return e.Port() != "" }

// Binding gives back the binding that an endpoint on a port came from, of a
// switch of that name.
func (e Endpoint) Binding(physicalSwitch string) hwvtep.Binding {
	return hwvtep.Binding{Switch: physicalSwitch, Port: e.Port(), VLAN: uint16(e.VNI)}
}

// String is for logs and messages: "203.0.113.2 vni 456", with the encapsulation
// where that is not VXLAN; "port p1 VLAN 100".
func (e Endpoint) String() string {
	switch {
	case e.IsPort():
		return e.Binding("").String()
	case e.Encapsulation() == hwvtep.VXLANOverIPv4, e.Encapsulation() == hwvtep.VXLANOverIPv6:
		return fmt.Sprintf("%s vni %d", e.Remote(), e.VNI)
	}
	return fmt.Sprintf("%s %s key %d", e.Encapsulation(), e.Remote(), e.VNI)
}

// Locator gives back the locator that a tunnel came from: by the rule of the
// keys its group tells whether it has a key.
func (t Tunnel) Locator(e Endpoint) hwvtep.Locator {
	l := hwvtep.Locator{Encapsulation: e.Encapsulation(), Addr: e.Remote()}
	if t.Group == WAN {
		l.Key = hwvtep.NewKey(e.VNI)
	}
	return l
}

// endpoint gives what a locator means on the wire; reason says why it means
// nothing here.
func endpoint(l hwvtep.Locator, inherited hwvtep.Key, local Local) (e Endpoint, reason string) {
	if !slices.Contains(hwvtep.Encapsulations(), l.Encapsulation) {
		return e, fmt.Sprintf("encapsulation %q is not supported: this switch speaks %s", l.Encapsulation, speaks())
	}
	v6 := overIPv6(l.Encapsulation)
	if reason := wrongFamily(l, v6); reason != "" {
		return e, reason
	}
	if reason := unusableAddr(l.Addr, local); reason != "" {
		return e, reason
	}
	if !local.Of(groupOf(l), v6).IsValid() {
		return e, fmt.Sprintf("this switch has no %s address that faces the %s; configure one", family(v6), groupOf(l))
	}
	vni, ok := l.Key.Or(inherited).Get()
	switch {
	case !ok:
		return e, "no tunnel_key: neither the locator nor its Logical_Switch has one; set one of them"
	case vni > hwvtep.MaxKey:
		return e, fmt.Sprintf("tunnel_key %d is out of range: 0 to %d", vni, hwvtep.MaxKey)
	}
	return To(l.Encapsulation, l.Addr, vni), ""
}

var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// overIPv6 tells the family of an encapsulation's underlay, which its name ends
// with.
func overIPv6(e hwvtep.Encapsulation) bool { return strings.HasSuffix(string(e), "_over_ipv6") }

func family(v6 bool) string {
	if v6 {
		return "IPv6"
	}
	return "IPv4"
}

// speaks lists the encapsulations for a message.
func speaks() string {
	names := make([]string, 0, len(hwvtep.Encapsulations()))
	for _, e := range hwvtep.Encapsulations() {
		names = append(names, string(e))
	}
	return strings.Join(names, ", ")
}

// wrongFamily tells why an address is none of its encapsulation's; "".
func wrongFamily(l hwvtep.Locator, v6 bool) string {
	switch {
	case !l.Addr.IsValid():
		return "dst_ip is not an IP address"
	case l.Addr.Is6() != v6 || l.Addr.Is4In6():
		return fmt.Sprintf("dst_ip %s is not %s, as %s needs it", l.Addr, family(v6), l.Encapsulation)
	}
	return ""
}

// unusableAddr tells why nobody can be at the other end of an address; "".
func unusableAddr(a netip.Addr, local Local) string {
	switch {
	case a.IsUnspecified(), a.IsLoopback(), a.IsMulticast(), a == broadcast:
		return fmt.Sprintf("dst_ip %s is not the address of another host", a)
	case a.IsLinkLocalUnicast() && a.Is6():
		return fmt.Sprintf("dst_ip %s is link-local: give an address that routes lead to", a)
	case local.has(a):
		return fmt.Sprintf("dst_ip %s is this switch's own address", a)
	}
	return ""
}

// Compare orders endpoints by port, remote address, VNI and encapsulation.
func (e Endpoint) Compare(o Endpoint) int {
	if e.at == o.at {
		return cmp.Compare(e.VNI, o.VNI)
	}
	a, b := e.place(), o.place()
	return cmp.Or(cmp.Compare(a.port, b.port), a.remote.Compare(b.remote), cmp.Compare(e.VNI, o.VNI), cmp.Compare(a.encapsulation, b.encapsulation))
}

// Overhead is what a tunnel adds to the IP packet inside: the outer headers
// behind the outer Ethernet header, and the inner Ethernet header, in bytes.
func Overhead(e hwvtep.Encapsulation) int {
	const ethernet, ipv4, ipv6, udp, tag = 14, 20, 40, 8, 8
	out := ethernet + tag + ipv4
	if overIPv6(e) {
		out += ipv6 - ipv4
	}
	if e != hwvtep.GREOverIPv4 && e != hwvtep.GREOverIPv6 {
		out += udp
	}
	return out
}
