package datapath

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// InterfaceMode is where packets that arrive by an interface meet a program, and
// why there.
type InterfaceMode struct {
	Interface string
	Mode      string // "none", "tc", "xdp native" or "xdp generic"; XDP leaves to TC what it does not forward
	Reason    string // for an operator
}

// What Mode says where there is no XDP.
const (
	modeNone = "none"
	modeTC   = "tc"
)

// place is an interface of the datapath.
type place struct {
	name  string
	index int
	at    XDPMode // where XDP runs; "": it does not
	why   string
}

// ensureExpress attaches the XDP program where it is asked for and can be. Where
// it cannot be, TC does all, and Modes tells why: that is no error.
func (d *Datapath) ensureExpress() error {
	places := make([]place, 0, len(d.cfg.Interfaces))
	wanted := map[XDPMode]map[int]bool{XDPNative: {}, XDPGeneric: {}}
	for _, name := range d.cfg.Interfaces {
		p := d.placeOf(name)
		if p.at != "" {
			wanted[p.at][p.index] = true
		}
		places = append(places, p)
	}
	err := d.endExpress(wanted)
	d.attachExpress(places)
	err = errors.Join(err, d.openExits(places))
	d.showModes(places)
	return err
}

// placeOf tells where an interface is to run.
func (d *Datapath) placeOf(name string) place {
	i, err := net.InterfaceByName(name)
	if err != nil {
		return place{name: name, why: ErrNoInterface.Error()}
	}
	p := place{name: name, index: i.Index, at: d.cfg.XDP[name], why: "as configured"}
	if p.at == "" {
		p.why = "XDP is not asked for"
	}
	return p
}

// endExpress takes the program off where it is not wanted: before it is attached
// in another mode, since an interface has one at a time.
func (d *Datapath) endExpress(wanted map[XDPMode]map[int]bool) error {
	var errs []error
	for _, mode := range []XDPMode{XDPNative, XDPGeneric} {
		way := xdp{d.cfg.PinDir, mode}
		there, err := way.attached()
		errs = append(errs, err)
		for _, i := range there {
			if !wanted[mode][i] {
				errs = append(errs, way.detach(i))
			}
		}
	}
	return errors.Join(errs...)
}

func (d *Datapath) attachExpress(places []place) {
	for i := range places {
		p := &places[i]
		if p.at == "" {
			continue
		}
		if err := (xdp{d.cfg.PinDir, p.at}).attach(p.index, d.kernel.LandbridgeExpress); err != nil {
			p.at, p.why = "", "XDP is asked for, but "+whyNot(err)
		}
	}
}

// whyNot says what keeps a program from an interface.
func whyNot(err error) string {
	switch {
	case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, ebpf.ErrNotSupported):
		return "the driver of the interface cannot run it (only \"generic\" can)"
	case errors.Is(err, unix.EBUSY), errors.Is(err, unix.EEXIST):
		return "another XDP program is attached"
	}
	return "the kernel refuses: " + err.Error()
}

// openExits has XDP send to those interfaces that take it; what is for others is
// left to TC. Kernels before 6.3 do not tell which do: there it is those that
// run the program themselves, in their driver.
func (d *Datapath) openExits(places []place) error {
	if len(d.cfg.XDP) == 0 {
		return d.closeExits(nil)
	}
	exits := map[uint32]bool{}
	for i := range places {
		p := &places[i]
		if p.index == 0 {
			continue
		}
		takes, known := takesXDP(p.index)
		if exits[uint32(p.index)] = takes || !known && p.at == XDPNative; !exits[uint32(p.index)] {
			p.why += "; packets to it leave by TC, since its driver takes none from XDP (a veth does with GRO on at the far end)"
			continue
		}
		if err := d.kernel.Express.Put(uint32(p.index), uint32(p.index)); err != nil {
			return fmt.Errorf("let XDP send to %s: %w", p.name, err)
		}
	}
	return d.closeExits(exits)
}

// closeExits has XDP send to no other interfaces than these.
func (d *Datapath) closeExits(open map[uint32]bool) error {
	var errs []error
	var index, exit uint32
	for at := d.kernel.Express.Iterate(); at.Next(&index, &exit); { // the kernel has no batches of such maps
		if open[index] {
			continue
		}
		if err := d.kernel.Express.Delete(index); !errors.Is(err, ebpf.ErrKeyNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// showModes keeps the modes, and tells the log of news.
func (d *Datapath) showModes(places []place) {
	var modes []InterfaceMode
	for _, p := range places {
		m := InterfaceMode{Interface: p.name, Mode: modeTC, Reason: p.why}
		switch {
		case p.index == 0:
			m.Mode = modeNone
		case p.at != "":
			m.Mode = "xdp " + string(p.at)
		}
		modes = append(modes, m)
	}
	slices.SortFunc(modes, func(a, b InterfaceMode) int { return cmp.Compare(a.Interface, b.Interface) })
	for _, m := range modes {
		if !slices.Contains(d.modes, m) {
			d.cfg.Logger.Info("interface", "name", m.Interface, "mode", m.Mode, "reason", m.Reason)
		}
	}
	d.modes = modes
}

// Modes tells where the packets of each interface are forwarded, sorted by its
// name, as the last Ensure has found it.
func (d *Datapath) Modes() []InterfaceMode {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.modes)
}
