package datapath

import (
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/vtep/forwarding"
)

// Taking a tunnel out does not read the FDB: only a sweep does, and then its id
// is free.
func TestRemovedTunnelsWaitForTheSweep(t *testing.T) {
	d := withRed(t)
	d.run(t, fromA.with(func(p *packet) { p.innerSrc = hostB }).build(t))
	id := d.owners[at(nodeA, 123)].id
	key := d.networks["red"].fdbKey(hostB)
	n := red()
	n.FDB = entries{}
	delete(n.Tunnels, at(nodeA, 123))
	d.apply(t, changes{"red": n})
	var e kernelFdbEntry
	if err := d.kernel.Fdb.Lookup(key, &e); err != nil || e.Tunnel != id {
		t.Errorf("the entry is %+v, %v: the FDB was gone over", e, err)
	}
	if !d.tunnelIDs.inUse(id) {
		t.Error("its id is free while an entry leads to it")
	}
	// A frame to it is one to nobody known.
	if verdict, out := d.run(t, fromX.with(func(p *packet) { p.innerDst = hostB }).build(t)); verdict != dropped {
		t.Errorf("verdict %d, %x", int32(verdict), out)
	}
	d.sweep(t, 0)
	if d.tunnelIDs.inUse(id) || len(d.retired) != 0 {
		t.Error("its id is not free after a sweep")
	}
	if err := d.kernel.Fdb.Lookup(key, &e); err == nil {
		t.Errorf("the entry is still there: %+v", e)
	}
}

// Where ids run out, those that wait are freed at once.
func TestRetiredTunnelsMakeRoom(t *testing.T) {
	d := open(t)
	full := func(first uint32) *forwarding.Network {
		n := model("n", tunnels{}, nil)
		for i := range uint32(512) { // as many as there is room for
			n.Tunnels[at(nodeA, first+i)] = fabric(false)
		}
		return n
	}
	for i := range uint32(3) {
		d.apply(t, changes{"n": full(1 + i*1000)})
	}
}

// big gives networks of 64 tunnels and some static entries each.
func big(networks, macs int) changes {
	out := changes{}
	for i := range networks {
		n := model(fmt.Sprintf("landbridge/%08d", i), make(tunnels, 64), make(entries, macs))
		for j := range 64 {
			side := forwarding.Tunnel{Local: addr(fabricIP), Flood: true}
			e := forwarding.To(hwvtep.VXLANOverIPv4, netip.AddrFrom4([4]byte{10, 0, 1, byte(j)}), uint32(i+1))
			if j == 0 {
				side.Group, side.Local = forwarding.WAN, addr(wanIP)
			}
			n.Tunnels[e] = side
			if j < macs {
				n.FDB[ethernet.MAC{2, byte(i >> 16), byte(i >> 8), byte(i), 0, byte(j)}] = e
			}
		}
		out[n.Name] = n
	}
	return out
}

// BenchmarkChange is one tunnel and one MAC that come and go, beside nothing and
// beside 4,096 networks of 64 tunnels with 100,000 MACs.
func BenchmarkChange(b *testing.B) {
	for _, networks := range []int{0, 4096} {
		b.Run(fmt.Sprint(networks, " networks"), func(b *testing.B) {
			d := openWith(b, Config{PinDir: filepath.Join(testenv.BPFFS(b), "gw"), Logger: slog.New(slog.DiscardHandler)})
			b.Cleanup(func() { closed(b, d) })
			began := time.Now()
			d.apply(b, big(networks, 25))
			filled := time.Since(began)
			with, without := red(), red()
			delete(without.Tunnels, at(nodeA, 123))
			delete(without.FDB, hostA)
			for b.Loop() {
				d.apply(b, changes{"red": with})
				d.apply(b, changes{"red": without})
			}
			var mem runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&mem)
			b.ReportMetric(filled.Seconds(), "s-to-fill")
			b.ReportMetric(float64(mem.HeapAlloc)/(1<<20), "MiB-heap")
		})
	}
}

// A network whose counters found no room is told of as one that has counted
// nothing, and gets them by the next change.
func TestCountersThatFoundNoRoom(t *testing.T) {
	d := withRed(t)
	n := d.networks["red"]
	if err := forget(d.kernel.Counters, n.id); err != nil {
		t.Fatal(err)
	}
	n.counted = false
	c, err := d.Counters()
	if got, ok := c.Networks["red"]; err != nil || !ok || got.Flooded != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	d.apply(t, changes{"red": red()})
	if err := d.kernel.Counters.Lookup(n.id, make([]kernelNetworkCounters, d.cpus)); err != nil {
		t.Errorf("after a change: %v", err)
	}
}

// Totals are the counters without those of tunnels, and count who is answered for.
func TestTotals(t *testing.T) {
	d := open(t)
	n := red()
	n.Neighbours[addr("192.168.7.1")], n.Neighbours[addr("192.168.7.2")] = hostA, hostX
	n.Gateways.Add(addr("192.168.7.2"))
	n.Gateways.Add(addr("192.168.7.254")) // whose MAC nobody knows
	d.apply(t, changes{"red": n})
	c, err := d.Totals()
	if err != nil || c.Tunnels != nil || len(c.Networks) != 1 || c.Networks["red"].Neighbours != 2 || len(c.Drops) != len(reasons()) {
		t.Errorf("%+v, %v", c, err)
	}
	seen := tunnels{}
	err = d.VisitTunnels(func(network string, e forwarding.Endpoint, tun forwarding.Tunnel, counted Traffic) {
		if network != "red" || counted != (Traffic{}) {
			t.Errorf("%s of %s: %+v", e, network, counted)
		}
		seen[e] = tun
	})
	if err != nil || !maps.Equal(seen, n.Tunnels) {
		t.Errorf("tunnels %v, %v", seen, err)
	}
}
