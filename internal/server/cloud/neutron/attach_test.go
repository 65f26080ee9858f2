package neutron

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"landbridge/internal/l2gw"
	"landbridge/internal/oslomsg"
)

// attached is an attach with a presence on a fake Neutron, both moved by hand.
type attached struct {
	*fake
	*attach
	mu   sync.Mutex
	told []string // networks of which something has changed
}

func newAttached(t *testing.T) *attached {
	f := newFake(t)
	f.addNetwork(net1, 123)
	f.addNetwork(net2, 124)
	return attachedTo(f)
}

// attachedTo is that of a server that begins.
func attachedTo(f *fake) *attached {
	a := &attached{fake: f}
	p := newPresence(fenced{f, f.may}, "landbridge", quiet(), func() {})
	a.attach = newAttach(newMirror(f.rest(), DefaultResync), p, f, "landbridge", quiet(), func(ids []string) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.told = append(a.told, ids...)
	})
	return a
}

// work works until nothing is left to do, at most so many passes.
func (a *attached) work(passes int) (left bool, err error) {
	a.T.Helper()
	for range passes {
		a.presence.report(a.T.Context())
		if left, err = a.pass(a.T.Context()); !left {
			return false, err
		}
	}
	return left, err
}

// settled is work that has to come to its end.
func (a *attached) settled() {
	a.T.Helper()
	if left, err := a.work(5); left || err != nil {
		a.T.Fatalf("left %v, %v", left, err)
	}
}

func (a *attached) expect(ports ...string) {
	a.T.Helper()
	if got := a.gatewayPorts(); !slices.Equal(got, ports) {
		a.T.Errorf("the gateways' ports are %q, want %q", got, ports)
	}
}

func (a *attached) heard(want ...string) {
	a.T.Helper()
	if got := a.said(); !slices.Equal(got, want) {
		a.T.Errorf("compute nodes heard %q, want %q", got, want)
	}
}

func service(network, gateway string, hosts ...l2gw.Host) l2gw.Service {
	return l2gw.Service{NetworkID: network, Addr: addr(gateway), Hosts: hosts}
}

func TestAGatewayComesAndGoes(t *testing.T) {
	a := newAttached(t)
	a.want([]l2gw.Service{service(net1, "10.0.0.1", host(1, "192.0.2.1"), host(2, ""))})
	if n := a.notes(net1); len(n) != 1 || !n[0].Pending || !strings.Contains(n[0].Reason, "gateway at 10.0.0.1 yet: it is about to be told.") {
		t.Errorf("%+v", n)
	}
	a.settled()
	a.expect("1 landbridge-10.0.0.1 ACTIVE")
	a.heard("add 1 02:00:00:00:00:01 192.0.2.1 at 10.0.0.1", "add 1 02:00:00:00:00:02 :: at 10.0.0.1")
	if n := a.notes(net1); n != nil || !slices.Contains(a.told, net1) {
		t.Errorf("%+v, told of %v", n, a.told)
	}
	for _, p := range a.fake.ports {
		if p.DeviceID != "landbridge" || p.DeviceOwner != gatewayOwner {
			t.Errorf("%+v", p)
		}
	}

	a.want([]l2gw.Service{service(net1, "10.0.0.1", host(2, ""), host(3, ""))})
	a.settled()
	a.heard("add 1 02:00:00:00:00:03 :: at 10.0.0.1", "remove 1 02:00:00:00:00:01 192.0.2.1 at 10.0.0.1")

	a.renew()
	a.settled()
	a.heard("add 1 02:00:00:00:00:02 :: at 10.0.0.1", "add 1 02:00:00:00:00:03 :: at 10.0.0.1")

	a.want(nil)
	a.settled()
	a.expect()
	a.heard("remove 1 02:00:00:00:00:02 :: at 10.0.0.1", "remove 1 02:00:00:00:00:03 :: at 10.0.0.1")
	if len(a.agents) != 0 {
		t.Errorf("agents are left: %v", a.agents)
	}
}

