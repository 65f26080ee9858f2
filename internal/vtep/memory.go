package vtep

import (
	"os"
	"runtime/debug"
)

// gcPercent is how much garbage, in hundredths of what is in use, may be held.
// Reading a large database makes much of it, and once it is read little: so
// memory is worth more here than the time that Go's default (100) saves. The
// environment's GOGC goes before it.
const gcPercent = 30

// spareMemory sets the process up to hold little more than it uses.
func spareMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}
