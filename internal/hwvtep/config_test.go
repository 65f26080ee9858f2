package hwvtep

import (
	"maps"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestConfigIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anySwitch(t, "switch")
		if want == nil {
			return
		}
		want.Overrides = Overrides{}
		got := want.Clone()
		got.Filters, got.Gateways = nil, nil
		if bad := got.SetConfig(want.Config()); bad != nil || !got.Equal(want) {
			t.Fatalf("%v: got %+v, want %+v", bad, got, want)
		}
	})
}

func TestConfigOfADatabase(t *testing.T) {
	got := NewLogicalSwitch("net", Key{})
	config := map[string]string{
		"landbridge-filter/geneve_over_ipv6/2001:db8::2/456": "dhcp,unknown-unicast",
		"landbridge-gateways":                                "192.168.0.1,fd00::1",
		"flood-rate":                                         "1000", "flood-burst": "0", "mac-limit": "4294967295",
		"somebody": "else's", "landbridge-later": "x",
	}
	bad := got.SetConfig(config)
	want := NewLogicalSwitch("net", Key{})
	want.SetFilter(Locator{GeneveOverIPv6, netip.MustParseAddr("2001:db8::2"), NewKey(456)}, FilterDHCP|FilterUnknown)
	want.Gateways = SetOf(netip.MustParseAddr("192.168.0.1"), netip.MustParseAddr("fd00::1"))
	want.Overrides = Overrides{NewLimit(1000), NewLimit(0), NewLimit(1<<32 - 1)}
	if len(bad) > 0 || !got.Equal(want) {
		t.Errorf("%v: got %+v, want %+v", bad, got, want)
	}
}

func TestConfigThatMakesNoSenseIsLeftOut(t *testing.T) {
	for _, c := range []struct{ key, value, reason string }{
		{"landbridge-filter/gre_over_ipv4/203.0.113.2/1", "dhcp,cake", `filter "cake" is none of dhcp, ra, gateway, multicast, unknown-unicast`},
		{"landbridge-filter/gre_over_ipv4/203.0.113.2/1", "ra,dhcp", "in this order"},
		{"landbridge-filter/gre_over_ipv4/203.0.113.2/1", "", "in this order"},
		{"landbridge-filter/gre_over_ipv4/203.0.113.2", "dhcp", "the key is not"},
		{"landbridge-filter/gre_over_ipv4/203.0.113.2/16777216", "dhcp", "the key is not"},
		{"landbridge-filter/gre_over_ipv4/here/1", "dhcp", "the key is not"},
		{"landbridge-filter//203.0.113.2/1", "dhcp", "the key is not"},
		{"landbridge-gateways", "192.168.0.1,x", `"x" is not an address`},
		{"landbridge-gateways", "fd00::1,192.168.0.1", "192.168.0.1,fd00::1"},
		{"flood-rate", "-1", "not a whole number"},
		{"mac-limit", "4294967296", "not a whole number"},
	} {
		s := NewLogicalSwitch("net", Key{})
		bad := s.SetConfig(map[string]string{c.key: c.value})
		if err := bad[c.key]; err == nil || !strings.Contains(err.Error(), c.reason) || !strings.Contains(err.Error(), c.key) {
			t.Errorf("%s=%q: %v, want %q", c.key, c.value, err, c.reason)
		}
		if !s.Equal(NewLogicalSwitch("net", Key{})) {
			t.Errorf("%s=%q has set %+v", c.key, c.value, s)
		}
	}
}

func TestFilterWordsAndBits(t *testing.T) {
	for f, text := range map[Filter]string{
		0: "", FilterDHCP: "dhcp", FilterRA: "ra", FilterGateway: "gateway", FilterMulticast: "multicast",
		FilterUnknown: "unknown-unicast", FilterUnknown | FilterDHCP: "dhcp,unknown-unicast",
	} {
		if got, err := ParseFilter(text); got != f || err != nil || f.String() != text {
			t.Errorf("%q is %v, %v; it writes %q", text, got, err, f.String())
		}
	}
	if got := []Filter{FilterDHCP, FilterRA, FilterGateway, FilterMulticast, FilterUnknown}; !cmp.Equal(got, []Filter{1, 2, 4, 8, 16}) {
		t.Errorf("the bits are %d", got)
	}
}

func FuzzSetConfig(f *testing.F) {
	f.Add("landbridge-filter/geneve_over_ipv6/2001:db8::2/456", "dhcp,ra")
	f.Add("landbridge-filter/vxlan_over_ipv4/10.0.0.1/-", "gateway")
	f.Add("landbridge-gateways", "192.168.0.1,fd00::1")
	f.Add("flood-burst", "7")
	f.Fuzz(func(t *testing.T, key, value string) {
		s := NewLogicalSwitch("net", Key{})
		if len(s.SetConfig(map[string]string{key: value})) > 0 {
			return
		}
		if config := s.Config(); len(config) > 0 && !maps.Equal(config, map[string]string{key: value}) {
			t.Fatalf("%q=%q is written as %q", key, value, config)
		}
	})
}

func TestLimit(t *testing.T) {
	if n, ok := (Limit{}).Get(); ok || n != 0 || (Limit{}).Or(7) != 7 {
		t.Error("an absent limit has a number")
	}
	if n, ok := NewLimit(0).Get(); !ok || n != 0 || NewLimit(0).Or(7) != 0 {
		t.Error("0 is taken for an absent limit")
	}
}
