package neutron

import (
	"slices"

	"landbridge/internal/l2gw"
)

// fdbEntry is a MAC and an IP address as l2population sends them.
type fdbEntry [2]string

// flooding is the entry that stands for all that is unknown.
var flooding = fdbEntry{"00:00:00:00:00:00", "0.0.0.0"}

// nowhere stands for the IP address of a host of which none is known: agents
// make no ARP entry of it.
const nowhere = "::"

func entryOf(h l2gw.Host) fdbEntry {
	addr := nowhere
	if h.Addr.IsValid() {
		addr = h.Addr.String()
	}
	return fdbEntry{h.MAC.String(), addr}
}

// entriesPerMessage bounds the messages to the compute nodes.
const entriesPerMessage = 500

// fdbArgs makes the arguments of add_fdb_entries or remove_fdb_entries, of as
// many messages as it takes.
func fdbArgs(t l2gw.Told) []map[string]any {
	var out []map[string]any
	for part := range slices.Chunk(t.Hosts, entriesPerMessage) {
		entries := make([]fdbEntry, 0, len(part))
		for _, h := range part {
			entries = append(entries, entryOf(h))
		}
		out = append(out, map[string]any{"fdb_entries": map[string]any{t.NetworkID: map[string]any{
			"segment_id": t.Segment.ID, "network_type": string(t.Segment.Type),
			"ports": map[string][]fdbEntry{t.Gateway.String(): entries},
		}}})
	}
	return out
}

// minus gives the hosts of a that b does not have; both are sorted.
func minus(a, b []l2gw.Host) []l2gw.Host {
	var out []l2gw.Host
	for _, h := range a {
		if _, found := slices.BinarySearchFunc(b, h, l2gw.Host.Compare); !found {
			out = append(out, h)
		}
	}
	return out
}
