package api

import (
	"math"
	"net/netip"
	"time"

	"landbridge/internal/l2gw"
	"landbridge/internal/server/neutronapi"
)

// maxText is how many characters Neutron lets names and project ids have.
const maxText = 255

// vlan is a VLAN id; the value is a uint16. 0 is a port's untagged frames.
func vlan() neutronapi.Type {
	number := neutronapi.Integer("a VLAN id", 0, 4094)
	return neutronapi.Type{
		Takes: number.Takes,
		Shows: neutronapi.Schema{"type": "string"},
		Convert: func(v any) (any, error) {
			n, err := number.Convert(v)
			if err != nil {
				return nil, err
			}
			id, _ := n.(uint32)
			return uint16(id), nil
		},
	}
}

// oneVLAN is vlan, also in a list of one. "" is how the unset one is shown, so
// it is taken back as such.
func oneVLAN() neutronapi.Type {
	one := vlan()
	list := neutronapi.Schema{"type": "array", "items": one.Takes, "minItems": 1, "maxItems": 1}
	return neutronapi.Type{
		Takes: neutronapi.Schema{"anyOf": []any{one.Takes, list, unset()}},
		Shows: one.Shows,
		Convert: func(v any) (any, error) {
			if l, ok := v.([]any); ok && len(l) == 1 {
				v = l[0]
			}
			if v == "" {
				return nil, nil
			}
			return one.Convert(v)
		},
	}
}

func tunnelKey() neutronapi.Type {
	return neutronapi.Integer("a tunnel key", 1, l2gw.MaxTunnelKey)
}

func encapsulation() neutronapi.Type {
	var words []string
	for _, e := range l2gw.Encapsulations() {
		words = append(words, string(e))
	}
	return neutronapi.Word(words...)
}

// filterList is what does not cross a WAN link.
func filterList() neutronapi.Type {
	return neutronapi.List{Elem: neutronapi.Word(l2gw.WANFilterWords()...), Key: func(word any) any { return word }}.Type()
}

// hostMAC is the address of one host; the value is an l2gw.MAC.
func hostMAC() neutronapi.Type {
	return neutronapi.Type{
		Takes: neutronapi.Schema{"type": "string", "pattern": "^[0-9A-Fa-f:.-]{12,17}$"},
		Shows: neutronapi.Schema{"type": "string", "pattern": "^([0-9a-f]{2}:){5}[0-9a-f]{2}$"},
		Convert: func(v any) (any, error) {
			var m l2gw.MAC
			s, ok := v.(string)
			switch {
			case !ok || m.UnmarshalText([]byte(s)) != nil:
				return nil, neutronapi.Refuse(v, "a MAC address such as fa:16:3e:00:00:01")
			case m.IsMulticast() || m.IsZero():
				return nil, neutronapi.Refuse(v, "the MAC address of one host: it is multicast or zero")
			}
			return m, nil
		},
	}
}

// address is an IP address that one host can have; the value is a netip.Addr.
func address() neutronapi.Type {
	return neutronapi.Type{
		Takes: neutronapi.Schema{"type": "string", "pattern": "^[0-9A-Fa-f:.]+$"},
		Shows: neutronapi.Schema{"type": "string", "pattern": "^[0-9a-f:.]*$"},
		Convert: func(v any) (any, error) {
			s, _ := v.(string)
			a, err := netip.ParseAddr(s)
			a = a.Unmap()
			switch {
			case err != nil || a.Zone() != "":
				return nil, neutronapi.Refuse(v, "an IPv4 or IPv6 address")
			case a.IsUnspecified() || a.IsMulticast() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
				return nil, neutronapi.Refuse(v, "the address of one host")
			}
			return a, nil
		},
	}
}

// maybeAddress is address, or "", as which the unset one is shown.
func maybeAddress() neutronapi.Type {
	one := address()
	return neutronapi.Type{
		Takes: neutronapi.Schema{"anyOf": []any{one.Takes, unset()}},
		Shows: one.Shows,
		Convert: func(v any) (any, error) {
			if v == "" {
				return nil, nil
			}
			return one.Convert(v)
		},
	}
}

// unset is the schema of "", which stands for no value.
func unset() neutronapi.Schema { return neutronapi.Schema{"const": ""} }

// showAddress writes an address; "" where it is unset.
func showAddress(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// timeLayout is how Neutron writes times, which are UTC.
const timeLayout = "2006-01-02T15:04:05Z"

// instants are times to the second; the value is an l2gw.Instant.
func instants() neutronapi.Type {
	return neutronapi.Type{
		Takes: neutronapi.Schema{"type": "string", "format": "date-time"},
		Convert: func(v any) (any, error) {
			s, _ := v.(string)
			t, err := time.Parse(timeLayout, s)
			if err != nil {
				return nil, neutronapi.Refuse(v, "a time such as "+timeLayout)
			}
			return l2gw.Instant(t.UnixMicro()), nil
		},
	}
}

func showInstant(i l2gw.Instant) string { return time.UnixMicro(int64(i)).UTC().Format(timeLayout) }

func revisions() neutronapi.Type {
	t := neutronapi.Integer("a revision number", 0, math.MaxUint32)
	t.Shows = neutronapi.Schema{"type": "integer", "minimum": 0}
	return t
}
