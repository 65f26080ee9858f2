package peers

import (
	"encoding/binary"
	"errors"
)

// magic begins every packet; the last byte is the version.
const magic = "LBWAN\x00\x00\x01"

const (
	claimSize = len(ID{}) + 8
	// mostClaims is what a packet has of them, so that it fits anywhere (1232
	// bytes, as of DNS over the smallest MTU of IPv6).
	mostClaims = (1232 - len(magic)) / claimSize
)

var errForeign = errors.New("not a packet of claims")

// encode writes a packet of at most mostClaims.
func encode(claims []Claim) []byte {
	p := append(make([]byte, 0, len(magic)+len(claims)*claimSize), magic...)
	for _, c := range claims {
		p = append(p, c.Network[:]...)
		p = binary.BigEndian.AppendUint64(p, c.Number)
	}
	return p
}

// decode reads what encode wrote.
func decode(p []byte) ([]Claim, error) {
	if len(p) < len(magic) || string(p[:len(magic)]) != magic || (len(p)-len(magic))%claimSize != 0 {
		return nil, errForeign
	}
	p = p[len(magic):]
	claims := make([]Claim, 0, len(p)/claimSize)
	for ; len(p) > 0; p = p[claimSize:] {
		claims = append(claims, Claim{ID(p[:len(ID{})]), binary.BigEndian.Uint64(p[len(ID{}):])})
	}
	return claims, nil
}
