package l2gw

import (
	"slices"
	"strings"
)

// WANFilter is a set of kinds of traffic: some of WANFilterWords, in their order,
// separated by commas; "" is the empty one. NewWANFilter makes it.
type WANFilter string

var filterWords = []string{"dhcp", "ra", "gateway", "multicast", "unknown-unicast"}

// WANFilterWords lists the kinds of traffic that the API knows, in their order:
// DHCP and DHCPv6, IPv6 router advertisements, ARP and ND for the network's own
// routers, floods to multicast groups, floods of unicast to unknown MACs.
func WANFilterWords() []string { return slices.Clone(filterWords) }

// NewWANFilter makes a filter of words, in any order. Others than WANFilterWords are
// left out: they are for whoever reads words to refuse.
func NewWANFilter(words ...string) WANFilter {
	in := slices.DeleteFunc(WANFilterWords(), func(w string) bool { return !slices.Contains(words, w) })
	return WANFilter(strings.Join(in, ","))
}

// Words gives the words of a filter, in their order; never nil.
func (f WANFilter) Words() []string {
	if f == "" {
		return []string{}
	}
	return strings.Split(string(f), ",")
}
