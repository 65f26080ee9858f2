package vtep

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"landbridge/internal/hwvtep"
	"landbridge/internal/ovsdb"
	"landbridge/internal/vtep/forwarding"
	"landbridge/internal/vtep/peers"
)

// fakePeers are the gateway's other devices.
type fakePeers struct {
	heard chan peers.Message
	mu    sync.Mutex
	told  map[peers.ID]uint64
}

func newFakePeers() *fakePeers {
	return &fakePeers{heard: make(chan peers.Message), told: map[peers.ID]uint64{}}
}

func (f *fakePeers) Heard() <-chan peers.Message { return f.heard }

func (f *fakePeers) Send(claims []peers.Claim) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range claims {
		f.told[c.Network] = c.Number
	}
}

// claim has a peer claim a network by a number; it gives what this device claims
// by then.
func (f *fakePeers) claim(name string, number uint64) uint64 {
	f.heard <- peers.Message{From: netip.MustParseAddr("10.0.0.2"), Claims: []peers.Claim{{Network: peers.Of(name), Number: number}}}
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.told[peers.Of(name)]
}

// expectWAN looks whether the datapath has the WAN side of a network; the rest it
// has to have at any rate.
func (b *bench) expectWAN(what, name string, want bool) {
	b.Helper()
	synctest.Wait()
	n, ok := b.dp.has(name)
	if !ok || n.HasWAN() != want {
		b.Errorf("%s: it has %+v, want a WAN side: %v", what, n, want)
	}
	if !want && !n.Equal(derived(name).WithoutWAN()) {
		b.Errorf("%s: of the rest it has %+v", what, n)
	}
}

// A device that nobody can tell anything gives up what a peer claims, and has it
// again when it is claimed no more.
func TestTheWANSideIsGivenUpToAPeer(t *testing.T) {
	inBubble(t, []forwarding.Network{derived("net")}, func(b *bench) {
		time.Sleep(time.Minute)
		b.expectWAN("nobody claims it", "net", true)
		mine := b.others.claim("net", 0)
		if mine == 0 {
			t.Error("nothing was claimed of what is pinned")
		}
		b.others.claim("net", mine+1)
		b.expectWAN("a peer claims it", "net", false)
		b.others.claim("net", 0)
		time.Sleep(time.Minute)
		b.expectWAN("no peer does any more", "net", true)
	}, withPeers)
}

func TestAPeerThatIsNotToldAnythingIsToldByUs(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		b.db.change(0, ovsdb.Dirty{Resync: true})
		time.Sleep(time.Minute)
		b.others.claim("net", 7)
		b.db.change(1, ovsdb.Dirty{}, joined("net"))
		b.resolve()
		b.expectWAN("the peer has not heard yet", "net", false)
		if slices.Contains(b.db.written(), "done") {
			t.Error("what waits is confirmed")
		}
		if mine := b.others.claim("other", 1); mine != 0 {
			t.Errorf("another network is claimed by %d", mine)
		}
		time.Sleep(time.Second)
		b.expectWAN("it has", "net", true)
		if mine := b.others.claim("net", 7); mine <= 7 {
			t.Errorf("claimed by %d", mine)
		}
		if !slices.Contains(b.db.written(), "done") {
			t.Error("it is not confirmed")
		}
		b.others.claim("net", 100)
		b.expectWAN("a newer claim", "net", false)
		fault, ok := hwvtep.ParseFault(strings.Join(b.db.PhysicalSwitches()[0].Faults, ""))
		if !ok || fault.LogicalSwitch != "net" || fault.Part != at("203.0.113.2", 456).String() || !strings.Contains(fault.Reason, "10.0.0.2") {
			t.Errorf("faults: %v", b.db.PhysicalSwitches()[0].Faults)
		}
	}, withPeers)
}
