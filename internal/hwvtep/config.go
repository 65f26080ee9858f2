package hwvtep

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Keys of Logical_Switch.other_config, beside those with FilterPrefix.
const (
	// GatewayAddrs holds the addresses of the network's own routers, separated
	// by commas.
	GatewayAddrs = "landbridge-gateways"
	// FloodRate, FloodBurst and MACLimit are an operator's, for one network, in
	// place of vtepd's settings: copies of flooded frames per second, copies at
	// once, MACs. Nobody of Landbridge writes them.
	FloodRate  = "flood-rate"
	FloodBurst = "flood-burst"
	MACLimit   = "mac-limit"
)

// OurConfig tells whether a key of Logical_Switch.other_config is for Landbridge
// alone to write, and one that it knows.
func OurConfig(key string) bool { return key == GatewayAddrs || strings.HasPrefix(key, FilterPrefix) }

// Limit is an optional number. The zero value is an absent one, which is not
// the same as 0.
type Limit struct {
	n   uint32
	set bool
}

// NewLimit makes a limit that is set.
func NewLimit(n uint32) Limit { return Limit{n, true} }

// Get gives the number, and whether it is set.
func (l Limit) Get() (n uint32, ok bool) { return l.n, l.set }

// Or gives the number where it is set, else other.
func (l Limit) Or(other uint32) uint32 {
	if l.set {
		return l.n
	}
	return other
}

// Overrides are vtepd's settings for one network that an operator has set in
// the database.
type Overrides struct {
	FloodRate  Limit // copies per second
	FloodBurst Limit // copies
	MACLimit   Limit // MACs
}

// Config gives what Logical_Switch.other_config must hold of this logical
// switch: filters and gateways, none of the overrides.
func (s *LogicalSwitch) Config() map[string]string {
	out := map[string]string{}
	for l, f := range s.Filters {
		out[l.FilterKey()] = f.String()
	}
	if len(s.Gateways) > 0 {
		out[GatewayAddrs] = GatewayText(s.Gateways)
	}
	return out
}

// Config gives the entries of Logical_Switch.other_config that a delta adds or
// changes.
func (d Delta) Config() map[string]string {
	return (&LogicalSwitch{Filters: d.SetFilter, Gateways: d.SetGateways}).Config()
}

// DropConfig gives the keys of Logical_Switch.other_config that a delta removes.
func (d Delta) DropConfig() []string {
	var out []string
	for _, l := range d.DelFilter {
		out = append(out, l.FilterKey())
	}
	if d.SetGateways != nil && len(d.SetGateways) == 0 {
		out = append(out, GatewayAddrs)
	}
	return out
}

// SetConfig takes filters, gateways and overrides from other_config. It gives
// the entries that make no sense, which are left out, by key; keys that it does
// not know are none of its business.
func (s *LogicalSwitch) SetConfig(config map[string]string) (bad map[string]error) {
	for _, key := range slices.Sorted(maps.Keys(config)) {
		if err := s.setConfig(key, config[key]); err != nil {
			if bad == nil {
				bad = map[string]error{}
			}
			bad[key] = fmt.Errorf("other_config:%s=%q: %w", key, config[key], err)
		}
	}
	return bad
}

func (s *LogicalSwitch) setConfig(key, value string) (err error) {
	switch {
	case strings.HasPrefix(key, FilterPrefix):
		return s.parseFilter(key, value)
	case key == GatewayAddrs:
		s.Gateways, err = parseGateways(value)
	case key == FloodRate:
		s.Overrides.FloodRate, err = parseLimit(value)
	case key == FloodBurst:
		s.Overrides.FloodBurst, err = parseLimit(value)
	case key == MACLimit:
		s.Overrides.MACLimit, err = parseLimit(value)
	}
	return err
}

func (s *LogicalSwitch) parseFilter(key, value string) error {
	l, ok := ParseFilterKey(key)
	if !ok {
		return fmt.Errorf("the key is not %sENCAPSULATION/DST_IP/TUNNEL_KEY", FilterPrefix)
	}
	f, err := ParseFilter(value)
	if err != nil {
		return err
	}
	if f.String() != value || f == 0 {
		return fmt.Errorf("the words are not some of %s in this order", strings.Join(FilterWords(), ","))
	}
	s.SetFilter(l, f)
	return nil
}

// GatewayText is the value of GatewayAddrs.
func GatewayText(addrs Set[netip.Addr]) string {
	var texts []string
	for _, a := range addrs.Sorted(netip.Addr.Compare) {
		texts = append(texts, a.String())
	}
	return strings.Join(texts, ",")
}

func parseGateways(value string) (Set[netip.Addr], error) {
	out := Set[netip.Addr]{}
	for text := range strings.SplitSeq(value, ",") {
		a, err := netip.ParseAddr(text)
		if err != nil {
			return nil, fmt.Errorf("%q is not an address", text)
		}
		out.Add(a)
	}
	if GatewayText(out) != value {
		return nil, fmt.Errorf("not as it is written: %s", GatewayText(out))
	}
	return out, nil
}

func parseLimit(value string) (Limit, error) {
	n, err := strconv.ParseUint(value, 10, 32)
	if err != nil {
		return Limit{}, fmt.Errorf("not a whole number from 0 to %d", uint32(1<<32-1))
	}
	return NewLimit(uint32(n)), nil
}
