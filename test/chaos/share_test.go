package chaos

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// used is processor time, in ticks: of the machine, of its processors where they
// were not idle, and of the programs in this network namespace.
type used struct{ all, busy, ours float64 }

// look gives what has been used until now. What processes have used that have
// ended counts as others'.
func look(t testing.TB) (u used) {
	t.Helper()
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	for i, word := range strings.Fields(line)[1:9] { // user to steal; proc(5)
		n, _ := strconv.ParseFloat(word, 64) // the kernel writes numbers
		u.all += n
		if i != 3 && i != 4 { // idle, iowait
			u.busy += n
		}
	}
	here, _ := os.Readlink("/proc/self/ns/net")
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range all {
		if ns, _ := os.Readlink(dir + "/ns/net"); ns == here {
			u.ours += ticks(dir)
		}
	}
	return u
}

// ticks is what a process has used; 0 where it has ended meanwhile.
func ticks(dir string) float64 {
	text, _ := os.ReadFile(dir + "/stat")
	words := strings.Fields(string(text[strings.LastIndex(string(text), ")")+1:]))
	if len(words) < 13 {
		return 0
	}
	user, _ := strconv.ParseFloat(words[11], 64)
	system, _ := strconv.ParseFloat(words[12], 64)
	return user + system
}

// mostAllowance bounds what a busy machine is allowed.
const mostAllowance = 10

// allowance is by what bounds are multiplied: 1 on a machine that has nothing
// else to do, and as often as our programs had less than all of it since.
func (u used) allowance(now used) float64 {
	all := now.all - u.all
	others := max(0, now.busy-u.busy-(now.ours-u.ours))
	if all <= 0 || others >= all {
		return 1
	}
	return min(all/(all-others), mostAllowance)
}

func TestAllowanceIsForOthersWork(t *testing.T) {
	for _, c := range []struct {
		now  used
		want float64
	}{
		{used{100, 0, 0}, 1},
		{used{100, 100, 100}, 1},
		{used{100, 80, 30}, 2},
		{used{100, 99, 0}, mostAllowance},
	} {
		if got := (used{}).allowance(c.now); got != c.want {
			t.Errorf("%+v: %v, want %v", c.now, got, c.want)
		}
	}
	before := look(t)
	for began := time.Now(); time.Since(began) < 300*time.Millisecond; {
	}
	if after := look(t); after.ours-before.ours < 3 || after.all <= before.all {
		t.Errorf("busy for 300 ms: from %+v to %+v", before, after)
	}
}
