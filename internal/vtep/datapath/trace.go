package datapath

import (
	"errors"
	"fmt"
	"slices"

	"github.com/cilium/ebpf"

	"landbridge/internal/vtep/forwarding"
)

// Trace is what the program would do with a packet now.
type Trace struct {
	Verdict Verdict
	Reason  Reason // where it is dropped
	Steps   []Step // in order
	Out     []byte // the packet as it would leave; nil where it is dropped
}

// Verdict is what becomes of a packet.
type Verdict string

// The verdicts.
const (
	Passed    Verdict = "passed"    // not for a tunnel: left to the kernel
	Dropped   Verdict = "dropped"   //
	Forwarded Verdict = "forwarded" // sent itself, maybe beside copies
)

// Step is one step on the way, in words: what was asked, and what was found.
type Step struct {
	Map  string `json:"map"` // that was looked at; "" for none
	Text string `json:"text"`
}

// Trace runs the program itself on a packet that arrives by an interface, in a
// way that changes nothing and sends nothing: no address is learned, no counter
// counts. The program that does is a second one on the same maps, loaded for
// this alone. The destination MAC has to be the interface's.
func (d *Datapath) Trace(packet []byte, ifIndex int) (Trace, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.trace(packet, ifIndex, func(r *dryRun) *ebpf.Program { return r.Program })
}

// TracePort is Trace for a frame that arrives on a VLAN of a physical port, 0 for
// untagged; the frame is without that tag, and so is Out where it leaves by a port.
func (d *Datapath) TracePort(frame []byte, name string, vlan uint16) (Trace, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.ports[name]
	if p == nil {
		return Trace{}, fmt.Errorf("there is no port %q", name)
	}
	if p.hop.Ifindex == 0 {
		return Trace{}, fmt.Errorf("port %s: its interface %s is not there", name, p.link)
	}
	if len(frame) < ethernetHeader {
		return Trace{}, fmt.Errorf("a frame of %d bytes is none", len(frame))
	}
	if vlan != 0 {
		tag := []byte{0x81, 0, byte(vlan >> 8), byte(vlan)} // IEEE 802.1Q
		frame = slices.Insert(slices.Clone(frame), 12, tag...)
	}
	return d.trace(frame, int(p.hop.Ifindex), func(r *dryRun) *ebpf.Program { return r.Port })
}

const ethernetHeader = 14

func (d *Datapath) trace(packet []byte, ifIndex int, of func(*dryRun) *ebpf.Program) (Trace, error) {
	dry, err := d.loadDry()
	if err != nil {
		return Trace{}, err
	}
	const room = 256 // more than headers grow by
	opts := &ebpf.RunOptions{Data: packet, DataOut: make([]byte, len(packet)+room), Context: arrivingBy(ifIndex)}
	verdict, err := of(dry).Run(opts)
	if err != nil {
		return Trace{}, fmt.Errorf("run the program: %w", err)
	}
	out := Trace{Verdict: verdictOf(verdict)}
	if out.Verdict == Forwarded {
		out.Out = opts.DataOut
	}
	return out, d.readNotes(dry.Notes, &out)
}

// arrivingBy is struct __sk_buff as far as test runs take it.
func arrivingBy(ifIndex int) any {
	var skb struct {
		_       [10]uint32
		IfIndex uint32
		_       [37]uint32
	}
	skb.IfIndex = uint32(ifIndex)
	return skb
}

func verdictOf(v uint32) Verdict {
	const shot, redirect = 2, 7 // TC_ACT_
	switch v {
	case shot:
		return Dropped
	case redirect:
		return Forwarded
	}
	return Passed
}

// dryRun is what a dry run needs of its own.
type dryRun struct {
	Program *ebpf.Program `ebpf:"landbridge_ingress"`
	Port    *ebpf.Program `ebpf:"landbridge_port"`
	Notes   *ebpf.Map     `ebpf:"notes"`
}

// Close implements io.Closer.
func (r *dryRun) Close() error {
	return errors.Join(r.Program.Close(), r.Port.Close(), r.Notes.Close())
}

