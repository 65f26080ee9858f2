package datapath

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/vtep/forwarding"
)

var (
	somePlaces = []forwarding.Endpoint{
		at(nodeA, 1), at(nodeA, 2), at(nodeB, 1), at(remoteA, 1), at(remoteA, 4), at(remoteB, 6),
		by(hwvtep.GeneveOverIPv4, nodeA, 1), by(hwvtep.GREOverIPv4, nodeB, 3), by(hwvtep.VXLANOverIPv6, "2001:db8::11", 1),
		by(hwvtep.GeneveOverIPv6, "2001:db8:f::2", 5), by(hwvtep.GREOverIPv6, "2001:db8:f::2", 5),
	}
	someNames = []string{"red", "blue", "green"}
	someMACs  = []ethernet.MAC{hostA, hostB, hostX}
)

// drawTunnels gives any state of the tunnels, each of one network at most, and
// some static entries.
func drawModels(t *rapid.T) map[string]forwarding.Network {
	out := map[string]forwarding.Network{}
	for _, name := range someNames {
		if rapid.Float64().Draw(t, name+" is there") < 0.8 {
			out[name] = *model(name, tunnels{}, nil)
		}
	}
	for _, e := range somePlaces {
		n, ok := out[rapid.SampledFrom(append(someNames, "")).Draw(t, "owner of "+e.String())]
		if ok {
			n.Tunnels[e] = forwarding.Tunnel{
				Group:  forwarding.Group(rapid.IntRange(0, 1).Draw(t, "group")),
				Local:  addr(rapid.SampledFrom([]string{places[e.Remote().Is6()].fabric, places[e.Remote().Is6()].wan}).Draw(t, "local")),
				Flood:  rapid.Bool().Draw(t, "flood"),
				Filter: hwvtep.Filter(rapid.SampledFrom([]int{0, 0, 1, 31}).Draw(t, "filter")),
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(out)) {
		drawEntries(t, out[name])
		drawNeighbours(t, out[name])
		n := out[name]
		n.Limit = forwarding.Limit{Rate: rapid.Uint32().Draw(t, "rate") | 1<<31, Burst: 1 << 31}
		out[name] = n
	}
	return out
}

func drawEntries(t *rapid.T, n forwarding.Network) {
	if len(n.Tunnels) == 0 {
		return
	}
	places := slices.SortedFunc(maps.Keys(n.Tunnels), forwarding.Endpoint.Compare)
	for _, m := range someMACs {
		if rapid.Bool().Draw(t, "static entry") {
			n.FDB[m] = rapid.SampledFrom(places).Draw(t, "place")
		}
	}
}

func drawNeighbours(t *rapid.T, n forwarding.Network) {
	for i, m := range someMACs {
		a := addr(fmt.Sprint("192.168.7.", rapid.IntRange(i, 3).Draw(t, "address")))
		if rapid.Bool().Draw(t, "neighbour") {
			n.Neighbours[a] = m
		}
		if rapid.Bool().Draw(t, "gateway") {
			n.Gateways.Add(a)
		}
		if rapid.Bool().Draw(t, "router") {
			n.Routers.Add(m)
		}
	}
}

// step gives the changes that lead from one state to another.
func step(from, to map[string]forwarding.Network) changes {
	out := changes{}
	for name := range from {
		out[name] = nil
	}
	for name, n := range to {
		out[name] = &n
	}
	return out
}

// Whatever the way there, what is programmed is what was asked for last, also
// when it is read back by the next process; removing all leaves nothing.
func TestApplyProperty(t *testing.T) {
	d := open(t) // loading programs takes longest: all cases share one
	dir := d.cfg.PinDir
	rapid.Check(t, func(rt *rapid.T) {
		var last map[string]forwarding.Network
		for range rapid.IntRange(1, 6).Draw(rt, "steps") {
			next := drawModels(rt)
			d.differs(t, next)
			d.apply(t, step(last, next))
			d.segmenter.in = 1 // what test runs bring is finished
			d.resolve(t)
			d.floods(t, rt, next)
			last = next
			wantNetworks(t, d, last)
			if rapid.IntRange(0, 3).Draw(rt, "restart") == 0 {
				closed(t, d)
				d = openAt(t, dir)
				wantNetworks(t, d, last)
			}
		}
		d.apply(t, step(last, nil))
		if c := d.census(t); c != (census{}) {
			t.Fatalf("left over: %+v", c)
		}
	})
	closed(t, d)
	if err := Remove(dir); err != nil {
		t.Fatal(err)
	}
}

// floods sends a broadcast by every tunnel: it has to leave by a tunnel of the
// same network and the other group, and teaches its source. (Copies but the
// last one go where nobody looks.)
func (d *Datapath) floods(t *testing.T, rt *rapid.T, models map[string]forwarding.Network) {
	for _, n := range models {
		for e, tun := range n.Tunnels {
			in := shaped{
				encapsulation: e.Encapsulation(), src: e.Remote().String(), dst: tun.Local.String(), key: e.VNI, ttl: 9,
				frame: string(broadcast[:]) + string(hostB[:]) + "\x88\xb5" + strings.Repeat("x", 60),
			}
			verdict, out := d.run(t, in.build(t))
			if verdict != forwarded {
				all := slices.Collect(maps.Values(n.Tunnels))
				if slices.ContainsFunc(all, func(o forwarding.Tunnel) bool {
					return o.Flood && o.Group != tun.Group
				}) && !slices.ContainsFunc(all, func(o forwarding.Tunnel) bool { return o.Filter != 0 }) {
					rt.Fatalf("%s: verdict %d", e, int32(verdict))
				}
				continue
			}
			p := decodeShaped(t, out)
			to, ok := n.Tunnels[by(p.encapsulation, p.dst, p.key)]
			if !ok || to.Group == tun.Group || !to.Flood || to.Local != addr(p.src) || p.frame != in.frame {
				rt.Fatalf("a frame from %s left as %+v", e, p)
			}
		}
	}
}
