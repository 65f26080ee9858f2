package ovsdb

import (
	"fmt"
	"net/netip"
	"slices"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
)

// parseKey reads an optional tunnel_key; the schema takes any integer.
func parseKey(key *int) (hwvtep.Key, error) {
	if key == nil {
		return hwvtep.Key{}, nil
	}
	if *key < 0 || *key > hwvtep.MaxKey {
		return hwvtep.Key{}, fmt.Errorf("tunnel_key %d is not in 0-%d", *key, hwvtep.MaxKey)
	}
	return hwvtep.NewKey(uint32(*key)), nil
}

// parseLocator reads a Physical_Locator; the schema takes any text as address.
func parseLocator(encapsulation, dstIP string, key *int) (hwvtep.Locator, error) {
	addr, err := netip.ParseAddr(dstIP)
	if err != nil {
		return hwvtep.Locator{}, fmt.Errorf("dst_ip %q is not an address", dstIP)
	}
	k, err := parseKey(key)
	if err != nil {
		return hwvtep.Locator{}, err
	}
	return hwvtep.Locator{Encapsulation: hwvtep.Encapsulation(encapsulation), Addr: addr, Key: k}, nil
}

// parseUcast reads a row of Ucast_Macs_Remote; the schema takes any texts.
func parseUcast(r *ucastRow) *ucastEntry {
	e := &ucastEntry{ls: r.LogicalSwitch, locator: r.Locator}
	var err error
	if e.mac, err = ethernet.ParseMAC(r.MAC); err != nil {
		e.bad = fmt.Sprintf("MAC %q is not an address", r.MAC)
		return e
	}
	if r.IPAddr == "" {
		return e
	}
	if e.addr, err = netip.ParseAddr(r.IPAddr); err != nil {
		e.bad = fmt.Sprintf("ipaddr %q is not an address", r.IPAddr)
	}
	return e
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
