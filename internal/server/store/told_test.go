package store_test

import (
	"net/netip"
	"testing"

	"landbridge/internal/l2gw"
)

func (on suite) TestWhatComputeNodesWereToldIsKept(t *testing.T) {
	p := on.New(t)
	s, other := open(t, p.DSN), open(t, p.DSN)
	at := func(network, gateway string, hosts ...l2gw.Host) l2gw.Told {
		return l2gw.Told{
			NetworkID: network, Segment: l2gw.Segment{Type: l2gw.TypeVXLAN, ID: 123},
			Gateway: netip.MustParseAddr(gateway), Hosts: hosts,
		}
	}
	host := func(n byte, addr string) l2gw.Host {
		h := l2gw.Host{MAC: l2gw.MAC{2, 0, 0, 0, 0, n}}
		if addr != "" {
			h.Addr = netip.MustParseAddr(addr)
		}
		return h
	}
	holds := func(want ...l2gw.Told) {
		t.Helper()
		got, err := other.Told(t.Context())
		same(t, "told", want, must(t, got, err))
	}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	holds()
	do(s.Remember(t.Context(), at("blue", "10.0.0.1", host(2, "192.0.2.9"), host(2, "192.0.2.10"), host(2, ""))))
	do(other.Remember(t.Context(), at("blue", "10.0.0.1", host(1, "2001:db8::1"), host(2, ""))))
	do(s.Remember(t.Context(), at("blue", "fd00::1", host(1, ""))))
	do(s.Remember(t.Context(), at("blue", "fd00::1")))
	holds(
		at("blue", "10.0.0.1", host(1, "2001:db8::1"), host(2, ""), host(2, "192.0.2.9"), host(2, "192.0.2.10")),
		at("blue", "fd00::1", host(1, "")))
	do(s.Forget(t.Context(), at("blue", "10.0.0.1", host(2, "192.0.2.9"), host(3, ""))))
	do(s.Forget(t.Context(), at("blue", "fd00::1", host(1, ""))))
	holds(at("blue", "10.0.0.1", host(1, "2001:db8::1"), host(2, ""), host(2, "192.0.2.10")))
}

// Who leads no more changes nothing of what compute nodes were told.
func (on suite) TestAFormerLeaderRemembersNothing(t *testing.T) {
	p := on.New(t)
	s, other := open(t, p.DSN), open(t, p.DSN)
	told := l2gw.Told{
		NetworkID: "n", Segment: l2gw.Segment{Type: l2gw.TypeVXLAN, ID: 1}, Gateway: netip.MustParseAddr("10.0.0.1"),
		Hosts: []l2gw.Host{{MAC: l2gw.MAC{2, 0, 0, 0, 0, 1}}},
	}
	first := takes(t, s, "a", brief)
	second := takes(t, other, "b", long)
	fine(t, other.Remember(t.Context(), told, second))
	lost(t, s.Forget(t.Context(), told, first))
	lost(t, s.Remember(t.Context(), l2gw.Told{NetworkID: "m", Segment: told.Segment, Gateway: told.Gateway, Hosts: told.Hosts}, first))
	got, err := s.Told(t.Context())
	same(t, "told", []l2gw.Told{told}, must(t, got, err))
	fine(t, other.Forget(t.Context(), told, second))
}

func (on suite) TestVeryManyHostsAreTold(t *testing.T) {
	s := open(t, on.New(t).DSN)
	all := l2gw.Told{NetworkID: "n", Segment: l2gw.Segment{Type: l2gw.TypeVXLAN, ID: 1}, Gateway: netip.MustParseAddr("10.0.0.1")}
	for i := range 1200 {
		all.Hosts = append(all.Hosts, l2gw.Host{MAC: l2gw.MAC{2, 0, 0, 0, byte(i >> 8), byte(i)}})
	}
	if err := s.Remember(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	got, err := s.Told(t.Context())
	same(t, "told", []l2gw.Told{all}, must(t, got, err))
	if err := s.Forget(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	got, err = s.Told(t.Context())
	same(t, "told", []l2gw.Told(nil), must(t, got, err))
}
