package datapath

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/perf"
)

// Sample is a packet that was dropped, as it was then: one that failed on its
// way out may have its new header already.
type Sample struct {
	Time    time.Time
	Reason  Reason
	Network string // "" where it is not known
	IfIndex int    // it came by
	Length  int    // of the whole packet
	Bytes   []byte // its first ones
	Lost    uint64 // samples that were lost before this one
}

const (
	captureBytes   = 256 // of a packet
	capturePerCPU  = 8   // packets in a window of 67 ms: about 120 in a second
	captureBuffer  = 1 << 17
	captureLease   = 5 * time.Second
	captureRenewal = time.Second
	sampleHeader   = 24 // struct sample in bpf/model.h
)

// ErrListening says that somebody captures already.
var ErrListening = errors.New("somebody else captures dropped packets: one at a time")

// Capture shows dropped packets, of some reasons or (none given) all, until ctx
// ends or show tells that it has enough. They are a sample: of many drops at once
// few are shown, so that a flood of them costs little. Nothing is taken while
// nobody captures. It calls begun when drops are being taken.
func (d *Datapath) Capture(ctx context.Context, wanted []Reason, begun func(), show func(Sample) (more bool)) error {
	if !d.capturing.TryLock() {
		return ErrListening
	}
	defer d.capturing.Unlock()
	bits, err := bitsOf(wanted)
	if err != nil {
		return err
	}
	r, err := perf.NewReader(d.kernel.Samples, captureBuffer)
	if err != nil {
		return fmt.Errorf("listen for dropped packets: %w", err)
	}
	defer func() { _ = r.Close() }()
	defer func() { _ = d.kernel.Capture.Put(uint32(0), kernelCapture{}) }()
	if err := d.renewCapture(bits); err != nil {
		return err
	}
	begun()
	var lost uint64
	for ctx.Err() == nil {
		if err := d.renewCapture(bits); err != nil {
			return err
		}
		r.SetDeadline(time.Now().Add(captureRenewal))
		more, err := d.readSamples(ctx, r, &lost, show)
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// readSamples shows what comes until the reader's deadline.
func (d *Datapath) readSamples(ctx context.Context, r *perf.Reader, lost *uint64, show func(Sample) bool) (more bool, err error) {
	stop := context.AfterFunc(ctx, func() { r.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	for {
		record, err := r.Read()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return true, nil
		}
		if err != nil {
			return false, fmt.Errorf("read dropped packets: %w", err)
		}
		*lost += record.LostSamples
		if len(record.RawSample) < sampleHeader {
			continue
		}
		s, err := d.sample(record.RawSample)
		if err != nil {
			return false, err
		}
		s.Lost, *lost = *lost, 0
		if !show(s) {
			return false, nil
		}
	}
}

// CheckReasons refuses what is no reason to drop a packet.
func CheckReasons(wanted []Reason) error {
	_, err := bitsOf(wanted)
	return err
}

func bitsOf(wanted []Reason) (bits uint64, err error) {
	byReason := map[Reason]kernelEvent{}
	for event, r := range reasons() {
		byReason[r] = event
		if len(wanted) == 0 {
			bits |= 1 << event
		}
	}
	for _, r := range wanted {
		event, ok := byReason[r]
		if !ok {
			return 0, fmt.Errorf("%q is no reason to drop a packet", r)
		}
		bits |= 1 << event
	}
	return bits, nil
}

// renewCapture makes the program show packets for a while: should this process
// end without a word, it soon stops.
func (d *Datapath) renewCapture(bits uint64) error {
	now, err := ticks()
	if err != nil {
		return err
	}
	c := kernelCapture{
		Reasons: bits, Until: now + uint32(captureLease.Nanoseconds()>>tickShift), Length: captureBytes, Most: capturePerCPU,
	}
	if err := d.kernel.Capture.Update(uint32(0), c, ebpf.UpdateAny); err != nil {
		return fmt.Errorf("switch the capture on: %w", err)
	}
	return nil
}

// sample reads struct sample of bpf/model.h and the bytes behind it.
func (d *Datapath) sample(raw []byte) (Sample, error) {
	word := func(at int) uint32 { return binary.LittleEndian.Uint32(raw[at:]) }
	age, err := sinceMonotonic(binary.LittleEndian.Uint64(raw))
	s := Sample{
		Time: time.Now().Add(-age), Reason: reasons()[kernelEvent(word(8))], Network: d.nameByID(word(12)),
		IfIndex: int(word(16)), Length: int(word(20)),
	}
	data := raw[sampleHeader:]
	s.Bytes = data[:min(s.Length, captureBytes, len(data))] // the rest is padding
	return s, err
}

func (d *Datapath) nameByID(id uint32) string {
	if id == 0 {
		return ""
	}
	var name kernelNetworkName
	if d.kernel.Networks.Lookup(id, &name) != nil {
		return "" // it has just gone
	}
	return name.String()
}
