package datapath

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/cilium/ebpf"
)

// Remove detaches and unpins all that is in a directory and removes it, and the
// interfaces that the datapath has made: no
// packet is forwarded any longer. It does nothing where there is no directory,
// and fails where a process uses it or something foreign is in it.
func Remove(pinDir string) error {
	lock, err := lockDir(pinDir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	if err := detachAll(pinDir); err != nil {
		return fmt.Errorf("detach what is pinned in %s: %w", pinDir, err)
	}
	if err := removeLinks(pinDir); err != nil {
		return err
	}
	if err := unpinAll(pinDir); err != nil {
		return fmt.Errorf("unpin what is in %s: %w", pinDir, err)
	}
	if err := os.Remove(pinDir); err != nil {
		return fmt.Errorf("something else is in there: %w", err)
	}
	return nil
}

// detachAll goes through all ways, whichever was in use; XDP first, since TC takes
// what it leaves.
func detachAll(dir string) error {
	err := detachFrom(expressWays(dir), underlayHook.leave)
	for _, kind := range hookKinds {
		err = errors.Join(err, detachFrom(attachers(dir, kind), kind.leave))
	}
	return err
}

func detachFrom(ways []attacher, leave func(ifIndex int) error) error {
	var errs []error
	for _, way := range ways {
		there, err := way.attached()
		errs = append(errs, err)
		for _, i := range there {
			errs = append(errs, way.detach(i), leave(i))
		}
	}
	return errors.Join(errs...)
}

func unpinAll(dir string) error {
	spec, err := specOf(Sizes{}, true)
	if err != nil {
		return err
	}
	names := []string{expressPin, expressPin + freshPin}
	for _, kind := range hookKinds {
		names = append(names, kind.program, kind.program+freshPin)
	}
	for name, m := range spec.Maps {
		if m.Pinning == ebpf.PinByName {
			names = append(names, name)
		}
	}
	var errs []error
	for _, name := range names {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
