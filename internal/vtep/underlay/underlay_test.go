package underlay

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"go.uber.org/goleak"

	"landbridge/internal/ethernet"
	"landbridge/internal/lab/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const within = 20 * time.Second

// world is a switch's machine joined to a router, behind which far is.
type world struct {
	*testing.T
	here, router *testenv.NetNS
	u            *Underlay
	mu           sync.Mutex
	history      map[Pair][]State // all that was published
}

var far = netip.MustParseAddr("203.0.113.2")

func newWorld(t *testing.T) *world {
	w := &world{T: t, here: testenv.NewNetNS(t, "here"), router: testenv.NewNetNS(t, "router"), history: map[Pair][]State{}}
	testenv.Veth(t, w.here, "wan0", w.router, "lan0")
	w.here.AddAddr("wan0", "192.0.2.1/24")
	w.router.AddAddr("lan0", "192.0.2.254/24")
	w.router.AddAddr("lo", "203.0.113.2/32")
	w.u = New(Config{FullPass: time.Hour}) // every change has to be heard of
	return w
}

// start runs the underlay in the namespace until the test ends.
func (w *world) start(pairs ...Pair) {
	w.want(pairs...)
	ctx, cancel := context.WithCancel(context.Background())
	var tasks sync.WaitGroup
	tasks.Go(func() {
		w.here.Do(func() {
			if err := w.u.Run(ctx); err != nil {
				w.Error(err)
			}
		})
	})
	tasks.Go(func() {
		for {
			select {
			case <-w.u.Changes():
				w.record(w.u.Take())
			case <-ctx.Done():
				return
			}
		}
	})
	w.Cleanup(func() { cancel(); tasks.Wait() })
}

func (w *world) record(states map[Pair]State) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for p, s := range states {
		w.history[p] = append(w.history[p], s)
	}
}

func (w *world) past(p Pair) []State {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]State(nil), w.history[p]...)
}

func (w *world) want(pairs ...Pair) {
	set := map[Pair]struct{}{}
	for _, p := range pairs {
		set[p] = struct{}{}
	}
	w.u.Want(set)
}

func (w *world) eventually(p Pair, what string, ok func(State) bool) {
	w.Helper()
	testenv.Eventually(w, within, what, func() error {
		if s, known := w.u.State(p); !known || !ok(s) {
			return fmt.Errorf("known %v: %+v", known, s)
		}
		return nil
	})
}

func (w *world) eventuallyProblem(p Pair, problem string) {
	w.Helper()
	w.eventually(p, problem, func(s State) bool { return s.Problem == problem && !s.NextHop.Resolved })
}

// eventuallyVia waits for the pair to be resolved by way of the router.
func (w *world) eventuallyVia(p Pair, gateway string) {
	w.Helper()
	hop := NextHop{
		IfIndex: w.here.Link("wan0").Attrs().Index, MTU: w.here.Link("wan0").Attrs().MTU,
		Src: w.here.MAC("wan0"), Dst: w.router.MAC("lan0"), Resolved: true,
	}
	want := State{NextHop: hop, Interface: "wan0", Gateway: netip.MustParseAddr(gateway)}
	w.eventually(p, fmt.Sprintf("%v resolved", p), func(s State) bool { return s == want })
}

func pairTo(remote string) Pair { return Pair{pair.Local, netip.MustParseAddr(remote)} }

func TestDirectAndRoutedRemotes(t *testing.T) {
	w := newWorld(t)
	w.here.AddRoute("203.0.113.0/24", "192.0.2.254")
	w.start(pairTo("192.0.2.254"), pairTo("203.0.113.2"))
	w.eventuallyVia(pairTo("192.0.2.254"), "192.0.2.254")
	w.eventuallyVia(pairTo("203.0.113.2"), "192.0.2.254")
}

