package ask

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"

	"landbridge/internal/cli/output"
	"landbridge/internal/vtep"
)

// table is one kind of thing to show.
type table struct {
	name, help string
	columns    []string
	rows       func(vtep.State) [][]any
	// json gives what of a state is shown, where JSON is wanted.
	json func(vtep.State) any
}

func tables() []table {
	return []table{
		{
			"tunnels", "tunnels, with what came and left by them",
			[]string{"Network", "Side", "Encapsulation", "Remote", "VNI", "Local", "Flood", "RX packets", "RX bytes", "TX packets", "TX bytes"},
			tunnelRows, func(s vtep.State) any { return s.Networks },
		},
		{
			"fdb", "MACs, and the tunnels that they are behind",
			[]string{"Network", "MAC", "Remote", "VNI", "Kind", "Age"},
			fdbRows, func(s vtep.State) any { return s.Networks },
		},
		{
			"networks", "networks, with what they count",
			[]string{"Network", "Tunnels", "Static", "Learned", "Limit", "Frozen", "Flooded", "Copies", "Moves", "Mismatches", "Not learned", "Dropped"},
			networkRows, func(s vtep.State) any { return s.Networks },
		},
		{
			"drops", "dropped packets by reason, with the networks where known",
			[]string{"Network", "Reason", "Packets"},
			dropRows, dropsJSON,
		},
		{
			"neighbours", "addresses for which the gateway answers ARP and ND",
			[]string{"Network", "IP", "MAC", "Router"},
			neighbourRows, func(s vtep.State) any { return s.Networks },
		},
	}
}

// Kinds gives the names of what Show shows, and what each is.
func Kinds() (names []string, help map[string]string) {
	help = map[string]string{}
	for _, t := range tables() {
		names = append(names, t.name)
		help[t.name] = t.help
	}
	return names, help
}

// Show writes one kind of thing, of one network and one MAC where these are set.
func (c *Client) Show(ctx context.Context, kind, network, mac string, asJSON bool, w io.Writer) error {
	all := tables()
	i := slices.IndexFunc(all, func(t table) bool { return t.name == kind })
	if i < 0 {
		return fmt.Errorf("there is no %q to show", kind)
	}
	var s vtep.State
	if _, err := c.read(ctx, http.MethodGet, "/state", url.Values{"network": {network}, "mac": {mac}}, &s); err != nil {
		return err
	}
	if network != "" && len(s.Networks) == 0 {
		return fmt.Errorf("the datapath has no network %q", network)
	}
	if asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(all[i].json(s))
	}
	columns := make([]output.Column, 0, len(all[i].columns))
	for _, name := range all[i].columns {
		columns = append(columns, output.Column{Name: name})
	}
	return output.List(w, columns, all[i].rows(s), output.Options{Format: output.Table, PrintEmpty: true})
}

func tunnelRows(s vtep.State) (rows [][]any) {
	for _, n := range s.Networks {
		for _, t := range n.Tunnels {
			rows = append(rows, []any{n.Name, t.Side, string(t.Encapsulation), place(t.Port, t.Remote), t.VNI, address(t.Local), t.Flood, t.RxPackets, t.RxBytes, t.TxPackets, t.TxBytes})
		}
	}
	return rows
}

// place is where a tunnel leads, or the port that it is a VLAN of.
func place(port string, remote netip.Addr) string {
	if port != "" {
		return "port " + port
	}
	return address(remote)
}

func address(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

func fdbRows(s vtep.State) (rows [][]any) {
	for _, n := range s.Networks {
		for _, e := range n.FDB {
			rows = append(rows, []any{n.Name, e.MAC, place(e.Port, e.Remote), e.VNI, kindOf(e), fmt.Sprintf("%ds", e.Age)})
		}
	}
	return rows
}

func kindOf(e vtep.FDBState) string {
	switch {
	case e.Static:
		return "static"
	case e.Frozen:
		return "frozen"
	}
	return "learned"
}

func networkRows(s vtep.State) (rows [][]any) {
	for _, n := range s.Networks {
		kinds := map[string]int64{}
		for _, e := range n.FDB {
			kinds[kindOf(e)]++
		}
		var dropped uint64
		for _, v := range n.Counters.Drops {
			dropped += v
		}
		c := n.Counters
		rows = append(rows, []any{
			n.Name, len(n.Tunnels), kinds["static"], kinds["learned"] + kinds["frozen"], c.MACLimit, kinds["frozen"],
			c.Flooded, c.Copies, c.Moves, c.Mismatches, c.NotLearned, dropped,
		})
	}
	return rows
}

// dropRows has the drops of networks, then those of all packets, also of no
// network; reasons without any are left out.
func dropRows(s vtep.State) (rows [][]any) {
	add := func(network string, drops map[string]uint64) {
		for _, reason := range sortedKeys(drops) {
			if drops[reason] > 0 {
				rows = append(rows, []any{network, reason, drops[reason]})
			}
		}
	}
	for _, n := range s.Networks {
		add(n.Name, texts(n.Counters.Drops))
	}
	add("(all packets)", texts(s.Drops))
	return rows
}

func dropsJSON(s vtep.State) any {
	type drops struct {
		All      map[string]uint64            `json:"all"`
		Networks map[string]map[string]uint64 `json:"networks"`
	}
	out := drops{texts(s.Drops), map[string]map[string]uint64{}}
	for _, n := range s.Networks {
		out.Networks[n.Name] = texts(n.Counters.Drops)
	}
	return out
}

func neighbourRows(s vtep.State) (rows [][]any) {
	for _, n := range s.Networks {
		for _, h := range n.Neighbours {
			mac := ""
			if h.MAC != nil {
				mac = h.MAC.String()
			}
			rows = append(rows, []any{n.Name, h.Address, mac, h.Gateway})
		}
	}
	return rows
}
