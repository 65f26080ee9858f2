package datapath

import (
	"fmt"
	"testing"
	"time"

	"github.com/cilium/ebpf"

	"landbridge/internal/lab/netns"
)

const (
	// burst is how many packets the kernel sends and serves at once.
	burst = 64
	// perRun is how many packets a run of the source sends: it costs a while to
	// begin with.
	perRun = 1 << 15
	// liveFrames is BPF_F_TEST_XDP_LIVE_FRAMES of linux/bpf.h.
	liveFrames = 1 << 1
	// lossy is how many of 100 packets may be lost on the way.
	lossy = 1
)

// stream is small packets from a compute node to where they end.
type stream struct {
	from *netns.Namespace
	// copies is how many of each packet arrive.
	copies int
	send   func(n int) error
	sink   *benchObjects
	xdp    bool // the sink
	work   work
}

// newStream makes small packets that leave a compute node in bursts of so many, by
// XDP: that costs next to nothing itself.
func newStream(b *testing.B, from *netns.Namespace, packet []byte, xdp bool, burst int) *stream {
	b.Helper()
	s := &stream{from: from, copies: 1, xdp: xdp, work: workOf(b, nil), sink: load(b, constants{})}
	source := load(b, constants{frame: packet, out: uint32(indexOf(b, from, computeLink))})
	s.send = func(n int) error { return runLive(source.BenchSource, len(packet), n, burst) }
	return s
}

// newSingles makes small packets that a process sends one by one. Other processes
// may forward them.
func newSingles(b *testing.B, from *netns.Namespace, packet []byte, processes []int) *stream {
	b.Helper()
	s := &stream{from: from, copies: 1, work: workOf(b, processes), sink: load(b, constants{})}
	arrived := func() uint64 { return arrivedAt(b, s.sink) }
	s.send = newRawSource(b, from, indexOf(b, from, computeLink), packet, arrived).send
	return s
}

// runLive runs a program on n frames of the kernel's own, which go where it says.
func runLive(program *ebpf.Program, size, n, burst int) error {
	for sent := 0; sent < n; sent += perRun {
		_, err := program.Run(&ebpf.RunOptions{
			Data: make([]byte, size), Repeat: uint32(min(perRun, n-sent)), BatchSize: uint32(burst), Flags: liveFrames,
		})
		if err != nil {
			return fmt.Errorf("send packets: %w", err)
		}
	}
	return nil
}

// endAt has the packets end where they arrive by a link; there they are counted.
func (s *stream) endAt(b *testing.B, ns *netns.Namespace, name string) (detach func()) {
	b.Helper()
	if s.xdp {
		return onIngress(b, ns, name, s.sink.BenchSinkXdp)
	}
	return onIngress(b, ns, name, s.sink.BenchSinkTc)
}

// cost sends n packets and gives the CPU time for each that arrives.
func (s *stream) cost(b *testing.B, n int) (each time.Duration) {
	b.Helper()
	before := arrivedAt(b, s.sink)
	var spent time.Duration
	must(b, s.from.Do(func() error {
		return onCore(func() (err error) {
			spent, err = s.work.of(func() error { return s.send(n) })
			return err
		})
	}))
	arrived, want := int(arrivedAt(b, s.sink)-before), n*s.copies
	if arrived < want*(100-lossy)/100 {
		b.Fatalf("%d of %d packets have arrived", arrived, want)
	}
	return spent / time.Duration(arrived)
}

// small is the packet that a rival's source sends.
func (r *rival) small(b *testing.B) []byte {
	b.Helper()
	return outer{
		src: compute1MAC, dst: r.next, srcIP: compute1IP, dstIP: r.remote, vni: fabricVNI, innerDst: host2MAC, from: host1MAC,
	}.packet(b)
}
