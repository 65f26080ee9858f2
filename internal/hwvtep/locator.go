package hwvtep

import (
	"cmp"
	"fmt"
	"net/netip"
	"strconv"
)

// MaxKey is the largest tunnel key (24 bits, RFC 7348 section 5).
const MaxKey = 1<<24 - 1

// Key is an optional tunnel_key. The zero value is an absent one, which is not
// the same as key 0.
type Key struct {
	vni uint32
	set bool
}

// NewKey makes a key that is set.
func NewKey(vni uint32) Key { return Key{vni: vni, set: true} }

// Get gives the key, and whether it is set.
func (k Key) Get() (vni uint32, ok bool) { return k.vni, k.set }

// Or gives k where it is set, else other: the hierarchy of the keys.
func (k Key) Or(other Key) Key {
	if k.set {
		return k
	}
	return other
}

// Compare orders keys by their number, an absent one first.
func (k Key) Compare(o Key) int { return cmp.Compare(k.rank(), o.rank()) }

func (k Key) rank() int64 {
	if !k.set {
		return -1
	}
	return int64(k.vni)
}

// String gives the number, or "-" for an absent key.
func (k Key) String() string {
	if !k.set {
		return "-"
	}
	return fmt.Sprint(k.vni)
}

// parseKey reads what String wrote.
func parseKey(s string) (Key, bool) {
	if s == "-" {
		return Key{}, true
	}
	n, err := strconv.ParseUint(s, 10, 32)
	return NewKey(uint32(n)), err == nil && n <= MaxKey
}

// Encapsulation is a value of Physical_Locator.encapsulation_type.
type Encapsulation string

// The encapsulations of vtepd. Schema version 1.7.0 has the first alone, the
// others are Landbridge's.
const (
	VXLANOverIPv4  Encapsulation = "vxlan_over_ipv4"
	VXLANOverIPv6  Encapsulation = "vxlan_over_ipv6"
	GeneveOverIPv4 Encapsulation = "geneve_over_ipv4"
	GeneveOverIPv6 Encapsulation = "geneve_over_ipv6"
	GREOverIPv4    Encapsulation = "gre_over_ipv4"
	GREOverIPv6    Encapsulation = "gre_over_ipv6"
)

// Encapsulations lists them.
func Encapsulations() []Encapsulation {
	return []Encapsulation{VXLANOverIPv4, VXLANOverIPv6, GeneveOverIPv4, GeneveOverIPv6, GREOverIPv4, GREOverIPv6}
}

// Locator is a Physical_Locator by its index in the schema.
type Locator struct {
	Encapsulation Encapsulation
	Addr          netip.Addr // dst_ip
	Key           Key        // tunnel_key
}

// WAN tells whether the locator leads to a remote gateway, by the rule of the
// keys.
func (l Locator) WAN() bool { return l.Key.set }

// Compare orders locators by address, key and encapsulation.
func (l Locator) Compare(o Locator) int {
	return cmp.Or(
		l.Addr.Compare(o.Addr),
		l.Key.Compare(o.Key),
		cmp.Compare(l.Encapsulation, o.Encapsulation),
	)
}

// String is for logs and messages: "vxlan_over_ipv4 192.0.2.1 key 456".
func (l Locator) String() string {
	if !l.Key.set {
		return fmt.Sprintf("%s %s", l.Encapsulation, l.Addr)
	}
	return fmt.Sprintf("%s %s key %s", l.Encapsulation, l.Addr, l.Key)
}
