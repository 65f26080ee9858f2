package vtep

import (
	"os"
	"runtime/debug"
)

// gcPercent is how much garbage, in hundredths of what is in use, may be held.
// Reading a large database makes much of it, among what stays: with Go's default
// (100) it is read an eighth sooner, and a tenth more memory is held for good,
// in places too small to give back. The environment's GOGC goes before it.
const gcPercent = 25

// spareMemory has the process hold little more than it uses.
func spareMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}
