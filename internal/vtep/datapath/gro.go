package datapath

import (
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// The kernel aggregates the segments of tunnelled TCP on arrival (GRO) only for
// UDP ports that a tunnel device of its own listens to. So there is one for each
// port, which gets what no tunnel of ours matches: a program drops it all. For
// Geneve without options the device of VXLAN does as well: behind the same
// eight bytes begins the frame.

// ensureGRO makes the devices, or sets them right. They are not up yet.
func (d *Datapath) ensureGRO() error {
	d.idle = nil
	var errs []error
	for role, port := range map[roleOfLink]uint16{groVXLAN: d.cfg.VXLANPort, groGeneve: d.cfg.GenevePort} {
		name := linkName(d.cfg.PinDir, role)
		if !d.cfg.GRO {
			errs = append(errs, removeLink(name))
			continue
		}
		err := ensureListener(name, port)
		switch {
		case taken(err):
			d.cfg.Logger.Debug("somebody else listens to a tunnel port: whether its packets are aggregated is up to that", "port", port)
		case errors.Is(err, unix.EOPNOTSUPP):
			d.cfg.Logger.Debug("this kernel has no vxlan devices: packets of tunnels are not aggregated", "port", port)
		case err != nil:
			errs = append(errs, fmt.Errorf("make %s, which has UDP port %d aggregated: %w", name, port, err))
		default:
			d.idle = append(d.idle, name)
		}
	}
	return errors.Join(errs...)
}

func taken(err error) bool { return errors.Is(err, unix.EEXIST) || errors.Is(err, unix.EADDRINUSE) }

// raiseIdle sets the devices up, by which they begin to listen.
func (d *Datapath) raiseIdle() error {
	var errs []error
	for _, name := range d.idle {
		l, err := netlink.LinkByName(name)
		if err == nil {
			err = quiet(l)
		}
		if taken(err) {
			err = removeLink(name)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func ensureListener(name string, port uint16) error {
	l, err := netlink.LinkByName(name)
	if v, ok := l.(*netlink.Vxlan); err == nil && (!ok || v.Port != int(port)) {
		err = errors.Join(netlink.LinkDel(l), netlink.LinkNotFoundError{})
	}
	if !errors.As(err, &netlink.LinkNotFoundError{}) {
		return err
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name = name
	return netlink.LinkAdd(&netlink.Vxlan{LinkAttrs: attrs, FlowBased: true, Port: int(port)})
}
