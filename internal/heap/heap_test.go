package heap

import (
	"runtime/debug"
	"testing"
)

func TestSpare(t *testing.T) {
	was := debug.SetGCPercent(100)
	defer debug.SetGCPercent(was)
	percent := func() int {
		p := debug.SetGCPercent(100)
		debug.SetGCPercent(p)
		return p
	}
	t.Setenv("GOGC", "70")
	Spare()
	if got := percent(); got != 100 {
		t.Errorf("%d in spite of GOGC", got)
	}
	t.Setenv("GOGC", "")
	Spare()
	if got := percent(); got != Percent {
		t.Errorf("%d, want %d", got, Percent)
	}
}
