package heap

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"landbridge/internal/lab/testenv"
)

func TestPercent(t *testing.T) {
	for mib, want := range map[uint64]int{0: 100, 1: 100, 48: 100, 64: 75, 96: 50, 192: 25, 1 << 20: 25} {
		if got := percent(mib << 20); got != want {
			t.Errorf("%d MiB in use: %d, want %d", mib, got, want)
		}
	}
}

// held is the percentage that the garbage collector has.
func held() int {
	p := debug.SetGCPercent(most)
	debug.SetGCPercent(p)
	return p
}

func TestTheEnvironmentGoesBefore(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(70))
	t.Setenv("GOGC", "70")
	Spare()
	runtime.GC()
	if got := held(); got != 70 {
		t.Errorf("%d in spite of GOGC", got)
	}
}

// What is in use may grow and shrink: the percentage follows, after any number of
// collections.
func TestSpareFollowsWhatIsInUse(t *testing.T) {
	t.Setenv("GOGC", "")
	Spare()
	become := func(want int) {
		t.Helper()
		testenv.Eventually(t, time.Minute, "the garbage that may be held", func() error {
			runtime.GC()
			if got := held(); got != want {
				return fmt.Errorf("%d, want %d", got, want)
			}
			return nil
		})
	}
	become(most)
	large := make([]byte, 300<<20)
	become(least)
	runtime.KeepAlive(large)
	become(most)
}