// loadDry loads the programs for dry runs, on the maps of the others, once.
func (d *Datapath) loadDry() (*dryRun, error) {
	if d.dry != nil {
		return d.dry, nil
	}
	spec, err := configured(d.cfg)
	if err != nil {
		return nil, err
	}
	if err := spec.Variables[kernelVarDryRun].Set(uint8(1)); err != nil {
		return nil, fmt.Errorf("set up the program for a dry run: %w", err)
	}
	spec.Maps[kernelMapCache].MaxEntries = 1 // not looked at
	var dry dryRun
	err = spec.LoadAndAssign(&dry, &ebpf.CollectionOptions{Maps: ebpf.MapOptions{PinPath: d.cfg.PinDir}})
	if err != nil {
		return nil, fmt.Errorf("load the program for a dry run: %w", err)
	}
	d.dry, d.closers = &dry, append(d.closers, &dry)
	return d.dry, nil
}

func (d *Datapath) readNotes(notes *ebpf.Map, out *Trace) error {
	for {
		var n kernelNote
		err := notes.LookupAndDelete(nil, &n)
		if errors.Is(err, ebpf.ErrKeyNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the way of the packet: %w", err)
		}
		out.Steps = append(out.Steps, d.explain(n))
		if n.Step == kernelStepSTEP_DROPPED {
			out.Reason = reasons()[kernelEvent(n.A)]
		}
	}
}

// explain puts a note into words.
func (d *Datapath) explain(n kernelNote) Step {
	at := describe(d.tunnelAt(n.A))
	switch n.Step {
	case kernelStepSTEP_ARRIVED:
		return Step{"arrivals", "it came by " + at}
	case kernelStepSTEP_LEARNED:
		return Step{"fdb", d.explainLearning(kernelLearning(n.A), describe(d.tunnelAt(n.B)))}
	case kernelStepSTEP_FOUND:
		return Step{"fdb", "the destination is behind " + at}
	case kernelStepSTEP_FLOODED:
		return Step{"floods", fmt.Sprintf("a group address, or not known: flooded to all tunnels that a frame of side %s may leave by", forwarding.Group(n.A))}
	case kernelStepSTEP_COPIED:
		return Step{"nexthops", fmt.Sprintf("a copy leaves by %s, interface %d", at, n.B)}
	case kernelStepSTEP_SENT:
		return Step{"nexthops", fmt.Sprintf("it leaves by %s, interface %d", at, n.B)}
	case kernelStepSTEP_RESOLVED:
		return Step{"nexthops", fmt.Sprintf("it leaves by %s; the kernel is asked for the next hop", at)}
	case kernelStepSTEP_SEGMENTED:
		return Step{"state", "the kernel finishes it first, cut to wire size: each packet then comes again"}
	case kernelStepSTEP_DROPPED:
		return Step{"", "dropped: " + string(reasons()[kernelEvent(n.A)])}
	}
	return Step{"", fmt.Sprintf("step %d (%d, %d)", n.Step, n.A, n.B)}
}

func (d *Datapath) explainLearning(how kernelLearning, known string) string {
	switch how {
	case kernelLearningLEARN_NEW:
		return "the source is new, and would be learned here if the FDB has room"
	case kernelLearningLEARN_SAME:
		return "the source is known here"
	case kernelLearningLEARN_MOVE:
		return "the source would move here, from " + known
	case kernelLearningLEARN_FREEZE:
		return "the source would move here, from " + known + ", once too often: it would be frozen"
	case kernelLearningLEARN_MISMATCH:
		return "the source is static or frozen behind " + known + ", and stays there"
	case kernelLearningLEARN_LIMITED:
		return "the source is new, and not learned: the network has learned as many as it may"
	}
	return fmt.Sprintf("learning %d", how)
}

func describe(t *tunnel) string {
	if t == nil {
		return "a tunnel that is gone"
	}
	return fmt.Sprintf("tunnel %d, %s, side %s, network %s", t.id, t.endpoint, t.group, t.network.name)
}
