package datapath

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/cilium/ebpf"
)

// ErrIncompatible says that what is pinned was made by another version, or with
// other sizes.
var ErrIncompatible = errors.New("pinned by another version or with other sizes; to start anew, remove it (packets stop until the networks are programmed again)")

// expressPin is the name of the program at XDP; those of hooks have theirs.
const expressPin = "program_xdp"

// freshPin is added to the name of a program for a moment.
const freshPin = "_new"

// load takes over the maps pinned in the directory, or makes and pins them, and
// loads the programs onto them.
func load(cfg Config) (*kernelObjects, error) {
	spec, err := configured(cfg)
	if err != nil {
		return nil, err
	}
	var objects kernelObjects
	err = spec.LoadAndAssign(&objects, &ebpf.CollectionOptions{Maps: ebpf.MapOptions{PinPath: cfg.PinDir}})
	if errors.Is(err, ebpf.ErrMapIncompatible) {
		return nil, fmt.Errorf("take over the maps in %s: %w: %w", cfg.PinDir, err, ErrIncompatible)
	}
	if err != nil {
		return nil, fmt.Errorf("load the program and its maps, pinned in %s: %w", cfg.PinDir, err)
	}
	if err := checkFormat(objects.State, cfg.PinDir); err != nil {
		return nil, errors.Join(err, objects.Close())
	}
	return &objects, nil
}

// configured gives what to load by a configuration, on this kernel.
func configured(cfg Config) (*ebpf.CollectionSpec, error) {
	spec, err := specOf(cfg.Sizes, hasLoop())
	if err != nil {
		return nil, err
	}
	if err := errors.Join(
		spec.Variables[kernelVarVxlanPort].Set(cfg.VXLANPort),
		spec.Variables[kernelVarGenevePort].Set(cfg.GenevePort),
	); err != nil {
		return nil, fmt.Errorf("set the UDP ports of the program: %w", err)
	}
	cpus, err := ebpf.PossibleCPU()
	if err != nil {
		return nil, fmt.Errorf("count the CPUs: %w", err)
	}
	spec.Maps[kernelMapCache].MaxEntries = uint32(cpus * cacheSets)
	return spec, nil
}

// specOf gives what to load. Without loop, flooding is by a bounded loop.
func specOf(sizes Sizes, loop bool) (*ebpf.CollectionSpec, error) {
	spec, err := loadKernel()
	if err != nil {
		return nil, fmt.Errorf("read the embedded program: %w", err)
	}
	for name, m := range spec.Maps {
		if isOwn(name) {
			continue
		}
		m.Pinning = ebpf.PinByName
	}
	for name, entries := range sizes.entries() {
		spec.Maps[name].MaxEntries = entries
	}
	if !loop {
		if err := spec.Variables[kernelVarHasBpfLoop].Set(uint8(0)); err != nil {
			return nil, fmt.Errorf("set up the program: %w", err)
		}
	}
	return spec, nil
}

// isOwn tells of maps that belong to one load of the program: constants, and
// what only somebody who listens to it now uses.
func isOwn(name string) bool {
	switch name {
	case kernelMapNotes, kernelMapCache, kernelMapCapture, kernelMapWindows, kernelMapSamples:
		return true
	}
	return name[0] == '.'
}

// format is that of the pinned structures, FORMAT in bpf/model.h.
const format = 2

// checkFormat marks fresh maps and refuses foreign ones.
func checkFormat(state *ebpf.Map, dir string) error {
	var s kernelState
	if err := state.Lookup(uint32(0), &s); err != nil {
		return fmt.Errorf("read the format of the maps in %s: %w", dir, err)
	}
	switch s.Format {
	case format:
		return nil
	case 0:
		if err := state.Put(uint32(0), kernelState{Format: format}); err != nil {
			return fmt.Errorf("mark the format of the maps in %s: %w", dir, err)
		}
		return nil
	}
	return fmt.Errorf("the maps in %s have format %d, this program's is %d: %w", dir, s.Format, format, ErrIncompatible)
}

// pinProgram puts a program in the place of one pinned before.
func pinProgram(program *ebpf.Program, dir, name string) error {
	fresh := filepath.Join(dir, name+freshPin)
	if err := os.Remove(fresh); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove what an earlier start left: %w", err)
	}
	if err := program.Pin(fresh); err != nil {
		return fmt.Errorf("pin the program: %w", err)
	}
	if err := os.Rename(fresh, filepath.Join(dir, name)); err != nil {
		return fmt.Errorf("pin the program: %w", err)
	}
	return nil
}
