package datapath

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/vishvananda/netlink"

	"landbridge/internal/lab/testenv"
)

// ways are those to attach; each has to do.
func ways(dir string) map[string]attacher {
	return map[string]attacher{"tcx": tcx{dir, underlayHook.link}, "clsact": clsact{dir, underlayHook.link}}
}

// gatewayBy is a gateway of red whose program is attached in the way given.
func (w *wire) gatewayBy(way string) *Datapath {
	w.t.Helper()
	var d *Datapath
	w.gw.Do(func() {
		d = open(w.t)
		d.apply(w.t, changes{"red": red()})
		w.reattach(d, way)
	})
	return d
}

func (w *wire) reattach(d *Datapath, way string) {
	w.t.Helper()
	d.cfg.Interfaces = []string{"under"}
	d.hook.ways = []attacher{ways(d.cfg.PinDir)[way]}
	w.resolve(d)
}

// works tells whether a packet of red is forwarded, exactly once.
func (w *wire) works() bool {
	w.t.Helper()
	w.send(fromA)
	return len(w.received(1)[at(remoteA, 456)]) == 1
}

// idle tells whether a packet of red is not forwarded.
func (w *wire) idle() bool {
	w.t.Helper()
	w.send(fromA)
	return len(w.received(0)) == 0
}

func TestAttach(t *testing.T) {
	for way := range ways("") {
		t.Run(way, func(t *testing.T) {
			w := newWire(t)
			d := w.gatewayBy(way)
			if !w.works() {
				t.Fatal("nothing is forwarded")
			}
			w.gw.Do(func() {
				if err := errors.Join(d.Ensure(), d.Ensure()); err != nil {
					t.Error(err)
				}
			})
			if !w.works() {
				t.Error("nothing is forwarded, or twice, after Ensure")
			}
			dir := d.cfg.PinDir
			closed(t, d)
			if !w.works() {
				t.Error("nothing is forwarded after Close")
			}
			w.gw.Do(func() { w.reattach(openAt(t, dir), way) })
			if !w.works() {
				t.Error("nothing is forwarded, or twice, after another Open")
			}
		})
	}
}

