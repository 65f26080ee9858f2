package wire

import (
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
)

// LogicalSwitch is a logical switch, or a part of one: what belongs together is
// joined.
type LogicalSwitch struct {
	Key         *uint32   `json:"tunnel_key,omitempty"`
	Description string    `json:"description,omitempty"`
	Replication string    `json:"replication_mode,omitempty"`
	Unicast     []Unicast `json:"ucast,omitempty"`
	Multicast   []Group   `json:"mcast,omitempty"`
	Bindings    []Binding `json:"vlan_bindings,omitempty"`
	// OtherConfig has filters, gateways and overrides, as the database holds them.
	OtherConfig map[string]string `json:"other_config,omitempty"`
}

// Locator is a Physical_Locator.
type Locator struct {
	Encapsulation string     `json:"encapsulation_type"`
	Addr          netip.Addr `json:"dst_ip"`
	Key           *uint32    `json:"tunnel_key,omitempty"`
}

// Unicast are hosts behind one locator: "MAC", or "MAC;IP".
type Unicast struct {
	Locator
	Hosts []string `json:"hosts"`
}

// Group is a row of Mcast_Macs_Remote.
type Group struct {
	MAC      string    `json:"mac"`
	Locators []Locator `json:"locators"`
}

// Binding is an entry of Physical_Port.vlan_bindings.
type Binding struct {
	Switch string `json:"switch"`
	Port   string `json:"port"`
	VLAN   uint16 `json:"vlan"`
}

// pieces gives a logical switch in pieces of at most so many unicast rows, the
// first with all else, and how large each is.
func pieces(ls *hwvtep.LogicalSwitch, most int) iter.Seq2[*LogicalSwitch, int] {
	return func(yield func(*LogicalSwitch, int) bool) {
		piece := head(ls)
		rows := 1 + len(piece.Bindings) + len(piece.OtherConfig)
		for _, g := range piece.Multicast {
			rows += len(g.Locators)
		}
		if ls.Ucast.Len() == 0 {
			yield(piece, rows)
			return
		}
		for some := range slices.Chunk(ls.Ucast.Sorted(), most) {
			piece.Unicast = unicast(some)
			if !yield(piece, rows+len(some)) {
				return
			}
			piece, rows = &LogicalSwitch{Key: piece.Key, Description: piece.Description, Replication: piece.Replication}, 1
		}
	}
}

// head is a logical switch without its unicast rows.
func head(ls *hwvtep.LogicalSwitch) *LogicalSwitch {
	out := &LogicalSwitch{
		Key: number(ls.Key), Description: ls.Description, Replication: string(ls.Replication), OtherConfig: config(ls),
	}
	for mac, set := range ls.Mcast {
		g := Group{MAC: mac, Locators: []Locator{}}
		for _, l := range set.Sorted(hwvtep.Locator.Compare) {
			g.Locators = append(g.Locators, locator(l))
		}
		out.Multicast = append(out.Multicast, g)
	}
	slices.SortFunc(out.Multicast, func(a, b Group) int { return strings.Compare(a.MAC, b.MAC) })
	for _, b := range ls.Bindings.Sorted(hwvtep.Binding.Compare) {
		out.Bindings = append(out.Bindings, Binding(b))
	}
	return out
}

// config is other_config with what Landbridge itself never writes there.
func config(ls *hwvtep.LogicalSwitch) map[string]string {
	out := ls.Config()
	for key, limit := range map[string]hwvtep.Limit{
		hwvtep.FloodRate: ls.Overrides.FloodRate, hwvtep.FloodBurst: ls.Overrides.FloodBurst, hwvtep.MACLimit: ls.Overrides.MACLimit,
	} {
		if n, ok := limit.Get(); ok {
			out[key] = strconv.FormatUint(uint64(n), 10)
		}
	}
	return out
}

// unicast gathers rows by locator, in the order in which locators occur.
func unicast(rows []hwvtep.Ucast) (out []Unicast) {
	at := map[hwvtep.Locator]int{}
	for _, u := range rows {
		i, ok := at[u.Locator]
		if !ok {
			i = len(out)
			at[u.Locator] = i
			out = append(out, Unicast{Locator: locator(u.Locator)})
		}
		host := u.MAC.String()
		if u.Addr.IsValid() {
			host += ";" + u.Addr.String()
		}
		out[i].Hosts = append(out[i].Hosts, host)
	}
	return out
}

func number(k hwvtep.Key) *uint32 {
	if vni, ok := k.Get(); ok {
		return &vni
	}
	return nil
}

func locator(l hwvtep.Locator) Locator {
	return Locator{Encapsulation: string(l.Encapsulation), Addr: l.Addr, Key: number(l.Key)}
}

// join adds a piece to what was there of a logical switch, nil for nothing.
func (p *LogicalSwitch) join(to *hwvtep.LogicalSwitch, name string) (*hwvtep.LogicalSwitch, error) {
	key, err := key(p.Key)
	if err != nil {
		return nil, err
	}
	if to == nil {
		to = hwvtep.NewLogicalSwitch(name, key)
	}
	to.Key, to.Description, to.Replication = key, p.Description, hwvtep.ReplicationMode(p.Replication)
	for _, b := range p.Bindings {
		if b.VLAN > maxVLAN {
			return nil, fmt.Errorf("vlan: %d: must be at most %d", b.VLAN, maxVLAN)
		}
		to.Bindings.Add(hwvtep.Binding(b))
	}
	for _, g := range p.Multicast {
		if to.Mcast[g.MAC] == nil {
			to.Mcast[g.MAC] = hwvtep.Set[hwvtep.Locator]{}
		}
		for _, w := range g.Locators {
			l, err := w.locator()
			if err != nil {
				return nil, err
			}
			to.AddMcast(g.MAC, l)
		}
	}
	for _, bad := range to.SetConfig(p.OtherConfig) {
		return nil, bad
	}
	return to, p.joinUnicast(to)
}

const maxVLAN = 4095

func (p *LogicalSwitch) joinUnicast(to *hwvtep.LogicalSwitch) error {
	for _, u := range p.Unicast {
		l, err := u.locator()
		if err != nil {
			return err
		}
		for _, text := range u.Hosts {
			row := hwvtep.Ucast{Locator: l}
			mac, addr, found := strings.Cut(text, ";")
			if row.MAC, err = ethernet.ParseMAC(mac); err == nil && found {
				row.Addr, err = netip.ParseAddr(addr)
			}
			if err != nil {
				return fmt.Errorf("hosts: %q: must be MAC or MAC;IP: %w", text, err)
			}
			to.Ucast.Add(row)
		}
	}
	return nil
}

func key(n *uint32) (hwvtep.Key, error) {
	if n == nil {
		return hwvtep.Key{}, nil
	}
	if *n > hwvtep.MaxKey {
		return hwvtep.Key{}, fmt.Errorf("tunnel_key: %d: must be at most %d", *n, hwvtep.MaxKey)
	}
	return hwvtep.NewKey(*n), nil
}

func (l Locator) locator() (hwvtep.Locator, error) {
	k, err := key(l.Key)
	return hwvtep.Locator{Encapsulation: hwvtep.Encapsulation(l.Encapsulation), Addr: l.Addr, Key: k}, err
}
