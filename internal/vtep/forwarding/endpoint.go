package forwarding

import (
	"cmp"
	"fmt"
	"net/netip"

	"landbridge/internal/hwvtep"
)

// String is for logs and messages: "203.0.113.2 vni 456".
func (e Endpoint) String() string { return fmt.Sprintf("%s vni %d", e.Remote, e.VNI) }

// Locator gives back the locator that a tunnel came from: by the rule of the
// keys its group tells whether it has a key.
func (t Tunnel) Locator(e Endpoint) hwvtep.Locator {
	l := hwvtep.Locator{Encapsulation: e.Encapsulation, Addr: e.Remote}
	if t.Group == WAN {
		l.Key = hwvtep.NewKey(e.VNI)
	}
	return l
}

// endpoint gives what a locator means on the wire; reason says why it means
// nothing here.
func endpoint(l hwvtep.Locator, inherited hwvtep.Key, local Local) (e Endpoint, reason string) {
	if l.Encapsulation != hwvtep.VXLANOverIPv4 {
		return e, fmt.Sprintf("encapsulation %q is not supported: this switch speaks %s", l.Encapsulation, hwvtep.VXLANOverIPv4)
	}
	if reason := unusableAddr(l.Addr, local); reason != "" {
		return e, reason
	}
	if own := local.Of(groupOf(l)); !own.Is4() {
		return e, fmt.Sprintf("this switch has no IPv4 address that faces the %s; configure one", groupOf(l))
	}
	vni, ok := l.Key.Or(inherited).Get()
	switch {
	case !ok:
		return e, "no tunnel_key: neither the locator nor its Logical_Switch has one; set one of them"
	case vni > hwvtep.MaxKey:
		return e, fmt.Sprintf("tunnel_key %d is out of range: 0 to %d", vni, hwvtep.MaxKey)
	}
	return Endpoint{l.Encapsulation, l.Addr, vni}, ""
}

var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// unusableAddr tells why nobody can be at the other end of an address; "".
func unusableAddr(a netip.Addr, local Local) string {
	switch {
	case !a.IsValid():
		return "dst_ip is not an IP address"
	case !a.Is4():
		return fmt.Sprintf("dst_ip %s is not IPv4: tunnels over IPv6 are not supported", a)
	case a.IsUnspecified(), a.IsLoopback(), a.IsMulticast(), a == broadcast:
		return fmt.Sprintf("dst_ip %s is not the address of another host", a)
	case a == local.Fabric, a == local.WAN:
		return fmt.Sprintf("dst_ip %s is this switch's own address", a)
	}
	return ""
}

// Compare orders endpoints by remote address, VNI and encapsulation.
func (e Endpoint) Compare(o Endpoint) int {
	return cmp.Or(e.Remote.Compare(o.Remote), cmp.Compare(e.VNI, o.VNI), cmp.Compare(e.Encapsulation, o.Encapsulation))
}
