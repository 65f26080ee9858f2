package hwvtep

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Filter is a set of kinds of traffic that are kept from crossing a tunnel.
// Datapaths use the bits as they are.
type Filter uint8

// The kinds of traffic, in the order of filterWords.
const (
	FilterDHCP      Filter = 1 << iota // DHCP and DHCPv6
	FilterRA                           // IPv6 router advertisements
	FilterGateway                      // ARP and ND for the network's own routers
	FilterMulticast                    // floods to groups that are not broadcast
	FilterUnknown                      // floods of unicast to unknown MACs
)

var filterWords = [...]string{"dhcp", "ra", "gateway", "multicast", "unknown-unicast"}

// FilterWords lists the words of a filter, in their order.
func FilterWords() []string { return filterWords[:] }

// ParseFilter reads words separated by commas, in any order; "" is the empty
// filter.
func ParseFilter(s string) (Filter, error) {
	if s == "" {
		return 0, nil
	}
	return FilterOf(strings.Split(s, ",")...)
}

// FilterOf makes a filter of words.
func FilterOf(words ...string) (Filter, error) {
	var f Filter
	for _, word := range words {
		i := slices.Index(filterWords[:], word)
		if i < 0 {
			return 0, fmt.Errorf("filter %q is none of %s", word, strings.Join(filterWords[:], ", "))
		}
		f |= 1 << i
	}
	return f, nil
}

// Words gives the words of a filter, in their order.
func (f Filter) Words() []string {
	var out []string
	for i, word := range filterWords {
		if f&(1<<i) != 0 {
			out = append(out, word)
		}
	}
	return out
}

// String gives the words separated by commas, as ParseFilter reads them.
func (f Filter) String() string { return strings.Join(f.Words(), ",") }

// FilterPrefix begins the keys of Logical_Switch.other_config that hold filters:
// landbridge-filter/ENCAPSULATION/DST_IP/TUNNEL_KEY.
const FilterPrefix = "landbridge-filter/"

// FilterKey is the key of other_config that holds a locator's filter.
func (l Locator) FilterKey() string {
	return FilterPrefix + strings.Join([]string{string(l.Encapsulation), l.Addr.String(), l.Key.String()}, "/")
}

// ParseFilterKey reads what FilterKey wrote, and nothing else.
func ParseFilterKey(s string) (Locator, bool) {
	rest, ours := strings.CutPrefix(s, FilterPrefix)
	parts := strings.Split(rest, "/")
	if !ours || len(parts) != 3 || parts[0] == "" {
		return Locator{}, false
	}
	addr, err := netip.ParseAddr(parts[1])
	key, ok := parseKey(parts[2])
	l := Locator{Encapsulation(parts[0]), addr, key}
	return l, err == nil && ok && l.FilterKey() == s
}
