package vtep

import (
	"runtime/debug"
	"testing"
)

func TestSpareMemory(t *testing.T) {
	was := debug.SetGCPercent(100)
	defer debug.SetGCPercent(was)
	percent := func() int {
		p := debug.SetGCPercent(100)
		debug.SetGCPercent(p)
		return p
	}
	t.Setenv("GOGC", "70")
	spareMemory()
	if got := percent(); got != 100 {
		t.Errorf("%d in spite of GOGC", got)
	}
	t.Setenv("GOGC", "")
	spareMemory()
	if got := percent(); got != gcPercent {
		t.Errorf("%d, want %d", got, gcPercent)
	}
}