func TestEnsureMends(t *testing.T) {
	detach := map[string]func(*testing.T, string){
		"tcx": func(t *testing.T, dir string) {
			pins, err := filepath.Glob(filepath.Join(dir, "link_*"))
			if err != nil || len(pins) != 1 {
				t.Fatal(pins, err)
			}
			l, err := link.LoadPinnedLink(pins[0], nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(l.Detach(), l.Close()); err != nil {
				t.Fatal(err)
			}
		},
		"clsact": func(t *testing.T, _ string) {
			l, err := netlink.LinkByName("under")
			if err != nil {
				t.Fatal(err)
			}
			if err := netlink.QdiscDel(qdisc(l.Attrs().Index)); err != nil {
				t.Fatal(err)
			}
		},
	}
	for way := range ways("") {
		t.Run(way, func(t *testing.T) {
			w := newWire(t)
			d := w.gatewayBy(way)
			w.gw.Do(func() { detach[way](t, d.cfg.PinDir) })
			if !w.idle() {
				t.Fatal("not detached")
			}
			w.gw.Do(func() {
				if err := d.Ensure(); err != nil {
					t.Fatal(err)
				}
			})
			if !w.works() {
				t.Error("not attached again")
			}
		})
	}
}

// An interface goes and another of its name comes.
func TestEnsureFollowsInterfaces(t *testing.T) {
	for way := range ways("") {
		t.Run(way, func(t *testing.T) {
			gw, peer := testenv.NewNetNS(t, "gw"), testenv.NewNetNS(t, "peer")
			gw.Do(func() {
				d := open(t, "under")
				d.hook.ways = []attacher{ways(d.cfg.PinDir)[way]}
				if err := d.Ensure(); !errors.Is(err, ErrNoInterface) {
					t.Fatalf("no interface, and Ensure says %v", err)
				}
				for range 2 {
					testenv.Veth(t, gw, "under", peer, "far")
					if err := d.Ensure(); err != nil {
						t.Fatal(err)
					}
					got, err := d.hook.ways[0].attached()
					if err != nil || len(got) != 1 || got[0] != gw.Link("under").Attrs().Index {
						t.Errorf("attached to %v, %v", got, err)
					}
					gw.DelLink("under")
				}
				if err := d.Ensure(); !errors.Is(err, ErrNoInterface) {
					t.Errorf("the interface is gone, and Ensure says %v", err)
				}
				if got, err := d.hook.ways[0].attached(); err != nil || len(got) != 0 {
					t.Errorf("attached to %v, %v", got, err)
				}
			})
		})
	}
}

func TestInterfaceThatIsNoLongerWanted(t *testing.T) {
	for way := range ways("") {
		t.Run(way, func(t *testing.T) {
			w := newWire(t)
			d := w.gatewayBy(way)
			w.gw.Do(func() {
				d.cfg.Interfaces = []string{"lo"}
				if err := d.Ensure(); err != nil {
					t.Fatal(err)
				}
			})
			if !w.idle() {
				t.Error("still attached")
			}
		})
	}
}

func TestRemoveLeavesNothing(t *testing.T) {
	for way := range ways("") {
		t.Run(way, func(t *testing.T) {
			w := newWire(t)
			d := w.gatewayBy(way)
			dir := d.cfg.PinDir
			w.gw.Do(func() {
				if err := Remove(dir); err == nil {
					t.Error("removed while in use")
				}
				closed(t, d)
				if err := Remove(dir); err != nil {
					t.Fatal(err)
				}
			})
			if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the directory is still there: %v", err)
			}
			if !w.idle() {
				t.Error("packets are still forwarded")
			}
			w.gw.Do(func() { wantDetached(t, w.gw.Link("under")) })
			if err := Remove(dir); err != nil {
				t.Errorf("the second time: %v", err)
			}
		})
	}
}

func wantDetached(t *testing.T, l netlink.Link) {
	t.Helper()
	got, err := link.QueryPrograms(link.QueryOptions{Target: l.Attrs().Index, Attach: ebpf.AttachTCXIngress})
	if err != nil || len(got.Programs) != 0 {
		t.Errorf("tcx programs: %+v, %v", got, err)
	}
	qdiscs, err := netlink.QdiscList(l)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range qdiscs {
		if q.Type() == "clsact" {
			t.Error("clsact is left")
		}
	}
}

// The queueing discipline stays where others use it.
func TestRemoveLeavesForeignFilters(t *testing.T) {
	w := newWire(t)
	d := w.gatewayBy("clsact")
	w.gw.Do(func() {
		foreign := clsact{"/another", underlayHook.link}.filter(w.gw.Link("under").Attrs().Index)
		foreign.Handle, foreign.Priority, foreign.Fd = 1, 1, d.kernel.LandbridgeIngress.FD()
		if err := netlink.FilterReplace(foreign); err != nil {
			t.Fatal(err)
		}
		closed(t, d)
		if err := Remove(d.cfg.PinDir); err != nil {
			t.Fatal(err)
		}
		if f, err := (clsact{"/another", underlayHook.link}).find(w.gw.Link("under")); err != nil || f == nil {
			t.Errorf("the filter of another is gone: %v", err)
		}
	})
}

func TestRemoveLeavesForeignPins(t *testing.T) {
	d := open(t)
	dir := d.cfg.PinDir
	if err := os.Mkdir(filepath.Join(dir, "foreign"), 0o700); err != nil {
		t.Fatal(err)
	}
	closed(t, d)
	if err := Remove(dir); err == nil {
		t.Error("removed what is not ours")
	}
	if _, err := os.Stat(filepath.Join(dir, "foreign")); err != nil {
		t.Error(err)
	}
}