func TestNothingIsTakenAwayBeforeSomebodyHasSaidWhatIsWanted(t *testing.T) {
	a := newAttached(t)
	a.want([]l2gw.Service{service(net1, "10.0.0.1")})
	a.settled()
	fresh := attachedTo(a.fake)
	fresh.settled()
	a.expect("1 landbridge-10.0.0.1 ACTIVE")
	// What a former run has left goes when it is known not to be wanted.
	fresh.want([]l2gw.Service{service(net2, "10.0.0.2")})
	fresh.settled()
	a.expect("2 landbridge-10.0.0.2 ACTIVE")
	if len(a.agents) != 1 {
		t.Errorf("agents %v", a.agents)
	}
}

// TestComputeNodesForgetFirst: a compute node that has no tunnel to a gateway any
// more does not look at what it is to forget of it.
func TestComputeNodesForgetFirst(t *testing.T) {
	a := newAttached(t)
	a.want([]l2gw.Service{service(net1, "10.0.0.1", host(1, ""))})
	a.settled()
	a.want(nil)
	a.with(func() { a.mute = oslomsg.ErrUnavailable })
	if left, err := a.work(1); !left || err == nil {
		t.Errorf("%v, %v", left, err)
	}
	a.expect("1 landbridge-10.0.0.1 ACTIVE")
	a.with(func() { a.mute, a.asked = nil, nil })
	a.settled()
	a.expect()
	forget := slices.Index(a.asked, "remove_fdb_entries")
	if remove := slices.Index(a.asked, "DELETE /v2.0/ports/port1"); forget < 0 || remove < forget {
		t.Errorf("it did %q", a.asked)
	}
}

// TestAGatewayThatIsWantedAgain: a pass that began when a gateway was not wanted
// does not take away its registration of meanwhile.
func TestAGatewayThatIsWantedAgain(t *testing.T) {
	a := newAttached(t)
	a.want([]l2gw.Service{service(net1, "10.0.0.1")})
	a.settled()
	if err := a.dismiss(t.Context(), nil); err != nil || len(a.agents) != 1 {
		t.Errorf("agents %v, %v", a.agents, err)
	}
	a.want(nil)
	if err := a.dismiss(t.Context(), nil); err != nil || len(a.agents) != 0 {
		t.Errorf("agents %v, %v", a.agents, err)
	}
	// Nor does a report that began when it was wanted come late.
	a.presence.reportOne(t.Context(), addr("10.0.0.1"))
	if len(a.agents) != 0 {
		t.Errorf("agents %v", a.agents)
	}
}

