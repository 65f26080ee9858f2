package datapath

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"landbridge/internal/ethernet"
	"landbridge/internal/vtep/forwarding"
)

// wantNetworks checks what is programmed, by what Networks says and by what the
// maps hold.
func wantNetworks(t testing.TB, d *Datapath, want map[string]forwarding.Network) {
	t.Helper()
	if diff := cmp.Diff(want, d.Networks(), sameAddr, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("networks (-want +got)\n%s", diff)
	}
	got := d.census(t)
	got.Learned = 0
	if diff := cmp.Diff(censusOf(want), got); diff != "" {
		t.Fatalf("the maps (-want +got)\n%s", diff)
	}
}

func networks(list ...*forwarding.Network) map[string]forwarding.Network {
	out := map[string]forwarding.Network{}
	for _, n := range list {
		out[n.Name] = *n
	}
	return out
}

func blue() *forwarding.Network {
	return model("blue", tunnels{at(nodeA, 789): fabric(true), at(remoteA, 790): wan(true)}, entries{hostB: at(nodeA, 789)})
}

func TestApplyAndRemove(t *testing.T) {
	d := withRed(t)
	d.apply(t, changes{"blue": blue()})
	wantNetworks(t, d, networks(red(), blue()))
	d.run(t, fromA.with(func(p *packet) { p.innerSrc = hostB }).build(t))
	if c := d.census(t); c.Learned != 1 {
		t.Errorf("learned %d", c.Learned)
	}
	d.apply(t, changes{"red": nil})
	wantNetworks(t, d, networks(blue()))
	if c := d.census(t); c.Learned != 0 {
		t.Errorf("%d entries of a removed network are left", c.Learned)
	}
	if verdict, _ := d.run(t, fromA.build(t)); verdict != dropped || d.drops(t, UnknownVNI) != 1 {
		t.Errorf("a packet of a removed network: verdict %d", int32(verdict))
	}
	d.apply(t, changes{"blue": nil, "green": nil})
	if c := d.census(t); c != (census{}) {
		t.Errorf("left over: %+v", c)
	}
	if verdict, _ := d.run(t, fromA.build(t)); verdict != passed {
		t.Errorf("a packet to what is no tunnel address any more: verdict %d", int32(verdict))
	}
}

// A tunnel that goes takes what was learned from it along, and nothing else.
func TestRemoveTunnel(t *testing.T) {
	d := unlearned(t)
	d.run(t, fromA.build(t))
	d.run(t, fromA.with(func(p *packet) { p.src, p.innerSrc = nodeB, hostB }).build(t))
	n := red()
	n.FDB = entries{}
	delete(n.Tunnels, at(nodeB, 123))
	d.apply(t, changes{"red": n})
	wantEntries(t, d, learned(hostA, nodeA, 123))
}

// A tunnel that changes sides or its local address is another one.
func TestChangeTunnel(t *testing.T) {
	for name, change := range map[string]func(*forwarding.Tunnel){
		"group":   func(t *forwarding.Tunnel) { t.Group = forwarding.WAN },
		"address": func(t *forwarding.Tunnel) { t.Local = addr("10.0.0.2") },
		"both":    func(t *forwarding.Tunnel) { t.Group, t.Local = forwarding.WAN, addr(wanIP) },
	} {
		t.Run(name, func(t *testing.T) {
			d := withRed(t)
			n := red()
			tunnel := n.Tunnels[at(nodeA, 123)]
			change(&tunnel)
			n.Tunnels[at(nodeA, 123)] = tunnel
			d.apply(t, changes{"red": n})
			d.resolve(t)
			wantNetworks(t, d, networks(n))
			wantEntries(t, d, static(hostA, nodeA, 123), static(hostX, remoteA, 456))
		})
	}
}

func TestStableTunnelsKeepTheirCounters(t *testing.T) {
	d := withRed(t)
	d.run(t, fromA.build(t))
	n := red()
	n.Tunnels[at(nodeA, 123)] = fabric(false)
	n.Tunnels[at(remoteB, 999)] = wan(true)
	delete(n.Tunnels, at(remoteB, 457))
	n.FDB[hostB] = at(remoteB, 999)
	d.apply(t, changes{"red": n})
	c, err := d.Counters()
	if err != nil {
		t.Fatal(err)
	}
	size := uint64(len(fromA.build(t)) - 50)
	if got, want := c.Tunnels[TunnelKey{"red", at(nodeA, 123)}], (Traffic{RxPackets: 1, RxBytes: size}); got != want {
		t.Errorf("node A: %+v, want %+v", got, want)
	}
	if got, want := c.Tunnels[TunnelKey{"red", at(remoteA, 456)}], (Traffic{TxPackets: 1, TxBytes: size}); got != want {
		t.Errorf("remote gateway A: %+v, want %+v", got, want)
	}
	if got := c.Tunnels[TunnelKey{"red", at(remoteB, 999)}]; got != (Traffic{}) {
		t.Errorf("a new tunnel has counted %+v", got)
	}
}

func TestTunnelMovesBetweenNetworks(t *testing.T) {
	d := withRed(t)
	d.apply(t, changes{"blue": blue()})
	r, b := red(), blue()
	delete(r.Tunnels, at(nodeA, 123))
	delete(r.FDB, hostA)
	b.Tunnels[at(nodeA, 123)] = fabric(true)
	d.apply(t, changes{"red": r, "blue": b})
	d.resolve(t)
	wantNetworks(t, d, networks(r, b))
	_, out := d.run(t, fromA.with(func(p *packet) { p.innerDst = broadcast }).build(t))
	if p := decode(t, out); p.vni != 790 {
		t.Errorf("a frame of blue left by VNI %d", p.vni)
	}
	// They swap.
	d.apply(t, changes{"red": red(), "blue": blue()})
	d.resolve(t)
	wantNetworks(t, d, networks(red(), blue()))
}

