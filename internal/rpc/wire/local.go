package wire

import (
	"fmt"
	"net/netip"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
)

// Local are local MACs of the switch with a tunnel address.
type Local struct {
	At   netip.Addr `json:"at"`
	MACs []string   `json:"macs"`
}

// locals gathers rows by switch, in the order in which switches occur.
func locals(l hwvtep.Learned) (out []Local) {
	at := map[netip.Addr]int{}
	for row := range l.All() {
		i, ok := at[row.At]
		if !ok {
			i = len(out)
			at[row.At] = i
			out = append(out, Local{At: row.At})
		}
		out[i].MACs = append(out[i].MACs, row.MAC.String())
	}
	return out
}

// learned reads what locals wrote.
func learned(list []Local) (hwvtep.Learned, error) {
	var rows []hwvtep.LocalMAC
	for _, w := range list {
		for _, text := range w.MACs {
			mac, err := ethernet.ParseMAC(text)
			if err != nil {
				return hwvtep.Learned{}, fmt.Errorf("local: %w", err)
			}
			rows = append(rows, hwvtep.LocalMAC{MAC: mac, At: w.At})
		}
	}
	return hwvtep.NewLearned(rows), nil
}
