package datapath

import (
	"encoding/binary"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"landbridge/internal/hwvtep"
)

// FuzzFrames gives arbitrary frames in sound packets to a program that answers,
// filters and clamps. What goes back is whole and right in all its checksums; what
// goes on is the same, but for an MSS and its checksum.
func FuzzFrames(f *testing.F) {
	d := withGuarded(f, filtered(hwvtep.FilterDHCP|hwvtep.FilterGateway))
	d.narrow(f, 1400)
	if err := d.SetClamp(true); err != nil {
		f.Fatal(err)
	}
	f.Add(framed(f, hostA, broadcast, arpOf()))
	f.Add(solicitation(f, ip6A, ip6X))
	f.Add(solicitation(f, "::", ip6X))
	f.Add(segment(f, 1400, false))
	f.Add(segment(f, 1400, true))
	f.Add(segment(f, 1400, true, &layers.Dot1Q{VLANIdentifier: 42}))
	f.Add(handshake(f, false, nil, tcpOf(syn, nop, mss(1460), nop)))
	f.Add(handshake(f, true, []gopacket.SerializableLayer{&layers.Dot1Q{VLANIdentifier: 42}}, tcpOf(syn, mss(1460))))
	for _, c := range filterCases(f) {
		f.Add(c.inner(hostA, or(c.dst, hostX)))
	}
	f.Fuzz(func(t *testing.T, inner []byte) {
		if len(inner) < 14 || len(inner) > 1900 {
			return
		}
		in := fromA.carrying(t, inner)
		verdict, out := d.run(t, in)
		switch verdict {
		case dropped:
		case forwarded:
			checkAnswered(t, in, out)
		default:
			t.Errorf("verdict %d", int32(verdict))
		}
	})
}

func checkAnswered(t *testing.T, in, out []byte) {
	t.Helper()
	outer, g := inside(t, out)
	if outer.dst == nodeA {
		ip, udp := binary.BigEndian.Uint16(out[16:]), binary.BigEndian.Uint16(out[38:])
		if int(ip) != len(out)-14 || int(udp) != len(out)-34 {
			t.Errorf("%d bytes, IP says %d, UDP %d", len(out), ip, udp)
		}
		if wrong := wrongChecksums(t, g, false); len(wrong) > 0 || g.ErrorLayer() != nil {
			t.Errorf("went back with wrong checksums %+v, %v: %x", wrong, g.ErrorLayer(), out)
		}
		return
	}
	changed := 0
	for i := innerAt; i < len(in) && len(in) == len(out); i++ {
		if in[i] != out[i] {
			changed++
		}
	}
	if len(in) != len(out) || changed > 4 {
		t.Errorf("%d bytes became %d, %d changed\n%x\n%x", len(in), len(out), changed, in, out)
	}
}
