package hwvtep

import (
	"cmp"
	"iter"
	"net/netip"
	"slices"

	"landbridge/internal/ethernet"
)

// Local is what a switch tells of the hosts on its own ports, by logical switch:
// the rows of Ucast_Macs_Local. A logical switch that is there, with MACs or
// without, has ports of the switch, and with them a row UnknownDst in
// Mcast_Macs_Local.
type Local map[string]Set[ethernet.MAC]

// BindingStats is a Logical_Binding_Stats: frames and bytes that a VLAN of a port
// has brought (from local) and that have left by it (to local).
type BindingStats struct {
	PacketsFromLocal, BytesFromLocal, PacketsToLocal, BytesToLocal uint64
}

// LocalMAC is a row of Ucast_Macs_Local: a host on a port of a switch.
type LocalMAC struct {
	MAC ethernet.MAC
	At  netip.Addr // dst_ip of its locator: a tunnel address of the switch
}

// Compare orders rows by MAC, then by the switch.
func (m LocalMAC) Compare(o LocalMAC) int {
	return cmp.Or(m.MAC.Compare(o.MAC), m.At.Compare(o.At))
}

// Learned is what Ucast_Macs_Local has of one logical switch, in a form that can be
// compared; the zero Learned is nothing.
type Learned struct{ packed string }

// MostLocal bounds the local MACs of a logical switch that are told on. Of more,
// the first are.
const MostLocal = 4096

const packedLocal = len(ethernet.MAC{}) + 16 // bytes of a row

// NewLearned makes one of rows in any order, which it sorts.
func NewLearned(rows []LocalMAC) Learned {
	slices.SortFunc(rows, LocalMAC.Compare)
	rows = slices.Compact(rows)
	rows = rows[:min(len(rows), MostLocal)]
	packed := make([]byte, 0, len(rows)*packedLocal)
	for _, r := range rows {
		at := r.At.As16()
		packed = append(append(packed, r.MAC[:]...), at[:]...)
	}
	return Learned{string(packed)}
}

// Len is the number of rows.
func (l Learned) Len() int { return len(l.packed) / packedLocal }

// All gives the rows, sorted.
func (l Learned) All() iter.Seq[LocalMAC] {
	return func(yield func(LocalMAC) bool) {
		for p := []byte(l.packed); len(p) > 0; p = p[packedLocal:] {
			mac := ethernet.MAC(p[:len(ethernet.MAC{})])
			at := netip.AddrFrom16([16]byte(p[len(mac):packedLocal])).Unmap()
			if !yield(LocalMAC{MAC: mac, At: at}) {
				return
			}
		}
	}
}
