package underlay

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"landbridge/internal/ethernet"
)

var (
	pair    = Pair{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("203.0.113.2")}
	gateway = netip.MustParseAddr("192.0.2.254")
	ownMAC  = ethernet.MustParseMAC("02:00:00:00:00:01")
	gwMAC   = ethernet.MustParseMAC("02:00:00:00:00:fe")
)

func TestResolve(t *testing.T) {
	good := link{"wan0", ownMAC, 1500, true, true, true}
	way := route{ifIndex: 2, gateway: gateway, kind: unix.RTN_UNICAST}
	answered := &neighbour{good: true, mac: gwMAC}
	base := State{Interface: "wan0", Gateway: gateway, NextHop: NextHop{IfIndex: 2, Src: ownMAC, MTU: 1500}}
	with := func(change func(*State)) State {
		s := base
		change(&s)
		return s
	}
	problem := func(reason string) State { return with(func(s *State) { s.Problem = reason }) }
	for _, c := range []struct {
		name      string
		link      link
		route     route
		lookup    error
		neighbour *neighbour
		want      State
	}{
		{"resolved", good, way, nil, answered, with(func(s *State) { s.NextHop.Dst, s.NextHop.Resolved = gwMAC, true })},
		{"smaller MTU of the route", good, route{2, gateway, 1400, unix.RTN_UNICAST}, nil, answered, with(func(s *State) { s.NextHop.Dst, s.NextHop.Resolved, s.NextHop.MTU = gwMAC, true, 1400 })},
		{"larger MTU of the route", good, route{2, gateway, 9000, unix.RTN_UNICAST}, nil, answered, with(func(s *State) { s.NextHop.Dst, s.NextHop.Resolved = gwMAC, true })},
		{"not asked yet", good, way, nil, nil, with(func(s *State) { s.Pending = true })},
		{"no answer", good, way, nil, &neighbour{failed: true}, problem("neighbour 192.0.2.254 on wan0 does not answer")},
		{"down", link{"wan0", ownMAC, 1500, false, false, true}, way, nil, answered, problem("interface wan0 is down")},
		{"no carrier", link{"wan0", ownMAC, 1500, true, false, true}, way, nil, answered, problem("interface wan0 has no carrier")},
		{"not Ethernet", link{"wan0", ownMAC, 1500, true, true, false}, way, nil, answered, problem("interface wan0 is not Ethernet: tunnels need one that is")},
		{"no such interface", good, route{ifIndex: 9, kind: unix.RTN_UNICAST}, nil, nil, State{Problem: "the route to 203.0.113.2 leads to interface 9, which is not there"}},
		{"no route", good, route{}, unix.ENETUNREACH, nil, State{Problem: "no route to 203.0.113.2 from 192.0.2.1"}},
		{"another failure", good, route{}, errors.New("x"), nil, State{Problem: "no route to 203.0.113.2 from 192.0.2.1: x"}},
		{"down, so that there is no route", link{name: "wan0"}, route{}, unix.ENETUNREACH, nil, State{Problem: "interface wan0, which has address 192.0.2.1, is down"}},
		{"own address", good, route{ifIndex: 1, kind: unix.RTN_LOCAL}, nil, nil, State{Problem: "203.0.113.2 is an address of this machine"}},
		{"broadcast", good, route{ifIndex: 2, kind: unix.RTN_BROADCAST}, nil, nil, State{Problem: "203.0.113.2 is not the address of one host: it is a broadcast or multicast address here"}},
	} {
		tables := tables{
			links:      map[int]link{2: c.link},
			addrs:      map[netip.Addr]int{pair.Local: 2},
			neighbours: map[neighbourKey]*neighbour{{2, gateway}: c.neighbour},
		}
		if got := tables.resolve(pair, c.route, c.lookup); got != c.want {
			t.Errorf("%s:\n got %+v\nwant %+v", c.name, got, c.want)
		}
	}
	var empty tables
	if got := empty.resolve(pair, way, nil); got.Problem != "address 192.0.2.1 is on no interface of this machine: add it, or correct the configured address" {
		t.Errorf("no local address: %+v", got)
	}
}

func TestNeighbourIsHeldUntilItFails(t *testing.T) {
	var n neighbour
	other := ethernet.MustParseMAC("02:00:00:00:00:fd")
	for _, step := range []struct {
		name  string
		state int
		mac   ethernet.MAC
		want  neighbour
	}{
		{"asked", netlink.NUD_INCOMPLETE, ethernet.MAC{}, neighbour{}},
		{"answered", netlink.NUD_REACHABLE, gwMAC, neighbour{mac: gwMAC, good: true}},
		{"idle", netlink.NUD_STALE, gwMAC, neighbour{mac: gwMAC, good: true}},
		{"dropped", netlink.NUD_NONE, ethernet.MAC{}, neighbour{mac: gwMAC, good: true}},
		{"asked again", netlink.NUD_INCOMPLETE, ethernet.MAC{}, neighbour{mac: gwMAC, good: true}},
		{"moved", netlink.NUD_REACHABLE, other, neighbour{mac: other, good: true}},
		{"no answer", netlink.NUD_FAILED, ethernet.MAC{}, neighbour{mac: other, failed: true}},
		{"asked once more", netlink.NUD_INCOMPLETE, ethernet.MAC{}, neighbour{mac: other, failed: true}},
		{"configured", netlink.NUD_PERMANENT, gwMAC, neighbour{mac: gwMAC, good: true}},
	} {
		n.observe(step.state, step.mac)
		step.want.state = step.state
		if n != step.want {
			t.Fatalf("%s: %+v, want %+v", step.name, n, step.want)
		}
	}
}

func TestNeighbourIsAskedForWithBackOff(t *testing.T) {
	var n neighbour
	start := time.Unix(0, 0)
	var asked []time.Duration
	for s := range 60 {
		now := start.Add(time.Duration(s) * time.Second)
		if n.due(now) {
			asked = append(asked, now.Sub(start)/time.Second)
		}
	}
	want := []time.Duration{0, 1, 3, 7, 15, 31, 47}
	if len(asked) != len(want) {
		t.Fatalf("asked at %v, want %v", asked, want)
	}
	for i := range want {
		if asked[i] != want[i] {
			t.Fatalf("asked at %v, want %v", asked, want)
		}
	}
	for _, state := range []int{netlink.NUD_REACHABLE, netlink.NUD_INCOMPLETE, netlink.NUD_PERMANENT, netlink.NUD_DELAY, netlink.NUD_PROBE} {
		n := neighbour{state: state}
		if n.due(start) {
			t.Errorf("state %#x needs nobody to ask", state)
		}
	}
	n.observe(netlink.NUD_STALE, gwMAC)
	if !n.due(start) {
		t.Error("a stale neighbour must be asked for at once")
	}
}
