// Package heap has programs hold little more memory than they use.
package heap

import (
	"os"
	"runtime/debug"
)

// Percent is how much garbage, in hundredths of what is in use, may be held.
// Reading a large database makes much of it, among what stays: with Go's default
// (100) it is read an eighth sooner, and a tenth more memory is held for good,
// in places too small to give back.
const Percent = 25

// Spare has the garbage collector hold no more than Percent. The environment's
// GOGC goes before it.
func Spare() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(Percent)
	}
}
