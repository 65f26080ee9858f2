package datapath

import (
	"bytes"
	"net/netip"
	"testing"

	"landbridge/internal/ethernet"
)

// FuzzProgram gives arbitrary frames to the program. Whatever comes in: what
// passes is untouched, and what leaves is the same frame in a sound packet of a
// tunnel of the same network and the other group.
func FuzzProgram(f *testing.F) {
	d := withRed(f)
	for _, p := range []packet{
		fromA, fromX,
		fromA.with(func(p *packet) { p.checksum = true }),
		fromA.with(func(p *packet) { p.innerDst = broadcast }),
		fromA.with(func(p *packet) { p.options = 2 }),
		fromA.with(func(p *packet) { p.moreFragments = true }),
		fromA.with(func(p *packet) { p.src = nodeB }),
		fromX.with(func(p *packet) { p.src, p.vni = remoteB, 457 }),
		fromA.with(func(p *packet) { p.vni = 7 }),
	} {
		b := p.build(f)
		for _, n := range []int{len(b), 64, 63, 50, 42, 34} {
			f.Add(b[:n], uint16(0))
		}
		f.Add(b, uint16(1400))
	}
	f.Fuzz(func(t *testing.T, in []byte, gso uint16) {
		if len(in) < 34 || len(in) > 2000 { // the kernel runs no others
			return
		}
		run := func() (uint32, []byte) { return d.runAs(t, in, skbuff{IfIndex: 1, GSOSize: uint32(gso)}) }
		verdict, out := run()
		switch verdict {
		case passed:
			if !bytes.Equal(in, out) {
				t.Errorf("passed, but changed: %x", out)
			}
		case forwarded:
			checkForwarded(t, in, out)
		case dropped:
		default:
			t.Errorf("verdict %d", int32(verdict))
		}
		sameCached(t, in, run)
	})
}

// checkForwarded compares what left with what came, byte by byte: no decoder
// of ours stands between.
func checkForwarded(t *testing.T, in, out []byte) {
	t.Helper()
	if len(in) != len(out) {
		t.Fatalf("%d bytes came, %d left", len(in), len(out))
	}
	n := red()
	from, ok := n.Tunnels[at(ip(in, 26), vniOf(in))]
	if !ok || from.Local.String() != ip(in, 30) {
		t.Fatalf("came by no tunnel: %x", in)
	}
	to, ok := n.Tunnels[at(ip(out, 30), vniOf(out))]
	if !ok || to.Local.String() != ip(out, 26) || to.Group == from.Group {
		t.Fatalf("left by no tunnel of the other group: %x", out)
	}
	hop := toFabric
	if to.Group == 1 {
		hop = toWAN
	}
	want := bytes.Clone(in)
	copy(want[0:], hop.Dst[:])
	copy(want[6:], hop.Src[:])
	want[22] = 64
	copy(want[24:], out[24:34]) // checksum and addresses: judged below and above
	copy(want[40:], out[40:42])
	copy(want[42:], out[42:50])
	if !bytes.Equal(want, out) {
		t.Errorf("left as\n%x, want\n%x", out, want)
	}
	if !bytes.Equal(out[42:46], []byte{8, 0, 0, 0}) || out[49] != 0 {
		t.Errorf("VXLAN header %x", out[42:50])
	}
	if valid(in) != valid(out) {
		t.Errorf("IP checksum right before: %t, after: %t", valid(in), valid(out))
	}
	if (in[40]|in[41] == 0) != (out[40]|out[41] == 0) {
		t.Errorf("UDP checksum %x became %x", in[40:42], out[40:42])
	}
	if src := ethernet.MAC(out[56:62]); src.IsMulticast() || src.IsZero() {
		t.Errorf("a frame from %s left", src)
	}
}

func ip(b []byte, at int) string { return netip.AddrFrom4([4]byte(b[at : at+4])).String() }

func vniOf(b []byte) uint32 { return uint32(b[46])<<16 | uint32(b[47])<<8 | uint32(b[48]) }

// valid tells whether the IP checksum is right.
func valid(b []byte) bool {
	var sum uint32
	for i := 14; i < 34; i += 2 {
		sum += uint32(b[i])<<8 | uint32(b[i+1])
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return sum == 0xffff
}
