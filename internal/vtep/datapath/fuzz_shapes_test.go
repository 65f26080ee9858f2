package datapath

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"

	"landbridge/internal/hwvtep"
	"landbridge/internal/vtep/forwarding"
)

// everything has a tunnel of every encapsulation on both sides.
func everything() *forwarding.Network {
	n := model("everything", tunnels{}, entries{})
	for i, e := range hwvtep.Encapsulations() {
		p := places[encapsulations[e].v6]
		n.Tunnels[by(e, p.node, 1)] = forwarding.Tunnel{Group: forwarding.Fabric, Local: addr(p.fabric), Flood: true}
		n.Tunnels[by(e, p.remote, 2)] = forwarding.Tunnel{Group: forwarding.WAN, Local: addr(p.wan), Flood: true}
		n.FDB[[6]byte{2, 0, 0, 0, 1, byte(i)}] = by(e, p.node, 1)
		n.FDB[[6]byte{2, 0, 0, 0, 2, byte(i)}] = by(e, p.remote, 2)
	}
	return n
}

// FuzzShapes gives arbitrary packets to a gateway that speaks everything. What
// passes is untouched; what leaves is the same frame, in headers that fit it, by
// a tunnel of the other side.
func FuzzShapes(f *testing.F) {
	d, n := open(f), everything()
	d.apply(f, changes{"everything": n})
	d.segmenter.in = 1
	d.resolve(f)
	for i, e := range hwvtep.Encapsulations() {
		p := places[encapsulations[e].v6]
		for to := range hwvtep.Encapsulations() {
			frame := string([]byte{2, 0, 0, 0, 2, byte(to), 2, 0, 0, 0, 1, byte(i), 8, 0}) + "twenty bytes of IPv4, and more than that"
			b := shaped{encapsulation: e, src: p.node, dst: p.fabric, key: 1, ttl: 3, frame: frame}.build(f)
			f.Add(b, uint16(0))
			f.Add(b[:len(b)-40], uint16(0))
			f.Add(b, uint16(20))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, gso uint16) {
		if len(in) < 54 || len(in) > 2000 { // the kernel runs no others
			return
		}
		run := func() (uint32, []byte) { return d.runAs(t, in, skbuff{IfIndex: 1, GSOSize: uint32(gso)}) }
		verdict, out := run()
		switch verdict {
		case dropped, passed:
			if verdict == passed && !bytes.Equal(in, out) {
				t.Errorf("passed, but changed: %x", out)
			}
		case forwarded:
			came, left := peek(t, in), peek(t, out)
			from, to := n.Tunnels[came.endpoint(came.src)], n.Tunnels[left.endpoint(left.dst)]
			if !from.Local.IsValid() || from.Local.String() != came.dst || to.Local.String() != left.src || from.Group == to.Group {
				t.Errorf("came as %+v, left as %+v", came, left)
			}
			if came.frame != left.frame || left.ttl != 64 || left.tos != came.tos {
				t.Errorf("came as %+v, left as %+v", came, left)
			}
		default:
			t.Errorf("verdict %d", int32(verdict))
		}
		sameCached(t, in, run)
	})
}

func (s shaped) endpoint(remote string) forwarding.Endpoint {
	return by(s.encapsulation, remote, s.key)
}

// peek reads a packet of a tunnel without a doubt about it.
func peek(t *testing.T, b []byte) (s shaped) {
	t.Helper()
	protocol, at, family := b[23], 34, "_over_ipv4"
	s.src, s.dst, s.tos, s.ttl = ip(b, 26), ip(b, 30), b[15], b[22]
	if b[12] == 0x86 {
		protocol, at, family = b[20], 54, "_over_ipv6"
		s.src, s.dst = netip.AddrFrom16([16]byte(b[22:38])).String(), netip.AddrFrom16([16]byte(b[38:54])).String()
		s.tos, s.ttl = b[14]<<4|b[15]>>4, b[21]
	}
	kind := "gre"
	if protocol == 17 {
		kind = map[uint16]string{4789: "vxlan", 6081: "geneve"}[binary.BigEndian.Uint16(b[at+2:])]
		at += 8
	}
	s.encapsulation, s.frame = hwvtep.Encapsulation(kind+family), string(b[at+8:])
	if s.key = binary.BigEndian.Uint32(b[at+4:]); kind != "gre" {
		s.key >>= 8
	}
	return s
}