func TestRouteComesAndGoes(t *testing.T) {
	w := newWorld(t)
	w.start(pair)
	w.eventuallyProblem(pair, "no route to 203.0.113.2 from 192.0.2.1")
	w.here.AddRoute("203.0.113.2/32", "192.0.2.254")
	w.eventuallyVia(pair, "192.0.2.254")
	must(t, w.here.Netlink().RouteDel(&netlink.Route{Dst: netlink.NewIPNet(far.AsSlice()), Gw: net.ParseIP("192.0.2.254")}))
	w.eventuallyProblem(pair, "no route to 203.0.113.2 from 192.0.2.1")
}

func TestInterfaceGoesDownAndUp(t *testing.T) {
	w := newWorld(t)
	direct := pairTo("192.0.2.254")
	w.start(direct)
	w.eventuallyVia(direct, "192.0.2.254")
	w.here.Down("wan0")
	w.eventuallyProblem(direct, "interface wan0, which has address 192.0.2.1, is down")
	w.here.Up("wan0")
	w.eventuallyVia(direct, "192.0.2.254")
	w.router.Down("lan0")
	w.eventuallyProblem(direct, "interface wan0 has no carrier")
	w.router.Up("lan0")
	w.eventuallyVia(direct, "192.0.2.254")
}

func TestOwnAddressComesAndGoes(t *testing.T) {
	w := newWorld(t)
	p := Pair{netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("192.0.2.254")}
	w.start(p)
	w.eventuallyProblem(p, "address 192.0.2.7 is on no interface of this machine: add it, or correct the configured address")
	w.here.AddAddr("wan0", "192.0.2.7/32")
	w.eventuallyVia(p, "192.0.2.254")
}

func TestSilentNeighbour(t *testing.T) {
	w := newWorld(t)
	silent := pairTo("192.0.2.9")
	w.start(silent)
	w.eventually(silent, "asked for", func(s State) bool { return s.Pending || s.Problem != "" })
	w.eventuallyProblem(silent, "neighbour 192.0.2.9 on wan0 does not answer")
	w.router.AddAddr("lan0", "192.0.2.9/32")
	w.eventuallyVia(silent, "192.0.2.9")
}

func TestRemoteIsThisMachine(t *testing.T) {
	w := newWorld(t)
	w.here.AddAddr("wan0", "192.0.2.8/32")
	w.start(pairTo("192.0.2.8"), pairTo("192.0.2.255"))
	w.eventuallyProblem(pairTo("192.0.2.8"), "192.0.2.8 is an address of this machine")
	w.eventuallyProblem(pairTo("192.0.2.255"), "192.0.2.255 is not the address of one host: it is a broadcast or multicast address here")
}

func TestMTUAndAddressesOfTheInterfaceAreFollowed(t *testing.T) {
	w := newWorld(t)
	w.start(pairTo("192.0.2.254"), pair)
	w.eventuallyVia(pairTo("192.0.2.254"), "192.0.2.254")
	must(t, w.here.Netlink().LinkSetMTU(w.here.Link("wan0"), 1450))
	w.eventuallyVia(pairTo("192.0.2.254"), "192.0.2.254")
	must(t, w.here.Netlink().LinkSetHardwareAddr(w.here.Link("wan0"), net.HardwareAddr{2, 0, 0, 0, 0, 7}))
	w.eventuallyVia(pairTo("192.0.2.254"), "192.0.2.254")
	must(t, w.here.Netlink().RouteAdd(&netlink.Route{Dst: netlink.NewIPNet(far.AsSlice()), Gw: net.ParseIP("192.0.2.254"), MTU: 1300}))
	w.eventually(pair, "the route's MTU", func(s State) bool { return s.NextHop.MTU == 1300 && s.NextHop.Resolved })
}

// Packets that eBPF forwards do not keep a neighbour alive, and do not notice
// that it has another address now: asking for it again and again does.
func TestNeighbourThatMovesSilentlyIsFound(t *testing.T) {
	w := newWorld(t)
	w.here.Sysctl("net/ipv4/neigh/wan0/base_reachable_time_ms", "1000")
	w.here.Sysctl("net/ipv4/neigh/wan0/delay_first_probe_time", "1")
	direct := pairTo("192.0.2.254")
	w.start(direct)
	w.eventuallyVia(direct, "192.0.2.254")
	must(t, w.router.Netlink().LinkSetHardwareAddr(w.router.Link("lan0"), net.HardwareAddr{2, 0, 0, 0, 0, 0xaa}))
	w.eventuallyVia(direct, "192.0.2.254")
}

