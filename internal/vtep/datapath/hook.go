package datapath

import (
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/cilium/ebpf"
)

// ErrNoInterface says that an interface does not exist.
var ErrNoInterface = errors.New("no such interface")

// attacher is one way to have the kernel run a program on what arrives by
// interfaces. Interfaces are given by index.
type attacher interface {
	// attached lists where a program of this directory is attached.
	attached() ([]int, error)
	// attach makes the program the one that runs on the interface; in place of
	// one of this directory there is no moment without. ebpf.ErrNotSupported:
	// the kernel does not know this way.
	attach(ifIndex int, program *ebpf.Program) error
	detach(ifIndex int) error
	String() string
}

// hookKind tells the hooks of one directory apart, by names of what they pin.
type hookKind struct {
	program string
	link    string // and the interface's index: names may have dots, pins may not
	// leave undoes what else was done to an interface.
	leave func(ifIndex int) error
}

var (
	underlayHook = hookKind{"program", "link_", func(int) error { return nil }}
	portHook     = hookKind{"program_port", "port_", setOrdinary}
	hookKinds    = []hookKind{underlayHook, portHook}
)

// hook keeps programs attached, by the first way that the kernel knows: one to
// the interfaces that it is for, and one that drops all to those by which nothing
// is to enter.
type hook struct {
	kind          hookKind
	program, sink *ebpf.Program
	ways          []attacher
}

func newHook(dir string, kind hookKind, program, sink *ebpf.Program) *hook {
	return &hook{kind, program, sink, attachers(dir, kind)}
}

func attachers(dir string, kind hookKind) []attacher {
	return []attacher{tcx{dir, kind.link}, clsact{dir, kind.link}}
}

// ensure attaches the programs to the interfaces, and to no others.
func (h *hook) ensure(interfaces, sinks []string) error {
	wanted := map[int]bool{}
	err := errors.Join(h.attachAll(interfaces, h.program, wanted), h.attachAll(sinks, h.sink, wanted))
	return errors.Join(err, h.detachOthers(wanted))
}

func (h *hook) attachAll(interfaces []string, program *ebpf.Program, wanted map[int]bool) error {
	var errs []error
	for _, name := range interfaces {
		i, err := net.InterfaceByName(name)
		if err != nil {
			errs = append(errs, fmt.Errorf("%w: %s", ErrNoInterface, name))
			continue
		}
		wanted[i.Index] = true
		if err := h.attach(i.Index, program); err != nil {
			errs = append(errs, fmt.Errorf("attach the program to %s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

func (h *hook) attach(ifIndex int, program *ebpf.Program) error {
	err := h.ways[0].attach(ifIndex, program)
	for errors.Is(err, ebpf.ErrNotSupported) && len(h.ways) > 1 {
		h.ways = h.ways[1:]
		err = h.ways[0].attach(ifIndex, program)
	}
	return err
}

func (h *hook) detachOthers(wanted map[int]bool) error {
	there, err := h.ways[0].attached()
	if err != nil {
		return err
	}
	there = slices.DeleteFunc(there, func(i int) bool { return wanted[i] })
	var errs []error
	for _, i := range there {
		errs = append(errs, h.ways[0].detach(i), h.kind.leave(i))
	}
	return errors.Join(errs...)
}

// String names the way that is in use.
func (h *hook) String() string { return h.ways[0].String() }
