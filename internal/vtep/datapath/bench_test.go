package datapath

import (
	"testing"
	"time"

	"github.com/cilium/ebpf"

	"landbridge/internal/vtep/forwarding"
)

// BenchmarkUnicast is the program alone on a unicast hit, learning included. A
// test run repeats on the rewritten packet, so two networks throw it back and
// forth: each time it arrives by a tunnel and leaves by another.
func BenchmarkUnicast(b *testing.B) {
	const x, y = "10.0.0.1", "10.0.0.2"
	d := open(b)
	back := func(name string, in, out uint32) *forwarding.Network {
		return model(name, tunnels{
			at(x, in):  {Group: forwarding.Fabric, Local: addr(y), Flood: true},
			at(y, out): {Group: forwarding.WAN, Local: addr(x), Flood: true},
		}, entries{hostX: at(y, out)})
	}
	d.apply(b, changes{"forth": back("forth", 1, 2), "back": back("back", 2, 1)})
	d.resolve(b)
	in := packet{src: x, dst: y, vni: 1, innerSrc: hostA, innerDst: hostX}.build(b)
	opts := &ebpf.RunOptions{Data: in, Context: skbuff{IfIndex: 1}, Repeat: uint32(b.N)}
	if _, err := d.kernel.LandbridgeIngress.Run(opts); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	c, err := d.Counters()
	if err != nil {
		b.Fatal(err)
	}
	var forwarded uint64
	for _, t := range c.Tunnels {
		forwarded += t.TxPackets
	}
	if forwarded != uint64(b.N) {
		b.Fatalf("%d of %d packets were forwarded", forwarded, b.N)
	}
}

// BenchmarkStatic is what a static entry costs to write, among as many.
func BenchmarkStatic(b *testing.B) {
	d := open(b)
	n := model("n", tunnels{at(nodeA, 1): fabric(true)}, entries{})
	for i := range 1000 {
		n.FDB[[6]byte{2, 0, 0, 0, byte(i >> 8), byte(i)}] = at(nodeA, 1)
	}
	d.apply(b, changes{"n": model("n", n.Tunnels, nil)})
	var spent time.Duration
	for b.Loop() {
		began := time.Now()
		d.apply(b, changes{"n": n})
		spent += time.Since(began)
		d.apply(b, changes{"n": model("n", n.Tunnels, nil)})
	}
	b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N)/1000, "ns/entry")
}
