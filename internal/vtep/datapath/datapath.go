package datapath

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"sync"

	"github.com/cilium/ebpf"

	"landbridge/internal/vtep/forwarding"
)

// Datapath is the one user of a directory of pinned objects. Its methods may be
// called from any goroutine. Open, Apply, Ensure and Remove have to run in the network
// namespace of the interfaces.
type Datapath struct {
	cfg      Config
	cpus     int
	kernel   *kernelObjects
	barrier  *barrier
	hook     *hook // of the underlay
	portHook *hook
	closers  []io.Closer

	capturing sync.Mutex // held while somebody captures

	mu  sync.Mutex
	dry *dryRun // nil: nobody has traced yet
	*mirror
	hops           map[Pair]NextHop // also of pairs that no tunnel uses
	segmenter      segmenter
	wantsSegmenter bool
	idle           []string // devices for GRO
	trustedUntil   uint32   // ticks
	clamp          uint32   // kernelState.Clamp
	modes          []InterfaceMode
	crammed        bool // the FDB is full of static entries, as this Apply has found
}

// Open takes over what is pinned in the directory, or starts anew where there
// is nothing: packets that flow go on flowing, by the program of this version.
// The errors say what the machine lacks, ErrIncompatible among them. Interfaces
// that do not exist are none: Ensure tells of them.
func Open(cfg Config) (*Datapath, error) {
	cfg = cfg.withDefaults()
	if err := probe(cfg.PinDir); err != nil {
		return nil, fmt.Errorf("the datapath cannot run here: %w", err)
	}
	d := &Datapath{cfg: cfg, mirror: newMirror(cfg.Sizes), hops: map[Pair]NextHop{}}
	d.ports = newPorts(cfg.Ports)
	if err := d.setUp(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	cfg.Logger.Info("datapath open", "directory", cfg.PinDir, "attached by", d.hook,
		"networks", len(d.networks), "tunnels", len(d.owners))
	return d, nil
}

// setUp makes everything. What it has made before an error, Close closes.
func (d *Datapath) setUp() (err error) {
	if d.cpus, err = ebpf.PossibleCPU(); err != nil {
		return fmt.Errorf("count the CPUs: %w", err)
	}
	if err := os.MkdirAll(d.cfg.PinDir, 0o700); err != nil {
		return fmt.Errorf("make the directory to pin under: %w", err)
	}
	lock, err := lockDir(d.cfg.PinDir)
	if err != nil {
		return err
	}
	d.closers = append(d.closers, lock)
	if d.barrier, err = newBarrier(); err != nil {
		return err
	}
	d.closers = append(d.closers, d.barrier)
	if d.kernel, err = load(d.cfg); err != nil {
		return err
	}
	d.closers = append(d.closers, d.kernel)
	if err := d.recover(); err != nil {
		return fmt.Errorf("take over what is pinned in %s: %w", d.cfg.PinDir, err)
	}
	return d.start()
}

// start makes the programs those that packets meet.
func (d *Datapath) start() error {
	d.hook = newHook(d.cfg.PinDir, underlayHook, d.kernel.LandbridgeIngress, d.kernel.LandbridgeSink)
	d.portHook = newHook(d.cfg.PinDir, portHook, d.kernel.LandbridgePort, nil)
	for _, h := range []*hook{d.hook, d.portHook} {
		if err := pinProgram(h.program, d.cfg.PinDir, h.kind.program); err != nil {
			return err
		}
	}
	if err := pinProgram(d.kernel.LandbridgeExpress, d.cfg.PinDir, expressPin); err != nil {
		return err
	}
	err := d.arrange()
	if errors.Is(err, ErrNoInterface) {
		d.cfg.Logger.Warn("not attached everywhere", "error", err)
		return nil
	}
	return err
}

// Networks gives what is programmed, by name. It is the caller's to keep.
func (d *Datapath) Networks() map[string]forwarding.Network {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := make(map[string]forwarding.Network, len(d.networks))
	for name, n := range d.networks {
		out[name] = n.model()
	}
	return out
}

// Differing gives the names of networks that are not programmed as they are
// desired, in no order. It copies nothing: there may be very many tunnels.
func (d *Datapath) Differing(desired map[string]forwarding.Network) (names []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, want := range desired {
		if n := d.networks[name]; n == nil || !n.is(want) {
			names = append(names, name)
		}
	}
	for name := range d.networks {
		if _, ok := desired[name]; !ok {
			names = append(names, name)
		}
	}
	return names
}

// Attach attaches the program where it is not: to interfaces that came, or came
// back, or that somebody detached it from, and moves the VLANs of ports whose
// interface is another. Interfaces that do not exist are errors of the kind
// ErrNoInterface.
func (d *Datapath) Attach() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.arrange()
}

// Ensure is Attach, and renews the lease of the next hops, so it has to be called
// more often than that runs, after next hops that have changed were set.
func (d *Datapath) Ensure() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return errors.Join(d.arrange(), d.renew())
}

// arrange has the interfaces that the datapath makes for itself, and the programs
// where they belong. Nothing gets in by an idle one before its program is there,
// and XDP nowhere before TC, which takes what it leaves.
func (d *Datapath) arrange() error {
	err := errors.Join(d.ensureSegmenter(), d.ensureGRO())
	interfaces := slices.Clone(d.cfg.Interfaces)
	if d.wantsSegmenter {
		interfaces = append(interfaces, linkName(d.cfg.PinDir, segmentIn))
	}
	_, portsErr := d.followPorts()
	return errors.Join(err, d.hook.ensure(interfaces, d.idle), d.ensureExpress(), d.raiseIdle(), portsErr, d.hookPorts())
}

// hookPorts has the program at the ports' interfaces.
func (d *Datapath) hookPorts() error {
	return d.portHook.ensure(slices.Sorted(maps.Values(d.cfg.Ports)), nil)
}

// Close lets go of the directory. What is pinned stays and goes on forwarding.
// A second Close does nothing.
func (d *Datapath) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var errs []error
	for _, c := range slices.Backward(d.closers) {
		errs = append(errs, c.Close())
	}
	d.closers = nil
	return errors.Join(errs...)
}
