// Package heap has programs hold little more memory than they use.
package heap

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// How much garbage may be held beside what is in use: allowance, but no less than
// least and no more than most, which are hundredths of what is in use. Reading a
// large database makes much garbage among what stays, and what is held then is held
// for good, in places too small to give back. A small program has Go's default: it
// would go through what it has over and over, to save a few MiB.
const (
	least     = 25
	most      = 100
	allowance = 48 << 20 // bytes
)

// Spare has the garbage collector hold as much as percent says, from now on. The
// environment's GOGC goes before it.
func Spare() {
	if os.Getenv("GOGC") == "" {
		(&keeper{now: most}).collected()
	}
}

// percent gives how much garbage may be held beside so many bytes in use.
func percent(live uint64) int {
	return int(min(max(allowance*100/max(live, 1), least), most))
}

// keeper sets the percentage after each collection.
type keeper struct {
	now int // percent
}

// collected is called when a collection is over, and again after the next one:
// what it leaves behind is garbage by then.
func (k *keeper) collected() {
	if want := percent(live()); want != k.now {
		debug.SetGCPercent(want)
		k.now = want
	}
	runtime.AddCleanup(new(*keeper), (*keeper).collected, k)
}

// live is what the last collection has found in use, in bytes.
func live() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
