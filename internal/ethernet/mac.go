// Package ethernet holds the one type for MAC addresses that all of Landbridge
// shares. It has no I/O.
package ethernet

import (
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// MAC is a 48-bit IEEE 802 address in transmission order. It is comparable, so
// it serves as a map key; its zero value is the address that no host may use.
type MAC [6]byte

// ParseMAC reads an address written with colons or dashes between bytes
// (fa:16:3e:00:00:01), with dots between pairs of bytes (fa16.3e00.0001) or
// bare (fa163e000001), in either case. One style has to be used throughout.
func ParseMAC(s string) (MAC, error) {
	var m MAC
	digits, ok := bareDigits(s)
	if !ok {
		return m, fmt.Errorf("%q is not a MAC address", s)
	}
	if _, err := hex.Decode(m[:], digits); err != nil {
		return MAC{}, fmt.Errorf("%q is not a MAC address", s)
	}
	return m, nil
}

// bareDigits strips the separators of a well-formed address and leaves its 12
// characters.
func bareDigits(s string) (digits []byte, ok bool) {
	var group int
	var sep byte
	switch len(s) {
	case 17: // six groups of two
		if group, sep = 2, s[2]; sep != ':' && sep != '-' {
			return nil, false
		}
	case 14: // three groups of four
		group, sep = 4, '.'
	case 12:
		return []byte(s), true
	default:
		return nil, false
	}
	digits = make([]byte, 0, 12)
	for i := range len(s) {
		if i%(group+1) < group {
			digits = append(digits, s[i])
		} else if s[i] != sep {
			return nil, false
		}
	}
	return digits, true
}

// MustParseMAC is ParseMAC for constants and tests; it panics on bad input.
func MustParseMAC(s string) MAC {
	m, err := ParseMAC(s)
	if err != nil {
		panic(err)
	}
	return m
}

// String gives the address in lower case with colons.
func (m MAC) String() string {
	var b [17]byte
	for i, v := range m {
		hex.Encode(b[3*i:], []byte{v})
		if i < 5 {
			b[3*i+2] = ':'
		}
	}
	return string(b[:])
}

// IsMulticast tells whether the group bit is set (broadcast included).
func (m MAC) IsMulticast() bool { return m[0]&1 == 1 }

// IsZero tells whether m is 00:00:00:00:00:00.
func (m MAC) IsZero() bool { return m == MAC{} }

// Compare orders addresses by their bytes.
func (m MAC) Compare(o MAC) int { return cmp.Compare(m.number(), o.number()) }

// number has the order of the bytes: very many are compared.
func (m MAC) number() uint64 {
	return uint64(binary.BigEndian.Uint32(m[:]))<<16 | uint64(binary.BigEndian.Uint16(m[4:]))
}

// MarshalText implements encoding.TextMarshaler with String.
func (m MAC) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler with ParseMAC.
func (m *MAC) UnmarshalText(b []byte) (err error) {
	*m, err = ParseMAC(string(b))
	return err
}
