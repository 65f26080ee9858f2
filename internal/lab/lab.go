// Package lab builds whole clouds out of network namespaces on one machine:
// compute nodes with the kernel's own bridges and tunnels, VMs, gateway nodes
// with the real programs of Landbridge, and a WAN. The demonstration, the
// end-to-end tests and the benchmarks stand on it.
//
// A node is a namespace <lab>-<node>. Everything that a lab makes is written
// down in its directory first (see ledger), so that it can be removed, also
// after the lab was killed.
package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"landbridge/internal/lab/ledger"
	"landbridge/internal/lab/netns"
)

// DefaultRoot is where labs have their directories.
const DefaultRoot = "/run/landbridge-lab"

const specFile = "spec.json"

// Options is what a lab needs to know of the machine.
type Options struct {
	Root     string // the directory of labs; "": DefaultRoot
	Programs string // the directory that has the programs of Landbridge
}

func (o Options) root() string {
	if o.Root == "" {
		return DefaultRoot
	}
	return o.Root
}

// Lab is a running lab.
type Lab struct {
	Spec     Spec
	Dir      string                  // all files of the lab
	Gateways map[string]*GatewayNode // by cloud name
	Others   map[string]*GatewayNode // further devices of gateways, by their names

	options Options
	ledger  *ledger.Ledger

	mu    sync.Mutex
	nodes map[string]*netns.Namespace
}

// ErrNotRoot says that a lab cannot be built without root's rights.
var ErrNotRoot = errors.New("a lab is made of network namespaces and eBPF programs: run it as root")

// New makes a lab's directory and its links and nodes: clouds whose VMs reach
// each other inside a cloud, and gateways without programs. Where that fails,
// nothing is left.
func New(spec Spec, options Options) (*Lab, error) {
	if os.Geteuid() != 0 {
		return nil, ErrNotRoot
	}
	dir := filepath.Join(options.root(), spec.Name)
	book, err := ledger.Create(dir)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("a lab named %s is there already (%s): take it down first, or choose another name", spec.Name, dir)
	}
	if err != nil {
		return nil, fmt.Errorf("begin a lab in %s: %w", dir, err)
	}
	l := newLab(spec, options, book)
	if err := l.build(); err != nil {
		return nil, errors.Join(fmt.Errorf("build lab %s: %w", spec.Name, err), l.Remove())
	}
	return l, nil
}

// Open takes hold of a lab that another process has built.
func Open(name string, options Options) (*Lab, error) {
	dir := filepath.Join(options.root(), name)
	book, err := ledger.Load(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no lab named %s in %s", name, options.root())
	}
	if err != nil {
		return nil, err
	}
	spec, err := readSpec(dir)
	if err != nil {
		return nil, err
	}
	return newLab(spec, options, book), nil
}

func newLab(spec Spec, options Options, book *ledger.Ledger) *Lab {
	l := &Lab{
		Spec: spec, Dir: book.Dir, Gateways: map[string]*GatewayNode{}, Others: map[string]*GatewayNode{},
		options: options, ledger: book, nodes: map[string]*netns.Namespace{},
	}
	for _, c := range spec.Clouds {
		l.Gateways[c.Name] = newGatewayNode(l, c)
		for _, device := range c.Others {
			l.Others[device.Name] = newGatewayNode(l, c.of(device))
		}
	}
	return l
}

func (l *Lab) build() error {
	if err := l.writeSpec(); err != nil {
		return err
	}
	if err := l.buildWAN(); err != nil {
		return err
	}
	for _, c := range l.Spec.Clouds {
		if err := l.buildCloud(c); err != nil {
			return fmt.Errorf("cloud %s: %w", c.Name, err)
		}
	}
	return nil
}

// Node gives the namespace of a node: a VM, a compute node or a gateway by its
// name in the Spec, "wan", or "fabric-<cloud>".
func (l *Lab) Node(name string) (*netns.Namespace, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if ns, ok := l.nodes[name]; ok {
		return ns, nil
	}
	ns, err := netns.Open(l.Spec.Name + "-" + name)
	if err != nil {
		return nil, err
	}
	l.nodes[name] = ns
	return ns, nil
}

// Keep lets the lab stay when the process that built it ends.
func (l *Lab) Keep() error { return l.ledger.Keep() }

// Remove ends the lab's programs and removes all of it from the machine.
func (l *Lab) Remove() error {
	l.Close()
	if err := l.ledger.Remove(); err != nil {
		return fmt.Errorf("remove lab %s: %w", l.Spec.Name, err)
	}
	return nil
}

// Close lets go of the lab without touching it.
func (l *Lab) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, ns := range l.nodes {
		_ = ns.Close() // only a handle of ours
	}
	clear(l.nodes)
}

// RemoveAbandoned removes what killed labs have left, and gives their names.
func RemoveAbandoned(options Options) ([]string, error) {
	if os.Geteuid() != 0 {
		return nil, ErrNotRoot
	}
	return ledger.RemoveAbandoned(options.root())
}

func (l *Lab) writeSpec() error {
	b, err := json.MarshalIndent(l.Spec, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(l.Dir, specFile), b, 0o600)
}

func readSpec(dir string) (Spec, error) {
	var spec Spec
	b, err := os.ReadFile(filepath.Join(dir, specFile))
	if err != nil {
		return spec, err
	}
	if err := json.Unmarshal(b, &spec); err != nil {
		return spec, fmt.Errorf("read %s of %s: %w", specFile, dir, err)
	}
	return spec, nil
}
