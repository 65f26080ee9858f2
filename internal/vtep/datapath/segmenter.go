package datapath

import (
	"errors"
	"fmt"
	"maps"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"landbridge/internal/vtep/forwarding"
)

// segmenter is the veth pair by which packets become those of wire size: see
// bpf/segment.h. Interfaces are by index; 0 where there is none.
type segmenter struct {
	out, in uint32
}

// prepareSegmenter has the pair there before the tunnels that need it: where all
// have one shape, no packet changes its own.
func (d *Datapath) prepareSegmenter(changes map[string]*forwarding.Network) {
	shapes := maps.Clone(d.shapes)
	for _, n := range changes {
		if n == nil {
			continue
		}
		for e := range n.Tunnels {
			shapes[shapeOf(e.Encapsulation())]++
		}
	}
	if !d.cfg.Segmenter || len(shapes) < 2 || d.segmenter.in != 0 {
		return
	}
	d.wantsSegmenter = true
	if err := errors.Join(d.arrange(), d.writeState()); err != nil {
		d.cfg.Logger.Debug("not whole yet", "error", err) // Ensure tells
	}
}

// ensureSegmenter makes the pair where it is needed, or finds it again. One
// that somebody has changed is set right. It stays until Remove.
func (d *Datapath) ensureSegmenter() (err error) {
	if d.wantsSegmenter = d.wantsSegmenter || d.cfg.Segmenter && len(d.shapes) > 1; !d.wantsSegmenter {
		return nil
	}
	if d.segmenter, err = makeSegmenter(d.cfg.PinDir); err != nil {
		return fmt.Errorf("make the veth pair that segments packets: %w", err)
	}
	return nil
}

func makeSegmenter(dir string) (segmenter, error) {
	outName, inName := linkName(dir, segmentOut), linkName(dir, segmentIn)
	out, err := netlink.LinkByName(outName)
	if errors.As(err, &netlink.LinkNotFoundError{}) {
		out, err = addPair(outName, inName)
	}
	if err != nil {
		return segmenter{}, err
	}
	in, err := netlink.LinkByName(inName)
	if err != nil {
		return segmenter{}, fmt.Errorf("find %s, the other end of %s: %w", inName, outName, err)
	}
	if err := errors.Join(quiet(out), quiet(in)); err != nil {
		return segmenter{}, err
	}
	for _, offload := range []uint32{unix.ETHTOOL_STSO, unix.ETHTOOL_SGSO, unix.ETHTOOL_STXCSUM} {
		if err := setOffload(outName, offload, 0); err != nil {
			return segmenter{}, err
		}
	}
	return segmenter{out: uint32(out.Attrs().Index), in: uint32(in.Attrs().Index)}, nil
}

// pairMTU lets every packet through: what is too big is seen to elsewhere.
const pairMTU = 65535

func addPair(out, in string) (netlink.Link, error) {
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.MTU = out, pairMTU
	err := netlink.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: in, PeerMTU: pairMTU})
	if err != nil {
		return nil, fmt.Errorf("add %s and %s: %w", out, in, err)
	}
	return netlink.LinkByName(out)
}
