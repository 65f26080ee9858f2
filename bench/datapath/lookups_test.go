package datapath

import (
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/cilium/ebpf"

	"landbridge/bench/measure"
	"landbridge/bench/report"
	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/vtep/datapath"
	"landbridge/internal/vtep/forwarding"
)

const (
	firstVNI    = 1
	firstWANVNI = 1 << 20
	// turns is how many packets a round shows the program.
	turns = 1 << 20
	// mostNs is the aim for 8,192 MACs in 4,096 networks.
	mostNs = 250
)

// size is how much the maps hold. Half of the MACs are behind the fabric.
type size struct{ macs, networks int }

func (s size) String() string { return fmt.Sprintf("MACs: %d, networks: %d", s.macs, s.networks) }

// hosts per network and side.
func (s size) hosts() int { return max(1, s.macs/2/s.networks) }

var sizes = []size{{1, 1}, {8192, 1}, {1 << 18, 1}, {1 << 20, 1}, {8192, 4096}, {1 << 18, 4096}, {1 << 20, 4096}}

// BenchmarkProgram finds what the program alone takes for a frame from any host of
// the fabric to any of the WAN, both known, by test runs.
func BenchmarkProgram(b *testing.B) {
	s := section{title: "The program alone"}
	for _, size := range sizes {
		if size.macs > *macs {
			continue
		}
		b.Run(size.String(), func(b *testing.B) {
			p := newProgramRun(b, size)
			p.learn(b)
			got := series{}
			for range *rounds {
				for _, hook := range []string{"TC", "XDP"} {
					got.add(hook, p.each(b, hook))
				}
			}
			for _, hook := range []string{"TC", "XDP"} {
				say("%s, %s: %.0f ns", hook, size, measure.Median(got[hook]))
				s = s.append(p.figure(hook, measure.Median(got[hook])))
			}
		})
	}
	found = append(found, s)
}

// programRun is the programs with full maps, and what shows them packets.
type programRun struct {
	size
	d           *datapath.Datapath
	with, empty map[string]*ebpf.Program // drivers, by hook
	frame       []byte
}

func newProgramRun(b *testing.B, s size) *programRun {
	b.Helper()
	dir := filepath.Join(testenv.BPFFS(b), "gw")
	d, err := datapath.Open(datapath.Config{PinDir: dir, Sizes: datapath.Sizes{
		Tunnels: uint32(2 * s.networks), Networks: uint32(s.networks), NextHops: 16, FDB: uint32(max(2*s.macs, 64)),
	}})
	must(b, err)
	b.Cleanup(func() { must(b, errors.Join(d.Close(), datapath.Remove(dir))) })
	p := &programRun{size: s, d: d}
	p.frame = outer{dst: fabric1MAC, srcIP: compute1IP, dstIP: fabric1IP, vni: firstVNI, from: host1MAC}.packet(b)
	p.fill(b)
	c := constants{frame: p.frame, networks: uint32(s.networks), hosts: uint32(s.hosts())}
	with, empty := load(b, c), load(b, c)
	drive := func(at *ebpf.Map, name string) {
		program, err := ebpf.LoadPinnedProgram(filepath.Join(dir, name), nil)
		must(b, err)
		defer func() { _ = program.Close() }()
		must(b, at.Put(uint32(0), program))
	}
	drive(with.TargetTc, "program")
	drive(with.TargetXdp, "program_xdp")
	must(b, empty.TargetTc.Put(uint32(0), empty.BenchNothingTc))
	must(b, empty.TargetXdp.Put(uint32(0), empty.BenchNothingXdp))
	p.with = map[string]*ebpf.Program{"TC": with.BenchDriveTc, "XDP": with.BenchDriveXdp}
	p.empty = map[string]*ebpf.Program{"TC": empty.BenchDriveTc, "XDP": empty.BenchDriveXdp}
	exits, err := ebpf.LoadPinnedMap(filepath.Join(dir, "express"), nil)
	must(b, err)
	defer func() { _ = exits.Close() }()
	must(b, exits.Put(uint32(1), uint32(1)))
	return p
}

// fill makes the networks, with the hosts of the WAN.
func (p *programRun) fill(b *testing.B) {
	b.Helper()
	ip := netip.MustParseAddr
	networks := map[string]*forwarding.Network{}
	for n := range p.networks {
		node := forwarding.To(hwvtep.VXLANOverIPv4, ip(compute1IP), uint32(firstVNI+n))
		remote := forwarding.To(hwvtep.VXLANOverIPv4, ip(wan2IP), uint32(firstWANVNI+n))
		network := &forwarding.Network{
			Name: fmt.Sprint("n", n), FDB: map[ethernet.MAC]forwarding.Endpoint{},
			Tunnels: map[forwarding.Endpoint]forwarding.Tunnel{
				node: {Group: forwarding.Fabric, Local: ip(fabric1IP), Flood: true}, remote: {Group: forwarding.WAN, Local: ip(wan1IP), Flood: true},
			},
		}
		for h := range p.hosts() {
			i := n*p.hosts() + h
			network.FDB[ethernet.MAC{6, 0, byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)}] = remote
		}
		networks[network.Name] = network
	}
	for name, err := range p.d.Apply(networks) {
		b.Fatalf("%s: %v", name, err)
	}
	must(b, p.d.SetNextHops(map[datapath.Pair]datapath.NextHop{
		{Local: ip(wan1IP), Remote: ip(wan2IP)}:        {IfIndex: 1, Src: wan1MAC, Dst: wan2MAC, MTU: 1500, Resolved: true},
		{Local: ip(fabric1IP), Remote: ip(compute1IP)}: {IfIndex: 1, Src: fabric1MAC, Dst: compute1MAC, MTU: 1500, Resolved: true},
	}))
	must(b, p.d.Ensure())
}

// learn has the hosts of the fabric be heard of.
func (p *programRun) learn(b *testing.B) {
	b.Helper()
	p.run(b, p.with["TC"], max(turns, 4*p.macs))
}

// run gives the time for a packet. Test runs look at the first one for whether it
// is for their link, whose address is zero; the drivers write all of it.
func (p *programRun) run(b *testing.B, driver *ebpf.Program, n int) (each time.Duration) {
	b.Helper()
	first := append(make([]byte, 6), p.frame[6:]...)
	must(b, onCore(func() (err error) {
		_, each, err = driver.Benchmark(first, n, nil)
		return err
	}))
	return each
}

// each is what the program at a hook takes, without its driver.
func (p *programRun) each(b *testing.B, hook string) float64 {
	b.Helper()
	before := p.forwarded(b)
	with := p.run(b, p.with[hook], turns)
	if n := p.forwarded(b) - before; n < turns*99/100 {
		b.Fatalf("%d of %d packets were forwarded at %s", n, turns, hook)
	}
	return float64((with - p.run(b, p.empty[hook], turns)).Nanoseconds())
}

func (p *programRun) forwarded(b *testing.B) (n uint64) {
	b.Helper()
	c, err := p.d.Counters()
	must(b, err)
	for _, t := range c.Tunnels {
		n += t.TxPackets
	}
	return n
}

func (p *programRun) figure(hook string, ns float64) report.Figure {
	f := report.New(fmt.Sprintf("%s, %s", hook, p.size), ns, "ns")
	if hook == "TC" && p.size == (size{8192, 4096}) {
		f = f.Aimed(fmt.Sprintf("≤ %d ns", mostNs), ns <= mostNs)
	}
	return f
}
