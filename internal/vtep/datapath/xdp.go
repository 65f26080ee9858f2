package datapath

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// XDPMode is how the XDP program runs on an interface.
type XDPMode string

// The modes. Native is the driver's own and fast. Generic runs in any driver
// after the kernel has made a packet of the frame: slower than no XDP at all,
// and good for tests.
const (
	XDPNative  XDPMode = "native"
	XDPGeneric XDPMode = "generic"
)

func (m XDPMode) flags() link.XDPAttachFlags {
	if m == XDPGeneric {
		return link.XDPGenericMode
	}
	return link.XDPDriverMode
}

// xdp attaches by links that are pinned in the directory. The kernel does not
// tell the mode of a link: its pin does.
type xdp struct {
	dir  string
	mode XDPMode
}

// expressWays are all ways at XDP.
func expressWays(dir string) []attacher {
	return []attacher{xdp{dir, XDPNative}, xdp{dir, XDPGeneric}}
}

func (x xdp) prefix() string { return "xdp_" + string(x.mode) + "_" }

func (x xdp) pin(ifIndex int) string {
	return filepath.Join(x.dir, x.prefix()+strconv.Itoa(ifIndex))
}

// attached lists the pins, also those of interfaces that are gone.
func (x xdp) attached() ([]int, error) { return pinnedLinks(x.dir, x.prefix()) }

func (x xdp) attach(ifIndex int, program *ebpf.Program) error {
	return takeOver(x, x.pin(ifIndex), ifIndex, program, func(info *link.Info) bool {
		at := info.XDP()
		return at != nil && at.Ifindex == uint32(ifIndex)
	})
}

func (x xdp) create(ifIndex int, program *ebpf.Program) error {
	l, err := link.AttachXDP(link.XDPOptions{Interface: ifIndex, Program: program, Flags: x.mode.flags()})
	if err != nil {
		return err
	}
	return keepLink(l, x.pin(ifIndex))
}

func (x xdp) detach(ifIndex int) error { return endLink(x.pin(ifIndex)) }

func (x xdp) String() string { return "XDP, " + string(x.mode) }

// pinnedLinks lists the interfaces, by index, whose links are pinned by a name
// that begins so.
func pinnedLinks(dir, prefix string) ([]int, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list what is pinned: %w", err)
	}
	var out []int
	for _, e := range entries {
		digits, ok := strings.CutPrefix(e.Name(), prefix)
		if i, err := strconv.Atoi(digits); ok && err == nil {
			out = append(out, i)
		}
	}
	return out, nil
}

// keepLink pins a link, which then needs no process.
func keepLink(l link.Link, pin string) error {
	defer func() { _ = l.Close() }()
	if err := l.Pin(pin); err != nil {
		return fmt.Errorf("pin the link: %w", err)
	}
	return nil
}

// endLink takes a program off by its pinned link.
func endLink(pin string) error {
	l, err := link.LoadPinnedLink(pin, nil)
	if err != nil {
		return fmt.Errorf("open the pinned link: %w", err)
	}
	defer func() { _ = l.Close() }()
	if err := l.Detach(); err != nil {
		return fmt.Errorf("detach the program: %w", err)
	}
	if err := l.Unpin(); err != nil {
		return fmt.Errorf("unpin the link: %w", err)
	}
	return nil
}
