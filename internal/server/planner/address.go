package planner

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
)

// encapsulation gives the schema's value for a tunnel to an address; where the
// switch cannot have one, reason says why, as a sentence.
func encapsulation(word l2gw.Encapsulation, to netip.Addr, p *switchPlan) (value hwvtep.Encapsulation, reason string) {
	value = schemaValue(word, to)
	if all := hwvtep.Encapsulations(); !slices.Contains(all, value) {
		return "", fmt.Sprintf("Tunnels of kind %s are not supported by this version; it has %s.", value, list(all))
	}
	if !p.sw.Schema.Offers(value) {
		return "", fmt.Sprintf("Switch %q does not offer tunnels of kind %s; its schema has %s.", p.name, value, list(p.sw.Schema.Encapsulations))
	}
	return value, ""
}

// schemaValue is the value of encapsulation_type for a word of the API.
func schemaValue(word l2gw.Encapsulation, to netip.Addr) hwvtep.Encapsulation {
	if word == "" {
		word = l2gw.VXLAN
	}
	if to.Is6() {
		return hwvtep.Encapsulation(word + "_over_ipv6")
	}
	return hwvtep.Encapsulation(word + "_over_ipv4")
}

func list(values []hwvtep.Encapsulation) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = string(v)
	}
	slices.Sort(words)
	return strings.Join(words, ", ")
}

var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// unusable tells why no tunnel can lead to an address, "" where one can.
func unusable(a netip.Addr) string {
	switch {
	case !a.IsValid():
		return "no address"
	case a.IsUnspecified(), a.IsMulticast(), a.IsLoopback(), a == broadcast:
		return fmt.Sprintf("the address %s, which is not a host's", a)
	case a.Is6() && a.IsLinkLocalUnicast():
		return fmt.Sprintf("the address %s, which is valid on one link alone", a)
	}
	return ""
}

// own has the tunnel addresses of a switch.
func (p *switchPlan) own(a netip.Addr) bool {
	if slices.Contains(p.sw.TunnelIPs, a) || p.sw.FabricIP() == a {
		return true
	}
	wan, err := netip.ParseAddr(p.sw.OtherConfig[hwvtep.WANAddr])
	return err == nil && wan == a
}

// hostAddr is an address as the column ipaddr takes it: without zone, IPv4 as
// such.
func hostAddr(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

func firstAddr(p l2gw.Port) netip.Addr {
	if len(p.Addrs) == 0 {
		return netip.Addr{}
	}
	return hostAddr(p.Addrs[0])
}
