package intern

import (
	"fmt"
	"sync"
	"testing"
)

func TestZeroIsNothing(t *testing.T) {
	var table Table[string]
	if n := table.Number(""); n != 0 || table.Value(0) != "" {
		t.Errorf("number %d, value %q", n, table.Value(0))
	}
	if table.values.Load() != nil {
		t.Error("something was kept for it")
	}
}

// Whoever asks, and when, a value has one number, and a number one value.
func TestEachHasOneNumber(t *testing.T) {
	var table Table[string]
	const values, askers = 300, 8
	var got [askers][values]uint32
	var all sync.WaitGroup
	for a := range askers {
		all.Go(func() {
			for i := range values {
				v := fmt.Sprint((i*7 + a*31) % values)
				n := table.Number(v)
				got[a][(i*7+a*31)%values] = n
				if table.Value(n) != v {
					t.Errorf("%d is %q, not %q", n, table.Value(n), v)
				}
			}
		})
	}
	all.Wait()
	seen := map[uint32]bool{}
	for i, n := range got[0] {
		if n == 0 || n > values || seen[n] {
			t.Errorf("%d has the number %d", i, n)
		}
		seen[n] = true
		for a := range askers {
			if got[a][i] != n {
				t.Errorf("%d has the numbers %d and %d", i, n, got[a][i])
			}
		}
	}
}
