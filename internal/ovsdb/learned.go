package ovsdb

import (
	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
)

// Learned gives the local MACs of a logical switch. Rows that make no sense are
// passed over: they are the switch's to mend.
func (c *Client) Learned(name string) hwvtep.Learned {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.mirror.byName[name]
	if e == nil {
		return hwvtep.Learned{}
	}
	var rows []hwvtep.LocalMAC
	for _, l := range e.local {
		if l.table != tableUcastLocal || l.at == nil || l.at.bad != "" {
			continue
		}
		mac, err := ethernet.ParseMAC(l.mac)
		if err != nil || mac.IsZero() || mac.IsMulticast() {
			continue
		}
		rows = append(rows, hwvtep.LocalMAC{MAC: mac, At: l.at.value.Addr})
	}
	return hwvtep.NewLearned(rows)
}
