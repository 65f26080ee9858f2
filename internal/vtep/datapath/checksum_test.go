package datapath

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"pgregory.net/rapid"

	"landbridge/internal/hwvtep"
	"landbridge/internal/vtep/forwarding"
)

// pseudoHeader gives the folded sum that an unfinished UDP checksum holds.
func pseudoHeader(b []byte) uint16 {
	sum := uint32(17)
	for i := 26; i < 34; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	sum += uint32(binary.BigEndian.Uint16(b[38:]))
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return uint16(sum)
}

// Whoever finishes the checksum of a packet adds up all but the pseudo-header,
// so that is what has to be in the field.
func TestUnfinishedChecksum(t *testing.T) {
	long := fromA.with(func(p *packet) { p.payload = strings.Repeat("GSO ", 700) }).build(t)
	short := fromA.build(t)
	for name, test := range map[string]struct {
		in  []byte
		ctx skbuff
	}{
		"segmented later": {long, skbuff{IfIndex: 1, GSOSize: 1400, GSOSegs: 3}},
		"one packet":      {short, skbuff{IfIndex: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			in := append([]byte(nil), test.in...)
			binary.BigEndian.PutUint16(in[40:], pseudoHeader(in))
			verdict, out := withRed(t).runAs(t, in, test.ctx)
			if verdict != forwarded {
				t.Fatalf("verdict %d", int32(verdict))
			}
			if got, want := binary.BigEndian.Uint16(out[40:]), pseudoHeader(out); got != want {
				t.Errorf("checksum field %#04x, want the sum of the pseudo-header %#04x", got, want)
			}
		})
	}
}

func TestNoChecksumStaysNone(t *testing.T) {
	in := fromA.build(t)
	_, out := withRed(t).runAs(t, in, skbuff{IfIndex: 1, GSOSize: 1400, GSOSegs: 3})
	if out[40] != 0 || out[41] != 0 {
		t.Errorf("checksum field %x", out[40:42])
	}
}

// A packet that was damaged on the way has to be found out by its receiver.
func TestDamageStaysVisible(t *testing.T) {
	d := withRed(t)
	for _, field := range []int{24, 40} { // the checksums of IP and UDP
		in := fromA.with(func(p *packet) { p.checksum = true }).build(t)
		in[field] ^= 0x10
		_, out := d.run(t, in)
		g := gopacket.NewPacket(out, layers.LayerTypeEthernet, gopacket.Default)
		if wrong := wrongChecksums(t, g, true); len(wrong) != 1 {
			t.Errorf("damage at byte %d: wrong checksums after it: %+v", field, wrong)
		}
	}
}

// A finished checksum that happens to look like an unfinished one is told by the
// device having checked it. The program before ours says so in its stead.
func TestChecksumThatLooksUnfinished(t *testing.T) {
	w := newWire(t)
	w.gw.Do(func() { attachChecker(t, w.hop.IfIndex) })
	w.openGateway(red())
	in := fromA.with(func(p *packet) { p.checksum = true })
	for i := range 1 << 16 { // one of them does
		in.payload = fmt.Sprintf("%60s", string([]byte{byte(i >> 8), byte(i)}))
		if b := in.build(t); binary.BigEndian.Uint16(b[40:]) == pseudoHeader(b) {
			break
		}
	}
	w.send(in)
	if got := w.received(1)[at(remoteA, 456)]; len(got) != 1 || got[0].payload != in.payload {
		t.Errorf("got %v", got) // decoding has checked the checksum
	}
}

// attachChecker has packets marked as checked.
func attachChecker(t *testing.T, ifIndex int) {
	t.Helper()
	const increment, next = 1, -1 // BPF_CSUM_LEVEL_INC, TCX_NEXT
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.SchedCLS, License: "GPL", Instructions: asm.Instructions{
		asm.Mov.Imm(asm.R2, increment),
		asm.FnCsumLevel.Call(),
		asm.Mov.Imm(asm.R0, next),
		asm.Return(),
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = program.Close() }()
	l, err := link.AttachTCX(link.TCXOptions{Interface: ifIndex, Program: program, Attach: ebpf.AttachTCXIngress})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
}

// Whatever the addresses, VNIs, ports and contents: checksums are right.
func TestChecksumsProperty(t *testing.T) {
	d := open(t)
	addrs := rapid.Custom(func(t *rapid.T) string {
		b := rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "address")
		return netip.AddrFrom4([4]byte(b)).String()
	})
	vnis := rapid.Uint32Range(0, hwvtep.MaxKey)
	rapid.Check(t, func(rt *rapid.T) {
		in, out := at(addrs.Draw(rt, "from"), vnis.Draw(rt, "VNI in")), at(addrs.Draw(rt, "to"), vnis.Draw(rt, "VNI out"))
		if in == out {
			return
		}
		localIn, localOut := addrs.Draw(rt, "local in"), addrs.Draw(rt, "local out")
		d.apply(t, changes{"n": model("n", tunnels{
			in:  {Group: forwarding.Fabric, Local: addr(localIn)},
			out: {Group: forwarding.WAN, Local: addr(localOut), Flood: true},
		}, nil)})
		d.resolve(t)
		p := packet{
			src: in.Remote().String(), dst: localIn, vni: in.VNI, checksum: rapid.Bool().Draw(rt, "checksum"),
			ttl: rapid.Byte().Draw(rt, "TTL"), tos: rapid.Byte().Draw(rt, "TOS"), id: rapid.Uint16().Draw(rt, "id"),
			srcPort:  rapid.Uint16Min(1).Draw(rt, "port"),
			innerSrc: hostA, innerDst: broadcast, payload: rapid.StringN(46, 300, 300).Draw(rt, "payload"),
		}
		verdict, got := d.run(t, p.build(t))
		if verdict != forwarded {
			rt.Fatalf("verdict %d", int32(verdict))
		}
		if q := decode(t, got); q.vni != out.VNI || q.src != localOut || q.dst != out.Remote().String() || q.payload != p.payload {
			rt.Fatalf("got %+v", q)
		}
	})
}
