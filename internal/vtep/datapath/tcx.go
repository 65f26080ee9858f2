package datapath

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// tcx attaches by links (kernel 6.6 and newer) that are pinned in the
// directory.
type tcx struct{ dir, prefix string }

func (x tcx) pin(ifIndex int) string {
	return filepath.Join(x.dir, x.prefix+strconv.Itoa(ifIndex))
}

// attached lists the pins, also those of interfaces that are gone.
func (x tcx) attached() ([]int, error) { return pinnedLinks(x.dir, x.prefix) }

func (x tcx) attach(ifIndex int, program *ebpf.Program) error {
	return takeOver(x, x.pin(ifIndex), ifIndex, program, func(info *link.Info) bool {
		at := info.TCX()
		return at != nil && at.Ifindex == uint32(ifIndex)
	})
}

// creator makes and pins the link of an interface.
type creator interface {
	create(ifIndex int, program *ebpf.Program) error
}

// takeOver gives the pinned link of an interface the program, and makes one where
// there is none, or one that is not alive any longer: detached, or of an
// interface that is gone.
func takeOver(c creator, pin string, ifIndex int, program *ebpf.Program, alive func(*link.Info) bool) error {
	l, err := link.LoadPinnedLink(pin, nil)
	if errors.Is(err, os.ErrNotExist) {
		return c.create(ifIndex, program)
	}
	if err != nil {
		return fmt.Errorf("open the pinned link: %w", err)
	}
	defer func() { _ = l.Close() }()
	info, err := l.Info()
	if err != nil {
		return fmt.Errorf("look at the pinned link: %w", err)
	}
	if alive(info) {
		return update(l, info.Program, program)
	}
	if err := l.Unpin(); err != nil {
		return fmt.Errorf("unpin a dead link: %w", err)
	}
	return c.create(ifIndex, program)
}

// update has the kernel swap programs between two packets.
func update(l link.Link, have ebpf.ProgramID, program *ebpf.Program) error {
	info, err := program.Info()
	if err != nil {
		return fmt.Errorf("look at the program: %w", err)
	}
	if id, ok := info.ID(); ok && id == have {
		return nil
	}
	if err := l.Update(program); err != nil {
		return fmt.Errorf("swap the program: %w", err)
	}
	return nil
}

func (x tcx) create(ifIndex int, program *ebpf.Program) error {
	l, err := link.AttachTCX(link.TCXOptions{Interface: ifIndex, Program: program, Attach: ebpf.AttachTCXIngress})
	if err != nil {
		return err
	}
	return keepLink(l, x.pin(ifIndex))
}

func (x tcx) detach(ifIndex int) error { return endLink(x.pin(ifIndex)) }

func (x tcx) String() string { return "tcx" }
