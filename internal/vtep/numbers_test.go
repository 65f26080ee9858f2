package vtep

import (
	"testing"

	"pgregory.net/rapid"
)

// Whatever the order, who has a number has it alone, and keeps it; there are never
// more than there were names at a time.
func TestNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := numbers{of: map[string]uint32{}}
		have, most := map[string]uint32{}, 0
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			name := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "name")
			if rapid.Bool().Draw(t, "take") {
				n.take(name)
				delete(have, name)
				continue
			}
			number := n.give(name)
			if was, had := have[name]; had && was != number || n.names[number] != name {
				t.Fatalf("%s had %d and has %d, of %q", name, was, number, n.names[number])
			}
			have[name] = number
			most = max(most, len(have))
		}
		used := map[uint32]bool{}
		for name, number := range have {
			if used[number] || int(number) >= most || n.names[number] != name {
				t.Fatalf("%s has %d: %v", name, number, have)
			}
			used[number] = true
		}
	})
}
