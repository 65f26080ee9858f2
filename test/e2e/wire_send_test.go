package e2e

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"golang.org/x/net/ipv4"

	"landbridge/internal/lab"
)

// probe is a frame of vm-a1 for vm-b1 in a packet that compute node a1 sends, as
// another implementation might: with its own port, DSCP and ECN.
type probe struct {
	port  int // of UDP, outside; inside it is 40000 less
	tos   uint8
	frame []byte
}

const firstPort = 50000

// probes are of different flows, each with two VLAN tags inside.
func (w *world) probes(t *testing.T) (out []probe) {
	t.Helper()
	for i := range 16 {
		tags := []gopacket.SerializableLayer{
			&layers.Dot1Q{VLANIdentifier: 7, Priority: 5, Type: layers.EthernetTypeDot1Q},
			&layers.Dot1Q{VLANIdentifier: 42, Type: layers.EthernetTypeIPv4},
		}
		port := firstPort + i
		out = append(out, probe{port, uint8(0xb9 + i%2), w.frame(t, layers.EthernetTypeQinQ, tags, port-40000, 100+i)})
	}
	return out
}

// tooBig is a probe with so many bytes of IP inside.
func (w *world) tooBig(t *testing.T, size int) probe {
	t.Helper()
	return probe{firstPort - 1, 0, w.frame(t, layers.EthernetTypeIPv4, nil, 9999, size-28)}
}

// frame is UDP of so many bytes from vm-a1 to vm-b1.
func (w *world) frame(t *testing.T, first layers.EthernetType, tags []gopacket.SerializableLayer, port, payload int) []byte {
	t.Helper()
	a, b := w.Spec.VM("vm-a1"), w.Spec.VM("vm-b1")
	ip := &layers.IPv4{
		Version: 4, TTL: 3, TOS: 0x2c, Flags: layers.IPv4DontFragment, Protocol: layers.IPProtocolUDP,
		SrcIP: a.Addr.Addr().AsSlice(), DstIP: b.Addr.Addr().AsSlice(),
	}
	udp := &layers.UDP{SrcPort: layers.UDPPort(port), DstPort: 9}
	if err := udp.SetNetworkLayerForChecksum(ip); err != nil {
		t.Fatal(err)
	}
	stack := append([]gopacket.SerializableLayer{&layers.Ethernet{SrcMAC: a.MAC[:], DstMAC: b.MAC[:], EthernetType: first}}, tags...)
	stack = append(stack, ip, udp, gopacket.Payload(strings.Repeat("x", payload)))
	buf := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, stack...); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func (p probe) send(t *testing.T, w *world) {
	t.Helper()
	from, to := w.Spec.Clouds[0].Computes[0].Addr.Addr(), w.a.Cloud.Gateway.Fabric.Addr()
	err := w.node(t, "a1").Do(func() error {
		c, err := net.DialUDP("udp4", &net.UDPAddr{IP: from.AsSlice(), Port: p.port}, &net.UDPAddr{IP: to.AsSlice(), Port: 4789})
		if err != nil {
			return err
		}
		header := []byte{8, 0, 0, 0, 0, 0, lab.VNIOfA, 0} // RFC 7348
		tos := ipv4.NewConn(c).SetTOS(int(p.tos))
		_, err = c.Write(append(header, p.frame...))
		return errors.Join(tos, err, c.Close())
	})
	if err != nil {
		t.Fatal(err)
	}
}

// transfer sends by TCP what the kernel makes super-packets of.
func (w *world) transfer(t *testing.T, from, to string) {
	t.Helper()
	const size = 512 << 10
	address := netip.AddrPortFrom(w.Spec.VM(to).Addr.Addr(), 5001).String()
	var l net.Listener
	if err := w.node(t, to).Do(func() (err error) {
		l, err = net.Listen("tcp", address)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	got := make(chan int64, 1)
	go func() { got <- read(l) }()
	c, err := w.node(t, from).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Write(make([]byte, size))
	if err = errors.Join(err, c.Close()); err != nil {
		t.Error(err)
	}
	if n := <-got; n != size {
		t.Errorf("%s has got %d bytes of %d", to, n, size)
	}
}

// read gives how many bytes one connection brings.
func read(l net.Listener) int64 {
	c, err := l.Accept()
	if err != nil {
		return 0
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	n, _ := io.Copy(io.Discard, c)
	return n
}
