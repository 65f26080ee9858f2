package datapath

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"landbridge/internal/lab/testenv"
)

// captured runs a capture of so many packets in the background.
func (d *Datapath) captured(t *testing.T, n int, wanted ...Reason) <-chan []Sample {
	t.Helper()
	out := make(chan []Sample, 1)
	go func() {
		var got []Sample
		err := d.Capture(t.Context(), wanted, func() {}, func(s Sample) bool {
			got = append(got, s)
			return len(got) < n
		})
		if err != nil {
			t.Error(err)
		}
		out <- got
	}()
	d.eventuallyCaptures(t, true)
	return out
}

func (d *Datapath) eventuallyCaptures(t *testing.T, want bool) {
	t.Helper()
	testenv.Eventually(t, 10*time.Second, "the capture is on or off", func() error {
		var c kernelCapture
		if err := d.kernel.Capture.Lookup(uint32(0), &c); err != nil {
			return err
		}
		if (c.Reasons != 0) != want {
			return errors.New("not yet")
		}
		return nil
	})
}

func TestCapture(t *testing.T) {
	d := withRed(t)
	got := d.captured(t, 2, SplitHorizon, UnknownSender)
	same := fromA.with(func(p *packet) { p.innerDst = hostA }).build(t)
	stranger := fromA.with(func(p *packet) { p.src, p.payload = "10.0.0.99", strings.Repeat("x", 500) }).build(t)
	d.run(t, fromA.with(func(p *packet) { p.innerSrc = broadcast }).build(t)) // for another reason
	d.run(t, same)
	d.run(t, stranger)
	samples := <-got
	if len(samples) != 2 {
		t.Fatalf("got %+v", samples)
	}
	first, second := samples[0], samples[1]
	if first.Reason != SplitHorizon || first.Network != "red" || first.Length != len(same) || string(first.Bytes) != string(same[:min(len(same), captureBytes)]) {
		t.Errorf("got %+v, want the packet %x", first, same)
	}
	if second.Reason != UnknownSender || second.Network != "" || second.Length != len(stranger) || string(second.Bytes) != string(stranger[:captureBytes]) {
		t.Errorf("got %+v, want the packet %x", second, stranger)
	}
	if age := time.Since(first.Time); age < -time.Second || age > time.Minute {
		t.Errorf("it is %v old", age)
	}
	d.eventuallyCaptures(t, false)
}

// Of a flood of drops a few are shown.
func TestCaptureIsBounded(t *testing.T) {
	d := withRed(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n, ended := 0, make(chan error, 1)
	go func() { ended <- d.Capture(ctx, nil, func() {}, func(Sample) bool { n++; return true }) }()
	d.eventuallyCaptures(t, true)
	if err := d.Capture(ctx, nil, nil, nil); !errors.Is(err, ErrListening) {
		t.Errorf("a second one: %v", err)
	}
	began := time.Now()
	in := fromA.with(func(p *packet) { p.innerDst = hostA }).build(t)
	const sent = 5000
	for range sent {
		d.run(t, in)
	}
	windows := int(time.Since(began)>>26) + 2
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if most := windows * d.cpus * capturePerCPU; n > most || n > sent/2 || n == 0 {
		t.Errorf("%d of %d were shown, at most %d may be", n, sent, most)
	}
	if d.drops(t, SplitHorizon) != sent {
		t.Errorf("counted %d", d.drops(t, SplitHorizon))
	}
}

func TestCaptureOfNoReason(t *testing.T) {
	if err := withRed(t).Capture(t.Context(), []Reason{"boredom"}, nil, nil); err == nil || !strings.Contains(err.Error(), "boredom") {
		t.Errorf("got %v", err)
	}
}
