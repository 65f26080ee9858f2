package capture

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"landbridge/internal/ethernet"
	"landbridge/internal/lab/netns"
	"landbridge/internal/lab/ping"
	"landbridge/internal/lab/testenv"
)

func TestCaptureSeesEveryPacketBothWays(t *testing.T) {
	a, b := testenv.Namespace(t, "a"), testenv.Namespace(t, "b")
	err := errors.Join(
		netns.Veth(a, "eth0", b, "eth0"),
		a.AddAddr("eth0", netip.MustParsePrefix("192.0.2.1/24")),
		b.AddAddr("eth0", netip.MustParsePrefix("192.0.2.2/24")),
	)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Start(b, "eth0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()
	const pings = 100
	if _, err := ping.Count(t.Context(), a, netip.MustParseAddr("192.0.2.2"), pings, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	packets, err := c.Packets()
	if err != nil {
		t.Fatal(err)
	}
	echoes := Select(packets, func(p Packet) bool { return p.Frame.Protocol == 1 })
	asked := Select(packets, func(p Packet) bool { return p.Frame.ARP == 1 && p.Frame.To == netip.MustParseAddr("192.0.2.2") })
	if len(echoes) != 2*pings || len(asked) != 1 || VNIs(packets) != nil {
		t.Errorf("%d echoes, %d questions, VNIs %v", len(echoes), len(asked), VNIs(packets))
	}
	if err := c.Reset(); err != nil {
		t.Fatal(err)
	}
	if packets, err := c.Packets(); err != nil || len(packets) != 0 {
		t.Errorf("%d packets after a reset, %v", len(packets), err)
	}
}

func TestCaptureOfNoLink(t *testing.T) {
	if _, err := Start(testenv.Namespace(t, "c"), "nothing0"); err == nil {
		t.Error("captured on a link that is not there")
	}
}

// vxlan makes a packet that carries an ARP request in VNI 456.
func vxlan(t testing.TB) []byte {
	t.Helper()
	src, dst := ethernet.MAC{2, 0, 0, 0, 0, 1}, ethernet.MAC{2, 0, 0, 0, 0, 2}
	ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolUDP, SrcIP: []byte{192, 0, 2, 1}, DstIP: []byte{192, 0, 2, 2}}
	udp := &layers.UDP{SrcPort: 5555, DstPort: 4789}
	if err := udp.SetNetworkLayerForChecksum(ip); err != nil {
		t.Fatal(err)
	}
	arp := &layers.ARP{
		AddrType: layers.LinkTypeEthernet, Protocol: layers.EthernetTypeIPv4, HwAddressSize: 6, ProtAddressSize: 4, Operation: 1,
		SourceHwAddress: src[:], SourceProtAddress: []byte{10, 0, 0, 1}, DstHwAddress: make([]byte, 6), DstProtAddress: []byte{10, 0, 0, 2},
	}
	buf := gopacket.NewSerializeBuffer()
	err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true},
		&layers.Ethernet{SrcMAC: src[:], DstMAC: dst[:], EthernetType: layers.EthernetTypeIPv4}, ip, udp,
		&layers.VXLAN{ValidIDFlag: true, VNI: 456},
		&layers.Ethernet{SrcMAC: src[:], DstMAC: []byte{255, 255, 255, 255, 255, 255}, EthernetType: layers.EthernetTypeARP}, arp)
	if err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestDecodeLooksIntoTunnels(t *testing.T) {
	p := Decode(vxlan(t))
	want := Frame{
		Src: ethernet.MAC{2, 0, 0, 0, 0, 1}, Dst: ethernet.MAC{255, 255, 255, 255, 255, 255}, EtherType: 0x0806, ARP: 1,
		From: netip.MustParseAddr("10.0.0.1"), To: netip.MustParseAddr("10.0.0.2"),
	}
	tunnel := Tunnel{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2"), 456}
	if p.Frame != want || p.Tunnel == nil || *p.Tunnel != tunnel || !p.Is(456) || p.Is(457) {
		t.Errorf("%+v in %+v", p.Frame, p.Tunnel)
	}
	text := "192.0.2.1 > 192.0.2.2 VNI 456: 02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff type 0x0806 10.0.0.1 > 10.0.0.2"
	if p.String() != text {
		t.Errorf("reads %q, want %q", p, text)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(vxlan(f))
	f.Add([]byte{})
	f.Add(vxlan(f)[:60])
	f.Fuzz(func(_ *testing.T, b []byte) {
		_ = Decode(b).String()
	})
}

// What a capture of whole packets writes is what has crossed the link.
func TestWritePcap(t *testing.T) {
	a, b := testenv.Namespace(t, "a"), testenv.Namespace(t, "b")
	if err := errors.Join(
		netns.Veth(a, "eth0", b, "eth0"),
		a.AddAddr("eth0", netip.MustParsePrefix("192.0.2.1/24")),
		b.AddAddr("eth0", netip.MustParsePrefix("192.0.2.2/24")),
	); err != nil {
		t.Fatal(err)
	}
	c, err := StartWhole(b, "eth0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	const size = 1400
	if _, err := ping.CountSized(t.Context(), a, netip.MustParseAddr("192.0.2.2"), size, 10, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "pcap")
	if err := c.WritePcap(name); err != nil {
		t.Fatal(err)
	}
	seen, err := c.Packets()
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r, err := pcapgo.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	echoes, n := 0, 0
	for data, info, err := r.ReadPacketData(); err == nil; data, info, err = r.ReadPacketData() {
		if p := Decode(data); p != seen[n] || info.Length != len(data) {
			t.Errorf("packet %d is %v of %d bytes, was %v", n, p, info.Length, seen[n])
		} else if p.Frame.Protocol == 1 && len(data) == 14+size {
			echoes++
		}
		n++
	}
	if echoes != 20 { // seen may have more than the file: what came after it
		t.Errorf("%d of %d packets, %d echoes", n, len(seen), echoes)
	}
}
