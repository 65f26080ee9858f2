package hwvtep

import (
	"net/netip"
	"testing"
)

func TestFabricIP(t *testing.T) {
	one, two := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for _, c := range []struct {
		name string
		sw   PhysicalSwitch
		want netip.Addr
	}{
		{"none", PhysicalSwitch{}, netip.Addr{}},
		{"the first", PhysicalSwitch{TunnelIPs: []netip.Addr{one, two}}, one},
		{"the one named", PhysicalSwitch{TunnelIPs: []netip.Addr{one, two}, OtherConfig: map[string]string{FabricAddr: "192.0.2.2"}}, two},
		{"nonsense named", PhysicalSwitch{TunnelIPs: []netip.Addr{one}, OtherConfig: map[string]string{FabricAddr: "x"}}, one},
	} {
		if got := c.sw.FabricIP(); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestOwnerTellsItsOwn(t *testing.T) {
	if id, ok := DefaultOwner.Network(DefaultOwner.Name("n1")); id != "n1" || !ok {
		t.Errorf("got %q, %v", id, ok)
	}
	for _, foreign := range []string{"n1", "landbridge", "landbridge-2/n1", "ls0"} {
		if id, ok := DefaultOwner.Network(foreign); ok {
			t.Errorf("%q is taken for network %q", foreign, id)
		}
	}
}
