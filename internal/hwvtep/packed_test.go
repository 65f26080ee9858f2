package hwvtep

import (
	"net/netip"
	"testing"

	"pgregory.net/rapid"

	"landbridge/internal/ethernet"
)

func TestPackedHoldsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anySwitch(t, "a"), anySwitch(t, "b")
		if got := Pack(a).Unpack(); !got.Equal(a) {
			t.Fatalf("%+v comes back as %+v", a, got)
		}
		if same := a.Equal(b); (Pack(a) == Pack(b)) != same {
			t.Fatalf("%+v and %+v: packed they are equal: %v", a, b, !same)
		}
		if a == nil {
			return
		}
		if Pack(a) != Pack(a.Clone()) {
			t.Fatalf("two packs of %+v differ", a)
		}
		if got := Pack(a).Row(); got != a.row() {
			t.Fatalf("row %+v, want %+v", got, a.row())
		}
		all := a.Locators()
		for l := range a.Filters {
			all.Add(l)
		}
		if got := SetOf(Pack(a).Locators()...); !got.Equal(all) {
			t.Fatalf("locators %v, want %v", got, all)
		}
	})
}

func TestPackedNothing(t *testing.T) {
	if Pack(nil) != (Packed{}) || (Packed{}).Unpack() != nil || (Packed{}).Locators() != nil || (Packed{}).Row() != (Row{}) {
		t.Error("nothing is something when it is packed")
	}
	if Pack(NewLogicalSwitch("", Key{})) == (Packed{}) {
		t.Error("an empty logical switch is taken for none")
	}
}

// Each kind of address and each column has its own way there and back.
func TestPackedKeepsEveryField(t *testing.T) {
	s := NewLogicalSwitch("landbridge/n", NewKey(0))
	node := Locator{Encapsulation: GREOverIPv6, Addr: netip.MustParseAddr("fd00::11")}
	wan := Locator{Encapsulation: "new_over_ipv4", Addr: netip.MustParseAddr("192.0.2.1"), Key: NewKey(MaxKey)}
	for i, addr := range []string{"", "192.168.0.1", "fd01::1", "::ffff:192.168.0.1"} {
		u := Ucast{MAC: ethernet.MAC{2, 0, 0, 0, 0, byte(i)}, Locator: wan}
		if addr != "" {
			u.Addr = netip.MustParseAddr(addr)
		}
		s.Ucast.Add(u)
	}
	s.AddMcast(UnknownDst, node)
	s.Mcast[AcceptOnly] = Set[Locator]{}
	s.Bindings.Add(Binding{Switch: "sw", Port: "p", VLAN: 4095})
	s.SetFilter(node, FilterDHCP|FilterRA)
	s.Gateways = SetOf(netip.MustParseAddr("192.168.0.254"))
	s.Overrides = Overrides{FloodRate: NewLimit(0), MACLimit: NewLimit(1<<32 - 1)}
	if got := Pack(s).Unpack(); !got.Equal(s) {
		t.Errorf("%+v comes back as %+v", s, got)
	}
}

// What a million tunnels with a host each take is this times 4,096.
func TestPackedIsSmall(t *testing.T) {
	const nodes = 256
	s := NewLogicalSwitch("landbridge/b10e0000-0000-4000-8000-000000000001", NewKey(1))
	for i := range nodes {
		l := Locator{Encapsulation: VXLANOverIPv4, Addr: netip.AddrFrom4([4]byte{10, 0, 1, byte(i)})}
		s.AddMcast(UnknownDst, l)
		s.Ucast.Add(Ucast{MAC: ethernet.MAC{0xfa, 0x16, 0, 0, 0, byte(i)}, Addr: netip.AddrFrom4([4]byte{192, 168, 0, byte(i)}), Locator: l})
	}
	if each := len(Pack(s).text.Value()) / nodes; each > 32 {
		t.Errorf("%d bytes for each tunnel with a host", each)
	}
}
