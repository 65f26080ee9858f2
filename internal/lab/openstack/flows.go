package openstack

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Flows gives the flows of the node's tunnel bridge, sorted: what Neutron's agent
// has made of all that it was told. What the bridge has learned of packets is not
// among them, nor what differs between equal flows: counters, and the agent's
// mark, which is another one in each of its lives.
func (n *Compute) Flows(t testing.TB) []string {
	t.Helper()
	return normalised(n.run(t, "ovs-ofctl", "--names", "--no-stats", "dump-flows", tunnelBridge))
}

var cookies = regexp.MustCompile(`cookie=0x[0-9a-f]+,? ?`)

func normalised(dump string) []string {
	var out []string
	for line := range strings.Lines(dump) {
		line = strings.TrimSpace(line)
		if line == "" || strings.Contains(line, "hard_timeout=") && !strings.Contains(line, "learn(") {
			continue
		}
		out = append(out, cookies.ReplaceAllString(line, ""))
	}
	slices.Sort(out)
	return out
}
