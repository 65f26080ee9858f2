package rpc

import (
	"net/netip"
	"slices"
	"testing"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
)

func TestMethodOf(t *testing.T) {
	node := hwvtep.Locator{Encapsulation: hwvtep.VXLANOverIPv4, Addr: netip.MustParseAddr("10.0.0.11")}
	remote := hwvtep.Locator{Encapsulation: hwvtep.VXLANOverIPv4, Addr: netip.MustParseAddr("203.0.113.2"), Key: hwvtep.NewKey(456)}
	base := hwvtep.NewLogicalSwitch("landbridge/n", hwvtep.NewKey(123))
	base.AddMcast(hwvtep.UnknownDst, node)
	with := func(ls *hwvtep.LogicalSwitch, change func(*hwvtep.LogicalSwitch)) *hwvtep.LogicalSwitch {
		ls = ls.Clone()
		change(ls)
		return ls
	}
	host := func(at hwvtep.Locator) func(*hwvtep.LogicalSwitch) {
		return func(ls *hwvtep.LogicalSwitch) {
			ls.Ucast.Add(hwvtep.Ucast{MAC: ethernet.MAC{2, 0, 0, 0, 0, 1}, Locator: at})
		}
	}
	flooded := with(base, func(ls *hwvtep.LogicalSwitch) { ls.AddMcast(hwvtep.UnknownDst, remote) })
	accepted := with(base, func(ls *hwvtep.LogicalSwitch) { ls.AddMcast(hwvtep.AcceptOnly, remote) })
	behind := with(flooded, host(remote))
	bound := with(base, func(ls *hwvtep.LogicalSwitch) { ls.Bindings.Add(hwvtep.Binding{Switch: "sw", Port: "p"}) })
	for _, c := range []struct {
		was, now *hwvtep.LogicalSwitch
		want     string
	}{
		{nil, base, CreateConnection},
		{base, nil, DeleteConnection},
		{base, flooded, CreateRemoteUnknown},
		{base, accepted, CreateRemoteUnknown},
		{flooded, base, DeleteRemoteUnknown},
		{behind, base, DeleteRemoteUnknown},
		{flooded, behind, CreateRemoteMAC},
		{behind, flooded, DeleteRemoteMAC},
		{base, bound, PortChanged},
		{base, with(base, host(node)), PortChanged},
		{flooded, accepted, PortChanged},
		{base, base, PortChanged},
	} {
		got := MethodOf(c.was, c.now)
		if got != c.want {
			t.Errorf("from %+v to %+v: %s, want %s", c.was, c.now, got, c.want)
		}
		if !slices.Contains(Notices(), got) {
			t.Errorf("%s is not among the notices", got)
		}
	}
}
