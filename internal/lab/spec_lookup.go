package lab

import (
	"net/netip"
)

// peers gives the tunnel addresses of the other compute nodes that have VMs on
// a network.
func (c Cloud) peers(of Compute, n Network) []netip.Addr {
	var out []netip.Addr
	for _, other := range c.Computes {
		if other.Name != of.Name && c.Hosts(other.Name, n.ID) {
			out = append(out, other.Addr.Addr())
		}
	}
	return out
}

func (c Cloud) networkByID(id string) Network {
	for _, n := range c.Networks {
		if n.ID == id {
			return n
		}
	}
	return Network{}
}

// withAddr gives the prefix of the same length around another address.
func withAddr(p netip.Prefix, a netip.Addr) netip.Prefix { return netip.PrefixFrom(a, p.Bits()) }
