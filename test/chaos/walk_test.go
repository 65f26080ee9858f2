package chaos

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"landbridge/internal/lab/rest"
)

func TestASeedIsOneWalk(t *testing.T) {
	same := cmp.AllowUnexported(script{}, step{}, op{}, fault{})
	if diff := cmp.Diff(write(7, 60), write(7, 60), same); diff != "" {
		t.Errorf("one seed, two walks:\n%s", diff)
	}
	if cmp.Equal(write(7, 60), write(8, 60), same) {
		t.Error("two seeds, one walk")
	}
	if short, long := write(7, 20), write(7, 60); !cmp.Equal(short.steps, long.steps[:calm+20], same) {
		t.Error("a longer walk begins otherwise")
	}
}

// What is exercised: each kind of fault, several at once, each operation.
func TestAWalkHasEverything(t *testing.T) {
	faults, ops, most := map[string]int{}, map[verb]map[rest.Kind]int{}, 0
	ends := map[int]int{}
	for i, st := range write(1, 200).steps[calm:] {
		faults[st.fault.kind]++
		for until := range st.fault.steps {
			ends[i+until]++
			most = max(most, ends[i+until])
		}
		for _, o := range slices.Concat(st.ops[:]...) {
			if ops[o.verb] == nil {
				ops[o.verb] = map[rest.Kind]int{}
			}
			ops[o.verb][o.kind]++
		}
	}
	for _, kind := range deck {
		if faults[kind] < 5 {
			t.Errorf("%s: %d times", kind, faults[kind])
		}
	}
	if most < 3 {
		t.Errorf("no more than %d faults at once", most)
	}
	for kind := range places {
		for _, v := range []verb{create, remove} {
			if ops[v][kind] < 5 {
				t.Errorf("%s %s: %d times", v, kind, ops[v][kind])
			}
		}
	}
	if len(ops[update]) != 2 {
		t.Errorf("updates of %v", slices.Collect(maps.Keys(ops[update])))
	}
}

// Nothing is killed, stopped or restarted while it is already.
func TestNothingFailsTwiceAtATime(t *testing.T) {
	for seed := range uint64(20) {
		until := map[string]int{}
		for i, st := range write(seed, 100).steps {
			for _, name := range st.fault.at {
				if len(st.fault.who) > 0 {
					continue
				}
				if until[name] > i {
					t.Errorf("seed %d, step %d: %s, which is not whole", seed, i, st.fault)
				}
				until[name] = i + st.fault.steps
			}
		}
	}
}
