package server

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"landbridge/internal/ethernet"
	"landbridge/internal/l2gw"
)

func TestAPackedSiteIsTheSame(t *testing.T) {
	v4, v6 := netip.MustParseAddr("192.168.0.11"), netip.MustParseAddr("fd01::11")
	whole := l2gw.Site{
		Network: l2gw.Network{ID: blue, Name: "blue", MTU: 1450, Segments: []l2gw.Segment{{Type: l2gw.TypeVXLAN, ID: 123}}},
		Ports: []l2gw.Port{
			{ID: "p1", NetworkID: blue, MAC: ethernet.MAC{2, 0, 0, 0, 0, 1}, Addrs: []netip.Addr{v4, v6}, Host: "a1"},
			{ID: "0b0d7c2a-3f6e-4f3b-8a55-6d6f1f3d9a01", NetworkID: blue, MAC: ethernet.MAC{2, 0, 0, 0, 0, 2}, Host: "a2"},
			{ID: "0B0D7C2A-3F6E-4F3B-8A55-6D6F1F3D9A02", NetworkID: blue, MAC: ethernet.MAC{2, 0, 0, 0, 0, 3}},
			{NetworkID: blue, MAC: ethernet.MAC{2, 0, 0, 0, 0, 4}, Addrs: []netip.Addr{v6}, Host: "a1"},
		},
		Endpoints: map[string]netip.Addr{"a1": netip.MustParseAddr("10.0.0.11")}, // a2's is not known
		Gateways:  []netip.Addr{v4},
		Notes:     []l2gw.Note{{Pending: true, Reason: "Not yet."}},
	}
	empty := l2gw.Site{Network: l2gw.Network{ID: blue}, Endpoints: map[string]netip.Addr{}}
	same := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
	for name, want := range map[string]l2gw.Site{"whole": whole, "empty": empty} {
		if diff := cmp.Diff(want, *packSite(want).unpack(), same); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	var none *packedSite
	if none.unpack() != nil {
		t.Error("no site is one")
	}
}
