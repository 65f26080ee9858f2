package datapath

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/vtep/forwarding"
)

// mixed has tunnels of two shapes.
func mixed() *forwarding.Network {
	return model("n", tunnels{
		at(nodeA, 123):                       fabric(true),
		by(hwvtep.GREOverIPv4, remoteA, 456): wan(true),
	}, nil)
}

// own gives the names of a namespace's interfaces but for the first ones.
func own(t *testing.T) (names []string) {
	t.Helper()
	links, err := netlink.LinkList()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range links {
		if l.Attrs().Name != "lo" {
			names = append(names, l.Attrs().Name)
		}
	}
	return names
}

// The pair is there once it is needed, is the same to the next process, comes
// back when somebody removes it, and goes with the datapath.
func TestSegmenterComesAndGoes(t *testing.T) {
	gw := testenv.NewNetNS(t, "gw")
	dir := filepath.Join(testenv.BPFFS(t), "gw")
	start := func() *Datapath {
		d := openWith(t, Config{PinDir: dir, Segmenter: true, Sizes: Sizes{Tunnels: 16, Networks: 4, NextHops: 16, FDB: 16}})
		t.Cleanup(func() { closed(t, d) })
		return d
	}
	gw.Do(func() {
		d := start()
		d.apply(t, changes{"n": model("n", tunnels{at(nodeA, 123): fabric(true)}, nil)})
		ensured(t, d)
		if names := own(t); len(names) != 0 {
			t.Errorf("not needed, but there: %v", names)
		}
		d.apply(t, changes{"n": mixed()})
		first := d.segmenter
		if names := own(t); len(names) != 2 || first.in == 0 || first.out == 0 {
			t.Fatalf("%+v: %v", first, names)
		}
		closed(t, d)
		d = start()
		ensured(t, d)
		if d.segmenter != first {
			t.Errorf("%+v became %+v", first, d.segmenter)
		}
		wantState(t, d, first)
		if err := removeLink(linkName(dir, segmentOut)); err != nil {
			t.Fatal(err)
		}
		ensured(t, d)
		if d.segmenter.in == first.in {
			t.Errorf("still %+v", d.segmenter)
		}
		wantState(t, d, d.segmenter)
		closed(t, d)
		if err := Remove(dir); err != nil {
			t.Fatal(err)
		}
		if names := own(t); len(names) != 0 {
			t.Errorf("left: %v", names)
		}
	})
}

func wantState(t *testing.T, d *Datapath, want segmenter) {
	t.Helper()
	var s kernelState
	if err := d.kernel.State.Lookup(uint32(0), &s); err != nil {
		t.Fatal(err)
	}
	if s.SegmentIn != want.in || s.SegmentOut != want.out {
		t.Errorf("the program is told %+v, want %+v", s, want)
	}
}

// The devices for GRO listen to the ports, change with them, and go when they
// are not wanted. Where somebody else listens there is none, and no harm.
func TestGRODevices(t *testing.T) {
	gw := testenv.NewNetNS(t, "gw")
	dir := filepath.Join(testenv.BPFFS(t), "gw")
	gw.Do(func() {
		for _, c := range []struct {
			vxlan, geneve uint16
			gro           bool
			want          int
		}{{0, 0, true, 2}, {8472, 0, true, 2}, {0, 0, false, 0}, {5555, 0, true, 1}} {
			if c.vxlan == 5555 {
				listen(t, 5555)
			}
			d := openWith(t, Config{PinDir: dir, VXLANPort: c.vxlan, GenevePort: c.geneve, GRO: c.gro, Sizes: Sizes{Tunnels: 16, Networks: 4, NextHops: 16, FDB: 16}})
			ensured(t, d)
			if names := own(t); len(names) != c.want {
				t.Errorf("%+v: %v", c, names)
			}
			if l, err := netlink.LinkByName(linkName(dir, groVXLAN)); err == nil && l.(*netlink.Vxlan).Port != int(d.cfg.VXLANPort) {
				t.Errorf("%+v: port %d", c, l.(*netlink.Vxlan).Port)
			}
			closed(t, d)
		}
		if err := Remove(dir); err != nil || len(own(t)) != 0 {
			t.Errorf("%v, left: %v", err, own(t))
		}
	})
}

// listen takes a UDP port for the rest of the test.
func listen(t *testing.T, port int) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Port: port}); err != nil {
		t.Fatal(err)
	}
}

// What arrives in a tunnel that is none of ours does not enter this machine.
func TestNothingEntersByGRODevices(t *testing.T) {
	w := newWire(t)
	w.gw.AddAddr("under", "10.0.0.77/24") // no tunnel address
	var d *Datapath
	w.gw.Do(func() {
		d = openWith(t, Config{PinDir: filepath.Join(testenv.BPFFS(t), "gw"), Interfaces: []string{"under"}, GRO: true, Sizes: Sizes{Tunnels: 16, Networks: 4, NextHops: 16, FDB: 16}})
		t.Cleanup(func() {
			closed(t, d)
			w.gw.Do(func() {
				if err := Remove(d.cfg.PinDir); err != nil {
					t.Error(err)
				}
			})
		})
		ensured(t, d)
	})
	idle := linkName(d.cfg.PinDir, groVXLAN)
	w.send(packet{src: "10.0.0.99", dst: "10.0.0.77", vni: 5, innerSrc: hostA, innerDst: broadcast, payload: "who is there"})
	testenv.Eventually(t, 10*time.Second, "the frame at the device", func() error {
		stats := w.gw.Link(idle).Attrs().Statistics
		if stats.RxPackets+stats.RxDropped == 0 {
			return errors.New("not yet")
		}
		return nil
	})
	w.gw.Do(func() {
		there, err := d.hook.ways[0].attached()
		if err != nil || len(there) != 3 {
			t.Errorf("attached to %v, %v", there, err)
		}
	})
}
