package capture

import (
	"maps"
	"slices"
)

// VNIs gives the VNIs that packets travelled in, sorted.
func VNIs(packets []Packet) []uint32 {
	seen := map[uint32]bool{}
	for _, p := range packets {
		if p.Tunnel != nil {
			seen[p.Tunnel.VNI] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// Select gives the packets that keep says yes to.
func Select(packets []Packet, keep func(Packet) bool) []Packet {
	var out []Packet
	for _, p := range packets {
		if keep(p) {
			out = append(out, p)
		}
	}
	return out
}
