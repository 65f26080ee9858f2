package hwvtep

import (
	"net/netip"
	"testing"
)

func FuzzParseFault(f *testing.F) {
	f.Add("landbridge/net | vxlan_over_ipv4 192.0.2.1 key 456 | no route")
	f.Add("* | tunnels of the wan to 192.0.2.1 | no route | 9 tunnels")
	f.Add("* |  | no route | | ")
	f.Add("mac_table_exhaustion")
	f.Fuzz(func(t *testing.T, s string) {
		fault, ok := ParseFault(s)
		if ok && fault.String() != s {
			t.Fatalf("%q parsed to %+v, which writes %q", s, fault, fault.String())
		}
	})
}

func TestParseFaultLeavesForeignWordsAlone(t *testing.T) {
	for _, s := range []string{"", "mac_table_exhaustion", "a | b", " |  | x", "* | a | b", "* | a |  | c"} {
		if f, ok := ParseFault(s); ok {
			t.Errorf("ParseFault(%q) = %+v, want none", s, f)
		}
	}
}

func TestFaultOfManyLogicalSwitches(t *testing.T) {
	wan := End{WAN: true, Addr: netip.MustParseAddr("203.0.113.2")}
	for _, f := range []Fault{
		{LogicalSwitch: Everywhere, Part: wan.String(), Reason: "no route", Extent: "2 tunnels of a, b"},
		{LogicalSwitch: Everywhere, Part: wan.String(), Reason: "no | route"},
	} {
		if got, ok := ParseFault(f.String()); !ok || got != f {
			t.Errorf("%q reads %+v, %v", f, got, ok)
		}
	}
	if got, want := wan.String(), "tunnels of the wan to 203.0.113.2"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// Tunnels of one end are those to one address, on one side: whatever their keys.
func TestEndOfLocators(t *testing.T) {
	a := Locator{Encapsulation: VXLANOverIPv4, Addr: netip.MustParseAddr("203.0.113.2"), Key: NewKey(1)}
	b, fabric := a, a
	b.Key, b.Encapsulation = NewKey(2), GREOverIPv4
	fabric.Key = Key{}
	if a.End() != b.End() || a.End() == fabric.End() || a.End().String() == fabric.End().String() {
		t.Errorf("%s, %s, %s", a.End(), b.End(), fabric.End())
	}
}
