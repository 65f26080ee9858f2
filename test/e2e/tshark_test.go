package e2e

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"landbridge/internal/lab/capture"
)

// fields are what tshark is asked for, of each header that a packet has.
var fields = []string{
	"frame.len", "frame.protocols", "eth.src", "eth.dst", "ieee8021ad.id", "ieee8021ad.priority", "vlan.id",
	"ip.src", "ip.dst", "ip.ttl", "ip.dsfield", "ip.flags.df", "ip.checksum.status",
	"ipv6.src", "ipv6.dst", "ipv6.hlim", "ipv6.tclass", "ipv6.flow",
	"udp.srcport", "udp.dstport", "udp.checksum.status", "tcp.srcport", "tcp.len", "tcp.checksum.status",
	"icmp.type", "icmp.code", "icmp.mtu", "icmp.checksum.status",
	"vxlan.vni", "geneve.vni", "gre.key", "udp.payload", "_ws.malformed", "_ws.expert.group", "_ws.expert.severity", "_ws.expert.message",
}

// decoded is a packet as tshark reads it: values by field, outermost first.
type decoded map[string][]string

// outer is the first value of a field, "" where there is none.
func (d decoded) outer(field string) string {
	if len(d[field]) == 0 {
		return ""
	}
	return d[field][0]
}

// inner is the last value of a field.
func (d decoded) inner(field string) string {
	if len(d[field]) == 0 {
		return ""
	}
	return d[field][len(d[field])-1]
}

// tshark decodes what a capture of whole packets has seen and a display filter
// selects. Checksums are verified, also where the kernel might not have.
func tshark(t *testing.T, c *capture.Capture, filter string) []decoded {
	t.Helper()
	file := filepath.Join(t.TempDir(), "pcap")
	if err := c.WritePcap(file); err != nil {
		t.Fatal(err)
	}
	args := []string{"-r", file, "-n", "-Y", filter, "-T", "fields", "-E", "separator=/t", "-E", "occurrence=a", "-E", "aggregator=;"}
	for _, o := range []string{"ip.check_checksum:TRUE", "udp.check_checksum:TRUE", "tcp.check_checksum:TRUE", "tcp.analyze_sequence_numbers:FALSE"} {
		args = append(args, "-o", o)
	}
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	out, err := exec.Command("tshark", args...).Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		t.Fatalf("tshark: %v: %s", err, failed.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	var packets []decoded
	for line := range strings.Lines(string(out)) {
		d := decoded{}
		for i, v := range strings.Split(strings.TrimSuffix(line, "\n"), "\t") {
			if v != "" {
				d[fields[i]] = strings.Split(v, ";")
			}
		}
		packets = append(packets, d)
	}
	return packets
}

// What tshark says of checksums, from which severity on its remarks are no mere
// comments, and the group of those on the order of segments, which are about the
// machine's haste (epan/proto.h: PI_WARN, PI_SEQUENCE).
const (
	good     = "1"
	none     = "3"
	warnings = 0x00600000
	sequence = 0x02000000
)

// sound wants tshark to find nothing wrong with a packet: every checksum there is
// is right, and nothing is malformed. UDP over IPv4 may have none, and what an ICMP
// message quotes is not whole.
func (d decoded) sound(t *testing.T) {
	t.Helper()
	for _, field := range []string{"ip.checksum.status", "tcp.checksum.status", "icmp.checksum.status", "udp.checksum.status"} {
		statuses := d[field]
		if field == "udp.checksum.status" {
			statuses = d.udpToVerify()
		}
		for _, status := range statuses {
			if status != good {
				t.Errorf("%s is %s in %v", field, d[field], d)
			}
		}
	}
	bad := false
	for i, severity := range d["_ws.expert.severity"] {
		bad = bad || hex(severity) >= warnings && hex(d["_ws.expert.group"][i]) != sequence
	}
	if len(d["_ws.malformed"]) > 0 || bad {
		t.Errorf("tshark remarks %q (%v) on %v", d["_ws.expert.message"], d["_ws.malformed"], d)
	}
}

// udpToVerify gives what tshark says of those UDP checksums that have to be right.
func (d decoded) udpToVerify() []string {
	all := d["udp.checksum.status"]
	if len(d["icmp.type"]) > 0 && len(all) > 0 {
		all = all[:len(all)-1]
	}
	if len(all) > 0 && all[0] == none && len(d["ipv6.src"]) == 0 {
		all = all[1:]
	}
	return all
}

// hex reads a number as tshark writes it.
func hex(s string) uint64 {
	n, err := strconv.ParseUint(s, 0, 64)
	if err != nil {
		return 1 << 63 // what no field has
	}
	return n
}