func TestEntryThatSomebodyDeletesComesBack(t *testing.T) {
	w := newWorld(t)
	direct := pairTo("192.0.2.254")
	w.start(direct)
	w.eventuallyVia(direct, "192.0.2.254")
	entry := netlink.Neigh{LinkIndex: w.here.Link("wan0").Attrs().Index, IP: direct.Remote.AsSlice()}
	must(t, w.here.Netlink().NeighDel(&entry))
	w.eventuallyNeighbour(direct.Remote, netlink.NUD_REACHABLE)
	w.eventuallyVia(direct, "192.0.2.254")
}

// Nobody sends anything here: asking alone keeps the entry, and the pair never
// stops being resolved.
func TestIdleNeighbourStaysResolved(t *testing.T) {
	w := newWorld(t)
	w.here.Sysctl("net/ipv4/neigh/wan0/base_reachable_time_ms", "200")
	w.here.Sysctl("net/ipv4/neigh/wan0/delay_first_probe_time", "1")
	direct := pairTo("192.0.2.254")
	w.start(direct)
	w.eventuallyVia(direct, "192.0.2.254")
	before := len(w.past(direct))
	for range 2 { // out of the state and back to it
		w.eventuallyNeighbour(direct.Remote, netlink.NUD_STALE|netlink.NUD_DELAY|netlink.NUD_PROBE)
		w.eventuallyNeighbour(direct.Remote, netlink.NUD_REACHABLE)
	}
	if later := w.past(direct)[before:]; len(later) > 0 {
		t.Errorf("the state changed: %+v", later)
	}
}

func (w *world) eventuallyNeighbour(a netip.Addr, states int) {
	w.Helper()
	testenv.Eventually(w, within, fmt.Sprintf("neighbour %s in a state of %#x", a, states), func() error {
		return w.neighbourIn(a, states)
	})
}

func (w *world) neighbourIn(a netip.Addr, states int) error {
	list, err := w.here.Netlink().NeighList(w.here.Link("wan0").Attrs().Index, netlink.FAMILY_V4)
	if err != nil {
		return err
	}
	for _, n := range list {
		if addrOf(n.IP) == a && n.State&states != 0 {
			return nil
		}
	}
	return fmt.Errorf("neighbours %v", list)
}

func TestPairsThatAreNotWantedAreForgotten(t *testing.T) {
	w := newWorld(t)
	one, two := pairTo("192.0.2.254"), pairTo("192.0.2.9")
	w.start(one)
	w.eventuallyVia(one, "192.0.2.254")
	w.want(two)
	testenv.Eventually(t, within, "the pairs change", func() error {
		if states := w.u.States(); len(states) != 1 || states[two] == (State{}) {
			return fmt.Errorf("%v", states)
		}
		return nil
	})
	w.want(one)
	w.eventuallyVia(one, "192.0.2.254")
}

func TestIPv4RouteByIPv6Gateway(t *testing.T) {
	w := newWorld(t)
	w.here.AddAddr("wan0", "2001:db8::1/64")
	w.router.AddAddr("lan0", "2001:db8::fe/64")
	gw := net.ParseIP("2001:db8::fe")
	must(t, w.here.Netlink().RouteAdd(&netlink.Route{
		Dst: netlink.NewIPNet(far.AsSlice()), LinkIndex: w.here.Link("wan0").Attrs().Index,
		Via: &netlink.Via{AddrFamily: netlink.FAMILY_V6, Addr: gw},
	}))
	w.start(pair)
	w.eventuallyVia(pair, "2001:db8::fe")
}

func TestMACOfOddLengths(t *testing.T) {
	for _, h := range []net.HardwareAddr{nil, {1}, make(net.HardwareAddr, 20)} {
		if got := macOf(h); got != (ethernet.MAC{}) {
			t.Errorf("%v gives %v", h, got)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
