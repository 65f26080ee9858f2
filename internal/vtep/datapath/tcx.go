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
	l, err := link.LoadPinnedLink(x.pin(ifIndex), nil)
	if errors.Is(err, os.ErrNotExist) {
		return x.create(ifIndex, program)
	}
	if err != nil {
		return fmt.Errorf("open the pinned link: %w", err)
	}
	defer func() { _ = l.Close() }()
	info, err := l.Info()
	if err != nil {
		return fmt.Errorf("look at the pinned link: %w", err)
	}
	at := info.TCX()
	if at == nil || at.Ifindex != uint32(ifIndex) { // detached, or of an interface that is gone
		if err := l.Unpin(); err != nil {
			return fmt.Errorf("unpin a dead link: %w", err)
		}
		return x.create(ifIndex, program)
	}
	return update(l, info.Program, program)
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
	defer func() { _ = l.Close() }()
	if err := l.Pin(x.pin(ifIndex)); err != nil {
		return fmt.Errorf("pin the link: %w", err)
	}
	return nil
}

func (x tcx) detach(ifIndex int) error { return endLink(x.pin(ifIndex)) }

func (x tcx) String() string { return "tcx" }
