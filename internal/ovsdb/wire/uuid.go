package wire

import (
	"bytes"
	"encoding/hex"
)

// UUID names a row.
type UUID [16]byte

// textLen is the length of a UUID's text.
const textLen = 36

// digitsAt is where the digits of each byte stand in the text.
var digitsAt = [16]int{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34}

// ParseUUID reads the form 8-4-4-4-12 of hexadecimal digits.
func ParseUUID(text []byte) (u UUID, ok bool) {
	if len(text) != textLen || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return u, false
	}
	for i, at := range digitsAt {
		high, low := nibble[text[at]], nibble[text[at+1]]
		if high|low > 0xf {
			return UUID{}, false
		}
		u[i] = high<<4 | low
	}
	return u, true
}

// nibble has the value of a hexadecimal digit, 0xff for what is none.
var nibble = func() (t [256]byte) {
	for i := range t {
		t[i] = 0xff
		if v := bytes.IndexByte([]byte("0123456789abcdef"), byte(i)); v >= 0 {
			t[i] = byte(v)
		}
		if v := bytes.IndexByte([]byte("ABCDEF"), byte(i)); v >= 0 {
			t[i] = byte(10 + v)
		}
	}
	return t
}()

// Append adds the text.
func (u UUID) Append(b []byte) []byte {
	for i := range u {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, u[i:i+1])
	}
	return b
}

// String gives the text, in lower case.
func (u UUID) String() string { return string(u.Append(make([]byte, 0, textLen))) }
