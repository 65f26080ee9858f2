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
				got.add("tc", p.each(b))
			}
			say("%s: %.0f ns", size, measure.Median(got["tc"]))
			s = s.append(p.figure("TC", measure.Median(got["tc"])))
		})
	}
	found = append(found, s)
}

// programRun is a program with full maps, and what shows it packets.
type programRun struct {
	size
	d       *datapath.Datapath
	drivers *benchObjects
	frame   []byte
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
	// The first look at a packet is for its link, whose address is zero.
	p.frame = outer{srcIP: compute1IP, dstIP: fabric1IP, vni: firstVNI, from: host1MAC}.packet(b)
	p.drivers = load(b, constants{frame: p.frame, networks: uint32(s.networks), hosts: uint32(s.hosts())})
	p.fill(b)
	program, err := ebpf.LoadPinnedProgram(filepath.Join(dir, "program"), nil)
	must(b, err)
	defer func() { _ = program.Close() }()
	must(b, p.drivers.TargetTc.Put(uint32(0), program))
	return p
}

// fill makes the networks, with the hosts of the WAN.
func (p *programRun) fill(b *testing.B) {
	b.Helper()
	ip := netip.MustParseAddr
	networks := map[string]*forwarding.Network{}
	for n := range p.networks {
		node := forwarding.Endpoint{Encapsulation: hwvtep.VXLANOverIPv4, Remote: ip(compute1IP), VNI: uint32(firstVNI + n)}
		remote := forwarding.Endpoint{Encapsulation: hwvtep.VXLANOverIPv4, Remote: ip(wan2IP), VNI: uint32(firstWANVNI + n)}
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
	hop := datapath.NextHop{IfIndex: 1, Src: wan1MAC, Dst: wan2MAC, MTU: 1500, Resolved: true}
	must(b, p.d.SetNextHop(ip(wan2IP), ip(wan1IP), hop))
	must(b, p.d.Ensure())
}

// learn has the hosts of the fabric be heard of.
func (p *programRun) learn(b *testing.B) {
	b.Helper()
	p.run(b, p.drivers.BenchDriveTc, max(turns, 4*p.macs))
}

// run gives the time for a packet.
func (p *programRun) run(b *testing.B, driver *ebpf.Program, n int) (each time.Duration) {
	b.Helper()
	must(b, onCore(func() (err error) {
		_, each, err = driver.Benchmark(p.frame, n, nil)
		return err
	}))
	return each
}

// each is what the program takes, without its driver.
func (p *programRun) each(b *testing.B) float64 {
	b.Helper()
	before := p.forwarded(b)
	with := p.run(b, p.drivers.BenchDriveTc, turns)
	if n := p.forwarded(b) - before; n < turns {
		b.Fatalf("%d of %d packets were forwarded", n, turns)
	}
	idle := load(b, constants{frame: p.frame, networks: uint32(p.networks), hosts: uint32(p.hosts())})
	must(b, idle.TargetTc.Put(uint32(0), idle.BenchNothingTc))
	return float64((with - p.run(b, idle.BenchDriveTc, turns)).Nanoseconds())
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
	if p.size == (size{8192, 4096}) {
		f = f.Aimed(fmt.Sprintf("≤ %d ns", mostNs), ns <= mostNs)
	}
	return f
}
