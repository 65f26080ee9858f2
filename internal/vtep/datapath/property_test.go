package datapath

import (
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"pgregory.net/rapid"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/vtep/forwarding"
)

var (
	somePlaces = []forwarding.Endpoint{
		at(nodeA, 1), at(nodeA, 2), at(nodeB, 1), at(remoteA, 1), at(remoteA, 4), at(remoteB, 6),
		by(hwvtep.GeneveOverIPv4, nodeA, 1), by(hwvtep.GREOverIPv4, nodeB, 3), by(hwvtep.VXLANOverIPv6, "2001:db8::11", 1),
		by(hwvtep.GeneveOverIPv6, "2001:db8:f::2", 5), by(hwvtep.GREOverIPv6, "2001:db8:f::2", 5),
		testPort, forwarding.OnPort("p1", 100), forwarding.OnPort("p2", 0), forwarding.OnPort("p2", 100),
	}
	testPort  = forwarding.OnPort("p1", 0) // by which test runs arrive
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
		if ok && e.IsPort() {
			n.Tunnels[e] = onPort()
		} else if ok {
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

// onTestPorts runs a test in a namespace of its own with the interfaces of ports p1
// and p2, at whose other ends nobody is.
func onTestPorts(t *testing.T, test func(t *testing.T, dir string)) {
	t.Helper()
	gw := testenv.NewNetNS(t, "gw")
	for _, name := range []string{"eth1", "eth2"} {
		gw.AddLink(&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: name}})
	}
	dir := filepath.Join(testenv.BPFFS(t), "gw")
	gw.Do(func() { test(t, dir) })
}

func openPorts(t testing.TB, dir string) *Datapath {
	t.Helper()
	return openWith(t, Config{
		PinDir: dir, Ports: map[string]string{"p1": "eth1", "p2": "eth2"}, Logger: slog.New(slog.DiscardHandler),
		Sizes: Sizes{Tunnels: 512, Networks: 64, NextHops: 512, FDB: 1024},
	})
}

// Whatever the way there, what is programmed is what was asked for last, also
// when it is read back by the next process; removing all leaves nothing.
func TestApplyProperty(t *testing.T) { onTestPorts(t, applyProperty) }

func applyProperty(t *testing.T, dir string) {
	d := openPorts(t, dir) // loading programs takes longest: all cases share one
	defer func() { closed(t, d) }()
	rapid.Check(t, func(rt *rapid.T) {
		var last map[string]forwarding.Network
		for range rapid.IntRange(1, 6).Draw(rt, "steps") {
			next := drawModels(rt)
			d.differs(t, next)
			d.apply(t, step(last, next))
			d.finished(t)
			d.floods(t, rt, next)
			last = next
			wantNetworks(t, d, last)
			if rapid.IntRange(0, 3).Draw(rt, "restart") == 0 {
				closed(t, d)
				d = openPorts(t, dir)
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

// floods sends a broadcast by every tunnel and port: it has to leave by one of the
// same network that it may leave by, and teaches its source. (Copies but the last
// one go where nobody looks: TestFloodsGoWhereTheyMay does.)
func (d *Datapath) floods(t *testing.T, rt *rapid.T, models map[string]forwarding.Network) {
	for _, n := range models {
		for e := range n.Tunnels {
			if e.IsPort() && e != testPort {
				continue
			}
			verdict, out := d.floodFrom(t, n, e)
			targets := floodTargets(n, e)
			if verdict != forwarded {
				if len(targets) > 0 && !slices.ContainsFunc(slices.Collect(maps.Values(n.Tunnels)), filters) {
					rt.Fatalf("%s: verdict %d", e, int32(verdict))
				}
				continue
			}
			if !slices.ContainsFunc(targets, func(to forwarding.Endpoint) bool { return leftBy(t, n, to, out) }) {
				rt.Fatalf("a frame from %s may leave by %v, and left as %x", e, targets, out)
			}
		}
	}
}

// finished has what test runs bring by port p1's interface taken for what the
// segmenter has finished, and sets next hops.
func (d *Datapath) finished(t testing.TB) {
	t.Helper()
	d.segmenter.in = d.byTestPort().IfIndex
	d.resolve(t)
}

func (d *Datapath) byTestPort() skbuff { return skbuff{IfIndex: d.ports[testPort.Port()].hop.Ifindex} }

func filters(t forwarding.Tunnel) bool { return t.Filter != 0 }

var stormFrame = string(broadcast[:]) + string(hostB[:]) + "\x88\xb5" + strings.Repeat("x", 60)

func (d *Datapath) floodFrom(t *testing.T, n forwarding.Network, e forwarding.Endpoint) (verdict uint32, out []byte) {
	t.Helper()
	if e.IsPort() {
		return d.runPort(t, []byte(stormFrame))
	}
	in := shaped{
		encapsulation: e.Encapsulation(), src: e.Remote().String(), dst: n.Tunnels[e].Local.String(), key: e.VNI, ttl: 9,
		frame: stormFrame,
	}
	return d.runAs(t, in.build(t), d.byTestPort())
}

// floodTargets gives where a flooded frame may leave, by what is said of groups.
func floodTargets(n forwarding.Network, from forwarding.Endpoint) (out []forwarding.Endpoint) {
	in := n.Tunnels[from].Group
	for e, t := range n.Tunnels {
		if t.Flood && e != from && (t.Group != in || in == forwarding.Ports) {
			out = append(out, e)
		}
	}
	return out
}

// leftBy tells whether a packet is the frame on its way by a tunnel, or a port.
func leftBy(t *testing.T, n forwarding.Network, to forwarding.Endpoint, out []byte) bool {
	t.Helper()
	if to.IsPort() || strings.HasPrefix(string(out), stormFrame[:12]) {
		return to.IsPort() && string(out) == stormFrame
	}
	p := decodeShaped(t, out)
	return by(p.encapsulation, p.dst, p.key) == to && addr(p.src) == n.Tunnels[to].Local && p.frame == stormFrame
}