func TestWhatOthersBreakIsMended(t *testing.T) {
	a := newAttached(t)
	want := []l2gw.Service{service(net1, "10.0.0.1"), service(net2, "10.0.0.1"), service(net1, "10.0.0.2")}
	a.want(want)
	a.settled()
	whole := []string{"1 landbridge-10.0.0.1 ACTIVE", "1 landbridge-10.0.0.2 ACTIVE", "2 landbridge-10.0.0.1 ACTIVE"}
	a.expect(whole...)
	for name, harm := range map[string]func(p portDocument){
		"deleted": func(p portDocument) { delete(a.ports, p.ID) },
		"down":    func(p portDocument) { p.Status = down; a.ports[p.ID] = p },
		"unbound": func(p portDocument) { p.VIF = "binding_failed"; a.ports[p.ID] = p },
		"twice":   func(p portDocument) { p.ID, p.CreatedAt = "again", "2027-01-01T00:00:00Z"; a.ports[p.ID] = p },
	} {
		a.with(func() {
			for _, p := range a.ports {
				harm(p)
				break
			}
		})
		a.renew()
		a.settled()
		a.expect(whole...)
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

func TestReasonsAreTold(t *testing.T) {
	a := newAttached(t)
	a.want([]l2gw.Service{service(net1, "10.0.0.1")})
	a.with(func() { a.mute = oslomsg.ErrUnavailable })
	reason := func(part string) {
		t.Helper()
		left, _ := a.work(2)
		if n := a.notes(net1); !left || len(n) != 1 || !strings.Contains(n[0].Reason, part) || strings.Contains(n[0].Reason, "..") {
			t.Errorf("left %v, notes %+v, want %q", left, n, part)
		}
	}
	reason("it is not registered there: RabbitMQ is not available.")
	a.with(func() { a.mute, a.bindings = nil, false })
	reason("it cannot bind port port")
	a.with(func() { a.bindings, a.broken = true, 503 })
	if left, err := a.work(1); !left || err == nil || !strings.Contains(err.Error(), "Neutron answers 503") {
		t.Errorf("%v, %v", left, err)
	}
	a.with(func() { a.broken = 0 })
	a.settled()
	if n := a.notes(net1); n != nil {
		t.Errorf("%+v", n)
	}
	a.want([]l2gw.Service{service(net1, "10.0.0.1"), service("3", "10.0.0.1")})
	if _, err := a.work(2); err == nil {
		t.Error("a network that is not there")
	}
	if n := a.notes("3"); len(n) != 1 || !strings.Contains(n[0].Reason, "Network 3 could not be found.") {
		t.Errorf("%+v", n)
	}
	a.expect("1 landbridge-10.0.0.1 ACTIVE")
}

// TestAnnouncementsAreTriedAgain: what could not be said is said later, once.
func TestAnnouncementsAreTriedAgain(t *testing.T) {
	a := newAttached(t)
	a.want([]l2gw.Service{service(net1, "10.0.0.1")})
	a.settled()
	a.want([]l2gw.Service{service(net1, "10.0.0.1", host(1, ""))})
	a.with(func() { a.mute = errors.New("no") })
	if left, err := a.work(1); !left || err == nil {
		t.Errorf("%v, %v", left, err)
	}
	a.with(func() { a.mute = nil })
	a.settled()
	a.heard("add 1 02:00:00:00:00:01 :: at 10.0.0.1")
	a.settled()
	a.heard()
}

// TestAHostThatHasMovedHere: a MAC that has come to be a port's is Neutron's to
// announce; what we said of it must not take that away.
func TestAHostThatHasMovedHere(t *testing.T) {
	a := newAttached(t)
	m := newMirror(a.fake.rest(), DefaultResync)
	a.announce.local = m.local
	a.addHost("c1", "10.0.0.11")
	a.want([]l2gw.Service{service(net1, "10.0.0.1", host(1, "192.0.2.1"), host(2, ""))})
	a.settled()
	a.said()
	a.addPort("vm", net1, host(1, "").MAC.String(), "c1")
	if _, err := m.site(t.Context(), net1); err != nil {
		t.Fatal(err)
	}
	a.renew()
	a.settled()
	a.heard("add 1 02:00:00:00:00:02 :: at 10.0.0.1")
	a.want([]l2gw.Service{service(net1, "10.0.0.1")})
	a.settled()
	a.heard("remove 1 02:00:00:00:00:02 :: at 10.0.0.1")
}

// TestHostsThatWentWhileNobodyLooked: what one server has told, the next one
// takes back.
func TestHostsThatWentWhileNobodyLooked(t *testing.T) {
	a := newAttached(t)
	a.want([]l2gw.Service{service(net1, "10.0.0.1", host(1, ""), host(2, "")), service(net2, "10.0.0.1", host(3, ""))})
	a.settled()
	a.said()

	next := attachedTo(a.fake)
	next.want([]l2gw.Service{service(net1, "10.0.0.1", host(2, ""))})
	next.amnesia = errors.New("no database")
	if left, err := next.work(1); !left || !errors.Is(err, next.amnesia) {
		t.Errorf("%v, %v", left, err)
	}
	next.heard()
	next.amnesia = nil
	next.settled()
	next.heard(
		"remove 1 02:00:00:00:00:01 :: at 10.0.0.1",
		"remove 2 02:00:00:00:00:03 :: at 10.0.0.1")
	next.parts()

	last := attachedTo(a.fake)
	last.want(nil)
	last.settled()
	last.heard("remove 1 02:00:00:00:00:02 :: at 10.0.0.1")
	last.parts()
	if len(last.kept) > 0 {
		t.Errorf("left is %v", last.kept)
	}
}

// TestWhatASwitchHasNotToldYetStays: a server that has just begun does not know
// what is at the ports of gateways.
func TestWhatASwitchHasNotToldYetStays(t *testing.T) {
	a := newAttached(t)
	a.want([]l2gw.Service{service(net1, "10.0.0.1", host(1, ""), host(2, ""))})
	a.settled()
	a.said()

	next := attachedTo(a.fake)
	partial := service(net1, "10.0.0.1", host(3, ""))
	partial.Partial = true
	next.want([]l2gw.Service{partial})
	next.settled()
	next.heard("add 1 02:00:00:00:00:03 :: at 10.0.0.1")
	next.want([]l2gw.Service{service(net1, "10.0.0.1", host(2, ""), host(3, ""))})
	next.settled()
	next.heard("remove 1 02:00:00:00:00:01 :: at 10.0.0.1")
}

// TestAHostIsRememberedBeforeItIsTold: a server may end between the two.
func TestAHostIsRememberedBeforeItIsTold(t *testing.T) {
	a := newAttached(t)
	a.want([]l2gw.Service{service(net1, "10.0.0.1")})
	a.settled()
	a.want([]l2gw.Service{service(net1, "10.0.0.1", host(1, ""))})
	a.with(func() { a.mute = errors.New("no") })
	if left, err := a.work(1); !left || err == nil {
		t.Errorf("%v, %v", left, err)
	}
	a.with(func() { a.mute = nil })
	next := attachedTo(a.fake)
	next.want([]l2gw.Service{service(net1, "10.0.0.1")})
	next.settled()
	next.heard("remove 1 02:00:00:00:00:01 :: at 10.0.0.1")
}

func TestManyHostsOfManyNetworks(t *testing.T) {
	a := newAttached(t)
	var want []l2gw.Service
	var hosts []l2gw.Host
	for i := range 1200 {
		hosts = append(hosts, l2gw.Host{MAC: l2gw.MAC{2, 0, 0, 0, byte(i >> 8), byte(i)}})
	}
	for i := range 60 {
		id := fmt.Sprintf("%02d", i)
		a.addNetwork(id, uint32(1000+i))
		want = append(want, service(id, "10.0.0.1"))
	}
	want = append(want, service(net1, "10.0.0.1", hosts...))
	a.want(want)
	a.settled()
	if n := len(a.gatewayPorts()); n != 61 {
		t.Errorf("%d ports", n)
	}
	if n := len(a.fanouts); n != 3 {
		t.Errorf("%d messages", n)
	}
	if n := len(a.said()); n != 1200 {
		t.Errorf("%d entries", n)
	}
}

func TestPresence(t *testing.T) {
	f := newFake(t)
	told := 0
	p := newPresence(f, "lb", quiet(), func() { told++ })
	p.want(map[netip.Addr]bool{addr("10.0.0.1"): true})
	calls := func() (methods []string) {
		f.with(func() {
			for _, m := range f.calls {
				methods = append(methods, m.Method)
			}
			f.calls = nil
		})
		return methods
	}
	report := func(want ...string) {
		t.Helper()
		p.report(context.Background())
		if got := calls(); !slices.Equal(got, want) {
			t.Errorf("called %v, want %v", got, want)
		}
	}
	report("report_state", "tunnel_sync")
	report("report_state")
	if p.fault(addr("10.0.0.1")) != nil || p.fault(addr("10.0.0.2")) == nil || !p.has("10.0.0.1") || p.has("10.0.0.2") || p.has("x") || told != 1 {
		t.Error("it is not registered as it should be", told)
	}
	p.renew()
	report("report_state", "tunnel_sync")
	f.with(func() { f.mute = errors.New("gone") })
	report()
	if err := p.fault(addr("10.0.0.1")); err == nil || err.Error() != "gone" {
		t.Error(err)
	}
	f.with(func() { f.mute = nil })
	report("report_state", "tunnel_sync")
	p.want(nil)
	report()
}
