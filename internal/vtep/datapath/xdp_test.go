package datapath

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/vishvananda/netlink"

	"landbridge/internal/lab/testenv"
)

// expressWire is a gateway of red that forwards by XDP; the far end takes what it
// sends so.
func expressWire(t *testing.T, mode XDPMode) (*wire, *Datapath) {
	t.Helper()
	w := newWire(t)
	offload(t, w.peer, "far", setGRO, 1)
	var d *Datapath
	w.gw.Do(func() {
		d = open(t, "under")
		d.cfg.XDP = map[string]XDPMode{"under": mode}
		d.apply(t, changes{"red": red()})
		w.resolve(d)
	})
	return w, d
}

// mode is that of the one interface.
func (d *Datapath) mode(t *testing.T) InterfaceMode {
	t.Helper()
	modes := d.Modes()
	if len(modes) != 1 {
		t.Fatalf("modes %+v", modes)
	}
	return modes[0]
}

// blind takes TC off the interfaces, so that nothing but XDP forwards.
func blind(t *testing.T, d *Datapath) {
	t.Helper()
	for _, way := range attachers(d.cfg.PinDir, underlayHook) {
		there, err := way.attached()
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range there {
			if err := way.detach(i); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestXDPForwards(t *testing.T) {
	for _, mode := range []XDPMode{XDPNative, XDPGeneric} {
		t.Run(string(mode), func(t *testing.T) {
			w, d := expressWire(t, mode)
			if m := d.mode(t); m.Mode != "xdp "+string(mode) || m.Reason != "as configured" {
				t.Errorf("%+v", m)
			}
			w.gw.Do(func() { blind(t, d) })
			if !w.works() {
				t.Error("XDP alone does not forward")
			}
			w.send(fromA.with(func(p *packet) { p.innerDst = broadcast }))
			if got := w.received(0); len(got) != 0 {
				t.Errorf("XDP alone has forwarded %v", got)
			}
			w.gw.Do(func() { ensured(t, d) })
			w.send(fromA.with(func(p *packet) { p.innerDst = broadcast }))
			if got := w.received(1); len(got) != 1 {
				t.Errorf("TC has forwarded %v of what XDP leaves", got)
			}
		})
	}
}

// The process ends and another takes over, with XDP and without.
func TestXDPTakenOver(t *testing.T) {
	w, d := expressWire(t, XDPNative)
	dir := d.cfg.PinDir
	closed(t, d)
	w.gw.Do(func() { blind(t, d) })
	if !w.works() {
		t.Error("nothing is forwarded after the end")
	}
	takeOver := func(xdp map[string]XDPMode) (next *Datapath) {
		w.gw.Do(func() {
			next = openWith(t, Config{PinDir: dir, Interfaces: []string{"under"}, XDP: xdp, Sizes: d.cfg.Sizes})
			w.resolve(next)
		})
		t.Cleanup(func() { closed(t, next) })
		return next
	}
	d = takeOver(map[string]XDPMode{"under": XDPGeneric})
	if m := d.mode(t); m.Mode != "xdp generic" || !w.works() {
		t.Errorf("in the other mode: %+v", m)
	}
	closed(t, d)
	d = takeOver(nil)
	if m := d.mode(t); m.Mode != "tc" || m.Reason != "XDP is not asked for" || !w.works() {
		t.Errorf("without: %+v", m)
	}
	w.gw.Do(func() { blind(t, d) })
	if !w.idle() {
		t.Error("XDP forwards, which nobody asked for any more")
	}
}

func TestXDPRemoved(t *testing.T) {
	w, d := expressWire(t, XDPNative)
	closed(t, d)
	w.gw.Do(func() {
		if err := Remove(d.cfg.PinDir); err != nil {
			t.Fatal(err)
		}
	})
	if _, err := os.Stat(d.cfg.PinDir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory is still there: %v", err)
	}
	if x := w.gw.Link("under").Attrs().Xdp; x != nil && x.Attached {
		t.Errorf("still attached: %+v", x)
	}
	if !w.idle() {
		t.Error("packets are still forwarded")
	}
}

// What XDP cannot have, TC does, and Modes tells why.
func TestXDPThatCannotBe(t *testing.T) {
	t.Run("driver", func(t *testing.T) {
		ns := testenv.NewNetNS(t, "gw")
		ns.AddLink(&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "under"}})
		ns.Do(func() {
			d := open(t, "under")
			d.cfg.XDP = map[string]XDPMode{"under": XDPNative}
			ensured(t, d)
			if m := d.mode(t); m.Mode != "tc" || !strings.Contains(m.Reason, "driver of the interface cannot run it") {
				t.Errorf("%+v", m)
			}
		})
	})
	t.Run("another program", func(t *testing.T) {
		w := newWire(t)
		w.gw.Do(func() {
			d := open(t, "under")
			foreign, err := link.AttachXDP(link.XDPOptions{Interface: w.gw.Link("under").Attrs().Index, Program: d.kernel.LandbridgeExpress})
			if err != nil {
				t.Fatal(err)
			}
			d.cfg.XDP = map[string]XDPMode{"under": XDPNative}
			ensured(t, d)
			if m := d.mode(t); m.Mode != "tc" || !strings.Contains(m.Reason, "another XDP program") {
				t.Errorf("%+v", m)
			}
			if err := foreign.Close(); err != nil {
				t.Fatal(err)
			}
			ensured(t, d)
			if m := d.mode(t); m.Mode != "xdp native" {
				t.Errorf("it has gone: %+v", m)
			}
		})
	})
	t.Run("no such interface", func(t *testing.T) {
		d := open(t)
		d.cfg.Interfaces, d.cfg.XDP = []string{"nowhere"}, map[string]XDPMode{"nowhere": XDPNative}
		if err := d.Ensure(); !errors.Is(err, ErrNoInterface) {
			t.Error(err)
		}
		if m := d.mode(t); m.Mode != "none" || m.Reason != "no such interface" {
			t.Errorf("%+v", m)
		}
	})
}

// A far end that takes nothing from XDP gets its packets by TC, until it does.
func TestXDPFollowsTheFarEnd(t *testing.T) {
	w, d := expressWire(t, XDPNative)
	offload(t, w.peer, "far", setGRO, 0)
	w.gw.Do(func() { ensured(t, d) })
	if m := d.mode(t); !strings.Contains(m.Reason, "packets to it leave by TC") || !w.works() {
		t.Errorf("%+v", m)
	}
	w.gw.Do(func() { blind(t, d) })
	if !w.idle() {
		t.Error("XDP has sent what is lost")
	}
	offload(t, w.peer, "far", setGRO, 1)
	w.gw.Do(func() { ensured(t, d) })
	if m := d.mode(t); m.Reason != "as configured" {
		t.Errorf("%+v", m)
	}
}

// Somebody takes the program off, or the interface goes and another comes.
func TestXDPMends(t *testing.T) {
	w, d := expressWire(t, XDPNative)
	pins, err := filepath.Glob(filepath.Join(d.cfg.PinDir, "xdp_native_*"))
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
	w.gw.Do(func() {
		ensured(t, d)
		blind(t, d)
	})
	if !w.works() {
		t.Error("not attached again")
	}
	w.gw.DelLink("under")
	w.gw.Do(func() {
		if err := d.Ensure(); !errors.Is(err, ErrNoInterface) {
			t.Error(err)
		}
	})
	testenv.Veth(t, w.gw, "under", w.peer, "far")
	w.gw.Do(func() { ensured(t, d) })
	if m := d.mode(t); m.Mode != "xdp native" {
		t.Errorf("%+v", m)
	}
	var at ebpf.ProgramID
	if x := w.gw.Link("under").Attrs().Xdp; x != nil {
		at = ebpf.ProgramID(x.ProgId)
	}
	if at == 0 {
		t.Error("the kernel knows no XDP program there")
	}
}

// newExpressClouds is newClouds whose gateways forward at XDP. Links of the kernel's
// own lose checksums that are left to the device, so that nodes finish theirs.
func newExpressClouds(t *testing.T, checksum bool) *clouds {
	t.Helper()
	c := newClouds(t, func(c *clouds) {
		c.checksum = checksum
		c.xdp = map[string]XDPMode{"fabric": XDPNative, "wan": XDPNative}
	})
	for _, n := range []*testenv.NetNS{c.node1, c.node2} {
		offload(t, n, "under", setTXChecksum, 0)
		offload(t, n, "under", setGRO, 1)
	}
	return c
}

// Two clouds joined by gateways that forward at XDP: what broadcasts do, TC does.
func TestThroughXDP(t *testing.T) {
	for name, checksum := range map[string]bool{"plain": false, "with checksum": true} {
		t.Run(name, func(t *testing.T) {
			c := newExpressClouds(t, checksum)
			c.resolve(t)
			for _, m := range append(c.d1.Modes(), c.d2.Modes()...) {
				if m.Mode != "xdp native" || m.Reason != "as configured" {
					t.Errorf("%+v", m)
				}
			}
			answers(t, c.node1, host2, 10*time.Second) // both are known
			c.gw1.Do(func() { blind(t, c.d1) })
			c.gw2.Do(func() { blind(t, c.d2) })
			pings(t, c.node1, host2, 50)
			transfer(t, c.node1, c.node2, host2)
			transfer(t, c.node2, c.node1, host1)
		})
	}
}
