package datapath

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/vtep/forwarding"
)

// receivedShaped is received for every encapsulation.
func (w *wire) receivedShaped(atLeast int) map[forwarding.Endpoint][]shaped {
	w.t.Helper()
	out := map[forwarding.Endpoint][]shaped{}
	w.frames(atLeast, func(frame []byte) bool {
		s := decodeShaped(w.t, frame)
		out[s.endpoint(s.dst)] = append(out[s.endpoint(s.dst)], s)
		return true
	})
	return out
}

// openSegmenting is a gateway with a segmenter.
func (w *wire) openSegmenting(n *forwarding.Network) (d *Datapath) {
	w.t.Helper()
	w.gw.Do(func() {
		d = openWith(w.t, Config{
			PinDir: filepath.Join(testenv.BPFFS(w.t), "gw"), Interfaces: []string{"under"}, Segmenter: true,
			Sizes: Sizes{Tunnels: 64, Networks: 4, NextHops: 64, FDB: 64},
		})
		w.t.Cleanup(func() { closed(w.t, d) })
		d.apply(w.t, changes{n.Name: n})
		w.resolve(d)
	})
	return d
}

// A broadcast from every encapsulation reaches each tunnel of the other side
// once, as that has it, and the frame in it is the same everywhere.
func TestFloodOverEveryEncapsulation(t *testing.T) {
	w := newWire(t)
	n := everything()
	d := w.openSegmenting(n)
	f := string(broadcast[:]) + string(hostA[:]) + "\x88\xb5" + frame(t, 300)
	for _, e := range hwvtep.Encapsulations() {
		p := places[encapsulations[e].v6]
		b := shaped{encapsulation: e, src: p.node, dst: p.fabric, key: 1, ttl: 3, tos: 0x2e, srcPort: 50000, checksum: true, frame: f}.build(t)
		copy(b, w.gateway[:])
		if _, err := unix.Write(w.fd, b); err != nil {
			t.Fatal(err)
		}
		got := w.receivedShaped(6)
		for _, out := range hwvtep.Encapsulations() {
			q := places[encapsulations[out].v6]
			copies := got[by(out, q.remote, 2)]
			if len(copies) != 1 {
				t.Errorf("%s to %s: %d copies", e, out, len(copies))
				continue
			}
			want := shaped{
				encapsulation: out, src: q.wan, dst: q.remote, key: 2, ttl: 64, tos: 0x2e, frame: f,
				srcPort: copies[0].srcPort, flowLabel: copies[0].flowLabel, checksum: copies[0].checksum,
			}
			if diff := cmp.Diff(want, copies[0], cmp.AllowUnexported(shaped{})); diff != "" {
				t.Errorf("%s to %s (-want +got)\n%s", e, out, diff)
			}
			if !want.gre() && want.v6() && !want.checksum {
				t.Errorf("%s to %s: no checksum", e, out)
			}
		}
		if len(got) != 6 {
			t.Errorf("%s: copies to %d tunnels", e, len(got))
		}
	}
	c, err := d.Counters()
	if err != nil {
		t.Fatal(err)
	}
	for reason, n := range c.Drops {
		if n != 0 {
			t.Errorf("%d dropped: %s", n, reason)
		}
	}
	for key, traffic := range c.Tunnels {
		want := Traffic{RxPackets: 1, RxBytes: uint64(len(f))}
		if n.Tunnels[key.Endpoint].Group == forwarding.WAN {
			want = Traffic{TxPackets: 6, TxBytes: uint64(6 * len(f))}
		}
		if traffic != want {
			t.Errorf("%s counted %+v, want %+v", key.Endpoint, traffic, want)
		}
	}
}
