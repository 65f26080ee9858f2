package ovsdb

import (
	"fmt"
	"net/netip"
	"slices"

	"landbridge/internal/hwvtep"
)

// parseKey reads an optional tunnel_key; the schema takes any integer.
func parseKey(key optional[int64]) (hwvtep.Key, error) {
	if !key.there {
		return hwvtep.Key{}, nil
	}
	if key.value < 0 || key.value > hwvtep.MaxKey {
		return hwvtep.Key{}, fmt.Errorf("tunnel_key %d is not in 0-%d", key.value, hwvtep.MaxKey)
	}
	return hwvtep.NewKey(uint32(key.value)), nil
}

// locatorText is a Physical_Locator as it is written.
type locatorText struct {
	encapsulation, addr string
	key                 optional[int64]
}

// parseLocator reads a Physical_Locator; the schema takes any text as address.
func parseLocator(t locatorText) (hwvtep.Locator, error) {
	addr, err := netip.ParseAddr(t.addr)
	if err != nil {
		return hwvtep.Locator{}, fmt.Errorf("dst_ip %q is not an address", t.addr)
	}
	k, err := parseKey(t.key)
	if err != nil {
		return hwvtep.Locator{}, err
	}
	return hwvtep.Locator{Encapsulation: hwvtep.Encapsulation(t.encapsulation), Addr: addr, Key: k}, nil
}

// written gives a locator as it is written.
func (l *locatorEntry) written() locatorText {
	if l.text != nil {
		return *l.text
	}
	key, keyed := l.value.Key.Get()
	return locatorText{string(l.value.Encapsulation), l.value.Addr.String(), optional[int64]{int64(key), keyed}}
}

// parseAddrs reads tunnel_ips: the addresses, sorted, and the texts that are
// none.
func parseAddrs(texts []string) (addrs []netip.Addr, bad []string) {
	for _, s := range texts {
		a, err := netip.ParseAddr(s)
		if err != nil {
			bad = append(bad, s)
			continue
		}
		addrs = append(addrs, a)
	}
	slices.SortFunc(addrs, netip.Addr.Compare)
	return addrs, bad
}
