package forwarding

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
)

func host(mac, addr string, l hwvtep.Locator) func(*hwvtep.LogicalSwitch) {
	return func(s *hwvtep.LogicalSwitch) {
		s.Ucast.Add(hwvtep.Ucast{MAC: ethernet.MustParseMAC(mac), Addr: ip(addr), Locator: l})
	}
}

func gateways(addrs ...string) func(*hwvtep.LogicalSwitch) {
	return func(s *hwvtep.LogicalSwitch) {
		s.Gateways = hwvtep.Set[netip.Addr]{}
		for _, a := range addrs {
			s.Gateways.Add(ip(a))
		}
	}
}

func TestDeriveNeighbours(t *testing.T) {
	const a, b, router = "fa:16:3e:00:00:0a", "fa:16:3e:00:00:0b", "fa:16:3e:00:00:01"
	filtered := func(s *hwvtep.LogicalSwitch) { s.SetFilter(remote, hwvtep.FilterGateway|hwvtep.FilterDHCP) }
	for name, test := range map[string]struct {
		steps []func(*hwvtep.LogicalSwitch)
		want  map[string]string
		macs  []string // of routers
	}{
		"of both families":          {[]func(*hwvtep.LogicalSwitch){host(a, "192.168.7.1", node1), host(a, "fd00::1", node1)}, map[string]string{"192.168.7.1": a, "fd00::1": a}, nil},
		"of two hosts":              {[]func(*hwvtep.LogicalSwitch){host(a, "192.168.7.1", node1), host(b, "192.168.7.1", node2)}, nil, nil},
		"of one on two tunnels":     {[]func(*hwvtep.LogicalSwitch){host(a, "192.168.7.1", node1), host(a, "192.168.7.2", node2)}, map[string]string{"192.168.7.1": a}, nil},
		"of no host":                {[]func(*hwvtep.LogicalSwitch){host(a, "224.0.0.1", node1), host(a, "::", node1), host(a, "255.255.255.255", node1)}, nil, nil},
		"router":                    {[]func(*hwvtep.LogicalSwitch){gateways("192.168.7.1"), host(router, "192.168.7.1", node1)}, map[string]string{"192.168.7.1": router}, []string{router}},
		"router of the other cloud": {[]func(*hwvtep.LogicalSwitch){gateways("192.168.7.1"), host(router, "192.168.7.1", remote), filtered}, nil, []string{router}},
		"both routers": {
			[]func(*hwvtep.LogicalSwitch){gateways("192.168.7.1"), host(router, "192.168.7.1", remote), host(a, "192.168.7.1", node1), filtered},
			map[string]string{"192.168.7.1": a},
			[]string{router, a},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := Derive(logical(append(test.steps, mcast(hwvtep.UnknownDst, node1, node2, remote))...), here)
			want, macs := map[netip.Addr]ethernet.MAC{}, hwvtep.Set[ethernet.MAC]{}
			for addr, mac := range test.want {
				want[ip(addr)] = ethernet.MustParseMAC(mac)
			}
			for _, mac := range test.macs {
				macs.Add(ethernet.MustParseMAC(mac))
			}
			if diff := cmp.Diff(want, got.Neighbours, compare...); diff != "" {
				t.Errorf("neighbours (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(macs, got.Routers, compare...); diff != "" {
				t.Errorf("routers (-want +got)\n%s", diff)
			}
		})
	}
}

func TestDeriveFilters(t *testing.T) {
	ls := logical(mcast(hwvtep.UnknownDst, node1, remote), gateways("192.168.7.1"))
	ls.SetFilter(remote, hwvtep.FilterRA)
	ls.SetFilter(locator("203.0.113.99", 1), hwvtep.FilterRA) // of no row
	got, problems := Derive(ls, here)
	for e, tunnel := range got.Tunnels {
		if want := map[Group]hwvtep.Filter{WAN: hwvtep.FilterRA}[tunnel.Group]; tunnel.Filter != want {
			t.Errorf("%s: filter %q", e, tunnel.Filter)
		}
	}
	if len(problems) > 0 || !got.Gateways.Equal(hwvtep.SetOf(ip("192.168.7.1"))) {
		t.Errorf("%v, %v", got.Gateways, problems)
	}
}

func TestGuardApply(t *testing.T) {
	g := Guard{Limit: Limit{Rate: 10, Burst: 20}}
	n, _ := Derive(logical(mcast(hwvtep.UnknownDst, node1), host("fa:16:3e:00:00:0a", "192.168.7.1", node1)), here)
	g.Apply(&n, hwvtep.Overrides{FloodBurst: hwvtep.NewLimit(0)})
	if n.Limit != (Limit{Rate: 10}) || len(n.Neighbours) != 0 {
		t.Errorf("%+v", n)
	}
	for rate, want := range map[uint32]uint32{0: 0, 1: 1e9, 1000: 1e6, 4e9: 1} {
		if got := (Limit{Rate: rate}).Cost(); got != want {
			t.Errorf("%d a second cost %d, want %d", rate, got, want)
		}
	}
}
