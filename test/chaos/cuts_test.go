package chaos

import (
	"bytes"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// cut keeps programs, by their groups, from ports of loopback.
type cut struct {
	groups, ports []int
	reject        bool
}

// cuts are those in force, by a number.
type cuts map[int]cut

// apply has nftables do what c says, and nothing else.
func (c cuts) apply(t testing.TB) {
	t.Helper()
	cmd := exec.Command("nft", "-f", "-")
	cmd.Stdin = strings.NewReader(c.rules())
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("nft (Debian package nftables): %v: %s\n%s", err, &out, c.rules())
	}
}

// rules replaces the table as a whole. What a program sends is known by its
// group, what it is sent by the mark that its connection has from then on.
func (c cuts) rules() string {
	var out, in strings.Builder
	for _, id := range slices.Sorted(maps.Keys(c)) {
		verdict := "drop"
		if c[id].reject {
			verdict = "tcp flags & rst == 0 reject with tcp reset" // which has to pass itself
		}
		groups, ports := set(c[id].groups), set(c[id].ports)
		fmt.Fprintf(&out, "  meta skgid %s tcp dport %s %s\n", groups, ports, verdict)
		fmt.Fprintf(&in, "  ct mark %s tcp sport %s %s\n", groups, ports, verdict)
	}
	return fmt.Sprintf(`table inet chaos
delete table inet chaos
table inet chaos {
 chain out {
  type filter hook output priority 0;
  ct mark set meta skgid map { %s }
%s }
 chain in {
  type filter hook input priority 0;
%s }
}
`, marks(), &out, &in)
}

// marks gives each group that a program may have its own number as mark.
func marks() string {
	var out []string
	for g := firstGroup; g <= lastGroup; g++ {
		out = append(out, fmt.Sprint(g, " : ", g))
	}
	return strings.Join(out, ", ")
}

const firstGroup, lastGroup = 61000, 61199

func set(numbers []int) string {
	return "{ " + strings.Trim(strings.Join(strings.Fields(fmt.Sprint(numbers)), ", "), "[]") + " }"
}