// The one that has a tunnel keeps it; of two that want it the first by name
// gets it; what fails changes nothing.
func TestTunnelOfTwoNetworks(t *testing.T) {
	d := withRed(t)
	thief := model("blue", tunnels{at(nodeA, 123): fabric(true)}, nil)
	errs := d.Apply(changes{"blue": thief})
	if err := errs["blue"]; len(errs) != 1 || !errors.Is(err, errTaken) || !strings.Contains(err.Error(), "red") {
		t.Errorf("got %v", errs)
	}
	both := model("red", red().Tunnels, nil)
	errs = d.Apply(changes{"blue": thief, "red": both})
	if len(errs) != 1 || errs["blue"] == nil {
		t.Errorf("got %v", errs)
	}
	wantNetworks(t, d, networks(both))
	x, y := model("x", tunnels{at(nodeA, 5): fabric(true)}, nil), model("y", tunnels{at(nodeA, 5): fabric(true)}, nil)
	if errs = d.Apply(changes{"x": x, "y": y}); len(errs) != 1 || errs["y"] == nil {
		t.Errorf("got %v", errs)
	}
	// Red cannot have x's tunnel, so it keeps its own, so that blue cannot have that.
	greedy := model("red", tunnels{at(nodeA, 5): fabric(true)}, nil)
	if errs = d.Apply(changes{"red": greedy, "blue": thief}); len(errs) != 2 {
		t.Errorf("got %v", errs)
	}
	d.resolve(t)
	wantNetworks(t, d, networks(both, x))
}

func TestApplyRefuses(t *testing.T) {
	good := func(change func(*forwarding.Network)) *forwarding.Network {
		n := red()
		change(n)
		return n
	}
	long := strings.Repeat("n", 255)
	for name, n := range map[string]*forwarding.Network{
		"other name": good(func(n *forwarding.Network) { n.Name = "blue" }),
		"IPv6 remote": good(func(n *forwarding.Network) {
			n.Tunnels[at("2001:db8::1", 1)] = fabric(true)
		}),
		"IPv6 local": good(func(n *forwarding.Network) {
			n.Tunnels[at("10.0.0.9", 1)] = forwarding.Tunnel{Local: addr("2001:db8::1")}
		}),
		"encapsulation": good(func(n *forwarding.Network) {
			n.Tunnels[forwarding.To("stt_over_ipv4", addr(nodeA), 0)] = fabric(true)
		}),
		"VNI": good(func(n *forwarding.Network) { n.Tunnels[at(nodeA, 1<<24)] = fabric(true) }),
		"group": good(func(n *forwarding.Network) {
			n.Tunnels[at(nodeA, 9)] = forwarding.Tunnel{Group: 2, Local: addr(fabricIP)}
		}),
		"multicast MAC":  good(func(n *forwarding.Network) { n.FDB[broadcast] = at(nodeA, 123) }),
		"zero MAC":       good(func(n *forwarding.Network) { n.FDB[ethernet.MAC{}] = at(nodeA, 123) }),
		"unknown tunnel": good(func(n *forwarding.Network) { n.FDB[hostB] = at(nodeA, 99) }),
	} {
		t.Run(name, func(t *testing.T) {
			d := withRed(t)
			if errs := d.Apply(changes{"red": n, "blue": blue()}); errs["red"] == nil || errs["blue"] != nil {
				t.Errorf("got %v", errs)
			}
			d.resolve(t)
			wantNetworks(t, d, networks(red(), blue()))
		})
	}
	d := withRed(t)
	for _, name := range []string{"", long} {
		if errs := d.Apply(changes{name: model(name, nil, nil)}); errs[name] == nil {
			t.Errorf("a name of %d bytes was taken", len(name))
		}
	}
	d.apply(t, changes{long[1:]: model(long[1:], nil, nil)})
}

func TestApplyWhereTablesAreFull(t *testing.T) {
	d := withRed(t)
	big := model("big", tunnels{}, nil)
	for i := range 600 { // there is room for 512
		big.Tunnels[at(nodeA, 10000+uint32(i))] = fabric(true)
	}
	err := d.Apply(changes{"big": big})["big"]
	if err == nil || !strings.Contains(err.Error(), "no room") {
		t.Errorf("got %v", err)
	}
	if verdict, _ := d.run(t, fromA.build(t)); verdict != forwarded {
		t.Errorf("red no longer works: verdict %d", int32(verdict))
	}
	// It is what Networks says, and goes away whole.
	d.resolve(t)
	wantNetworks(t, d, d.Networks())
	maps.DeleteFunc(big.Tunnels, func(e forwarding.Endpoint, _ forwarding.Tunnel) bool { return e.VNI > 10400 })
	d.apply(t, changes{"big": big})
	wantNetworks(t, d, networks(red(), big))
	d.apply(t, changes{"big": nil})
	wantNetworks(t, d, networks(red()))
}

// The caller's models stay its own.
func TestApplyKeepsNothingOfTheCaller(t *testing.T) {
	d, n := withRed(t), red()
	d.apply(t, changes{"red": n})
	clear(n.Tunnels)
	clear(n.FDB)
	got := d.Networks()["red"]
	clear(got.Tunnels)
	wantNetworks(t, d, networks(red()))
}
