package peers

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var (
	first, second = netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	noon          = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
)

// pair is two devices that hear each other, unless they are deaf.
type pair struct {
	now  time.Time
	deaf bool
	on   map[netip.Addr]*Claims
}

func newPair() *pair {
	return &pair{now: noon, on: map[netip.Addr]*Claims{first: New(first, noon), second: New(second, noon)}}
}

// after lets time pass.
func (p *pair) after(d time.Duration) {
	for end := p.now.Add(d); p.now.Before(end); p.now = p.now.Add(TickEvery) {
		for _, a := range []netip.Addr{first, second} {
			p.on[a].Tick(p.now)
		}
		p.talk()
	}
}

func (p *pair) talk() {
	for _, a := range []netip.Addr{first, second} {
		say := p.on[a].Say()
		if other := p.on[otherThan(a)]; !p.deaf {
			other.Hear(a, say, p.now)
		}
	}
}

func otherThan(a netip.Addr) netip.Addr {
	if a == first {
		return second
	}
	return first
}

// carry gives who carries a network, of those that are to.
func (p *pair) carry(name string) (who []netip.Addr) {
	for _, a := range []netip.Addr{first, second} {
		if ok, _ := p.on[a].May(name); ok && p.on[a].mine[name] != nil {
			who = append(who, a)
		}
	}
	return who
}

func (p *pair) check(t *testing.T, what string, want ...netip.Addr) {
	t.Helper()
	if got := p.carry("net"); !slices.Equal(got, want) {
		t.Errorf("%s: %v carry it, want %v", what, got, want)
	}
}

func TestTheOneThatNobodyToldGivesItUp(t *testing.T) {
	p := newPair()
	p.after(2 * listenFor)
	p.on[first].Want("net", false, p.now)
	p.check(t, "alone", first)
	p.after(claimEvery)
	p.on[second].Want("net", false, p.now)
	p.check(t, "the second has just been told", first)
	p.talk()
	p.check(t, "the first has heard it")
	if ok, by := p.on[first].May("net"); ok || by != second {
		t.Errorf("the first: %v, by %s", ok, by)
	}
	p.after(yieldWithin + TickEvery)
	p.check(t, "the second begins", second)
	p.after(3 * silentFor)
	p.check(t, "for long", second)
	p.on[first].Drop("net") // its controller is back
	p.after(claimEvery)
	p.check(t, "the first is told", second)
	p.on[second].Drop("net")
	p.talk()
	p.on[first].Want("net", false, p.now)
	p.check(t, "it goes back at once, since the second has taken its claim back", first)
}

func TestWhoIsSilentForLongIsReplaced(t *testing.T) {
	p := newPair()
	p.on[first].Want("net", true, p.now)
	p.after(2 * listenFor)
	p.on[second].Want("net", false, p.now)
	p.after(claimEvery)
	p.check(t, "taken over", second)
	p.deaf = true
	p.after(silentFor - claimEvery)
	p.check(t, "not yet", second)
	p.after(3 * claimEvery)
	p.check(t, "each for itself", first, second)
	p.deaf = false
	p.after(2 * claimEvery)
	p.check(t, "they hear each other again", second)
}

func TestAStartTakesNothingAway(t *testing.T) {
	p := newPair()
	p.on[first].Want("net", true, p.now)
	p.check(t, "what is pinned goes on", first)
	p.after(time.Minute)
	p.on[second] = New(second, p.now)
	p.on[second].Want("net", false, p.now)
	p.check(t, "the second is new", first)
	p.after(listenFor)
	p.check(t, "and has listened", first)
	// One alone begins once it has listened.
	p = newPair()
	p.on[second].Want("net", false, p.now)
	p.check(t, "at first")
	p.after(listenFor + TickEvery)
	p.check(t, "nobody else is there", second)
}

func TestClaimsOfOthersAreTheirsToTakeBack(t *testing.T) {
	c := New(first, noon)
	now := noon.Add(time.Minute)
	c.Hear(second, []Claim{{Of("net"), 7}}, now)
	c.Hear(netip.MustParseAddr("10.0.0.3"), []Claim{{Of("net"), 0}}, now)
	c.Want("net", false, now)
	if say := c.Say(); len(say) != 1 || say[0] != (Claim{Of("net"), 8}) {
		t.Errorf("it says %v", say)
	}
	if ok, by := c.May("net"); ok || by.IsValid() {
		t.Errorf("it may: %v, by %s", ok, by)
	}
	if ok, _ := c.May("another"); !ok {
		t.Error("what has no WAN side is withheld")
	}
}

// However two devices that hear each other are told, restarted and cut off, soon
// after the last of it at most one carries a network, and one does that is to.
func TestOneCarries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPair()
		wants := map[netip.Addr]bool{}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			a := rapid.SampledFrom([]netip.Addr{first, second}).Draw(t, "device")
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0:
				wants[a] = true
				p.on[a].Want("net", false, p.now)
			case 1:
				wants[a] = false
				p.on[a].Drop("net")
			case 2:
				carried, _ := p.on[a].May("net")
				p.on[a] = New(a, p.now)
				if wants[a] {
					p.on[a].Want("net", carried, p.now)
				}
			case 3:
				p.deaf = !p.deaf
			case 4:
				p.after(time.Duration(rapid.IntRange(1, 15000).Draw(t, "ms")) * time.Millisecond)
			}
		}
		p.deaf = false
		p.after(silentFor + 3*claimEvery)
		want := 0
		if wants[first] || wants[second] {
			want = 1
		}
		if got := p.carry("net"); len(got) != want {
			t.Fatalf("%v carry it; it is wanted of %v", got, wants)
		}
	})
}
