package datapath

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// storm has every CPU flood the same network for so long. It gives how many frames
// passed, and how long that was: from before the first to after the last.
func (d *Datapath) storm(t *testing.T, frame []byte, during time.Duration) (passed int, took time.Duration) {
	t.Helper()
	var all unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		t.Fatal(err)
	}
	var sent atomic.Int64
	var work sync.WaitGroup
	began := time.Now()
	for cpu := range 64 * len(all) {
		if all.IsSet(cpu) {
			work.Go(func() {
				// The thread ends with the goroutine, and its CPU is nobody else's.
				runtime.LockOSThread()
				var own unix.CPUSet
				own.Set(cpu)
				if err := unix.SchedSetaffinity(0, &own); err != nil {
					t.Error(err)
				}
				for time.Since(began) < during {
					verdict, err := d.kernel.LandbridgeIngress.Run(&ebpf.RunOptions{Data: frame, DataOut: make([]byte, 2*len(frame)), Context: skbuff{IfIndex: 1}})
					if err != nil {
						t.Error(err)
						return
					}
					if verdict == forwarded {
						sent.Add(1)
					}
				}
			})
		}
	}
	work.Wait()
	return int(sent.Load()), time.Since(began)
}

// With all CPUs flooding one network, what passes is what is saved up and the rate,
// and at most one frame more for each CPU and what comes in a step of the kernel's
// coarse clock: no CPU's charges are lost to another.
func TestFloodRateUnderContention(t *testing.T) {
	const (
		rate, burst = 2000, 500
		step        = 10 * time.Millisecond // the longest that kernels are built with
	)
	d := withGuarded(t, atRate(rate, burst))
	passed, took := d.storm(t, fromA.with(func(p *packet) { p.innerDst = broadcast }).build(t), 3*time.Second)
	want := burst + rate*took.Seconds()
	most := want + float64(runtime.NumCPU()) + rate*step.Seconds()
	t.Logf("%d passed in %v, by the rate %.0f", passed, took, want)
	// Fewer pass while the test is kept from its CPUs for longer than is saved up.
	if got := float64(passed); got > most || got < want/2 {
		t.Errorf("%d passed in %v, by the rate %.0f", passed, took, want)
	}
}
