package e2e

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"landbridge/internal/lab"
)

// checkHeader wants a sound packet of wire size in one tunnel.
func (o overlay) checkHeader(t *testing.T, d decoded, key uint32, from, to string) {
	t.Helper()
	d.sound(t)
	below := map[bool]string{false: "eth:ethertype:ip:", true: "eth:ethertype:ipv6:"}[o.v6]
	if o.port != "" {
		below += "udp:"
	}
	if !strings.HasPrefix(d.outer("frame.protocols"), below+o.word+":eth:") {
		t.Errorf("%s reads as %s", o, d.outer("frame.protocols"))
	}
	if d.outer(o.field("src")) != from || d.outer(o.field("dst")) != to || d.outer(o.field("ttl")) != "64" ||
		len(d[o.key]) != 1 || hex(d.outer(o.key)) != uint64(key) {
		t.Errorf("want key %d from %s to %s with TTL 64: %v", key, from, to, d)
	}
	if o.port != "" && d.outer("udp.dstport") != o.port {
		t.Errorf("to port %s", d.outer("udp.dstport"))
	}
	if n, err := strconv.Atoi(d.outer("frame.len")); err != nil || n > 1514 {
		t.Errorf("a packet of %s bytes on a way of 1500", d.outer("frame.len"))
	}
	if o.v6 && o.port != "" && d.outer("udp.checksum.status") != good {
		t.Errorf("no UDP checksum over IPv6: %v", d)
	}
}

// probes gives those packets that carry one.
func probes(packets []decoded) []decoded {
	return slices.DeleteFunc(slices.Clone(packets), func(d decoded) bool { return len(d["vlan.id"]) == 0 })
}

// checkProbes wants each of those sent once, its frame as it was, and what is
// around it to be right.
func checkProbes(t *testing.T, where string, got []decoded, sent []probe, right func(probe, decoded) bool) {
	t.Helper()
	if len(got) != len(sent) {
		t.Fatalf("%s: %d of %d probes", where, len(got), len(sent))
	}
	for i, d := range got {
		p := sent[i]
		want := decoded{
			"ieee8021ad.id": {"7"}, "ieee8021ad.priority": {"5"}, "vlan.id": {"42"},
			"udp.srcport": {fmt.Sprint(p.port - 40000)}, "udp.dstport": {"9"}, "ip.ttl": {"3"}, "ip.dsfield": {"0x2c"},
			"ip.flags.df": {"1"}, "udp.checksum.status": {good}, "udp.payload": {strings.Repeat("78", 100+i)},
		}
		for field, values := range want {
			have := d[field]
			if have = have[max(0, len(have)-len(values)):]; !slices.Equal(have, values) {
				t.Errorf("%s: %s inside is %v, want %v", where, field, have, values)
			}
		}
		if !right(p, d) {
			t.Errorf("%s: of a probe from port %d with TOS %#x has come %v", where, p.port, p.tos, d)
		}
	}
}

// distinct counts the outer values of a field.
func distinct(packets []decoded, field string) int {
	seen := map[string]bool{}
	for _, d := range packets {
		seen[d.outer(field)] = true
	}
	return len(seen)
}

// checkEntropy wants flows to be told apart by routers of the underlay, where
// there is something to tell them apart by.
func (o overlay) checkEntropy(t *testing.T, packets []decoded) {
	t.Helper()
	enough := len(packets) * 3 / 4
	if n := distinct(packets, "udp.srcport"); o.port != "" && n < enough {
		t.Errorf("%d flows have %d UDP ports", len(packets), n)
	}
	if n := distinct(packets, "ipv6.flow"); o.v6 && n < enough {
		t.Errorf("%d flows have %d flow labels", len(packets), n)
	}
}

// checkSegments wants super-packets to have come in, and full segments of them out.
func checkSegments(t *testing.T, in, out []decoded) {
	t.Helper()
	full := 0
	for _, d := range out {
		if n, err := strconv.Atoi(d.inner("tcp.len")); err == nil && n > 1300 {
			full++
		}
	}
	if len(in) == 0 || full < 300 {
		t.Errorf("%d super-packets came in, %d full segments left", len(in), full)
	}
}

// checkTooBig wants one message, to the one who sent too much, of what fits.
func (o overlay) checkTooBig(t *testing.T, got []decoded) {
	t.Helper()
	if !o.v6 {
		return
	}
	if len(got) != 1 {
		t.Fatalf("%d messages: %v", len(got), got)
	}
	onFabric.checkHeader(t, got[0], lab.VNIOfA, "10.1.0.1", "10.1.0.11")
	if mtu := strconv.Itoa(1500 - o.overhead); got[0].inner("icmp.code") != "4" || got[0].inner("icmp.mtu") != mtu {
		t.Errorf("want code 4, MTU %s: %v", mtu, got[0])
	}
}
