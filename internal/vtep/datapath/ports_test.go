package datapath

import (
	"bytes"
	"net"
	"strings"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"landbridge/internal/ethernet"
	"landbridge/internal/vtep/forwarding"
)

const longEnough = "more than the least that an Ethernet frame has to have inside"

// kinds are frames of all the kinds that the kernel tells apart: those that it
// knows how to put into a tunnel, and all others.
func kinds(src, dst ethernet.MAC) map[string][]byte {
	ip4 := "\x45\x03\x00\x54" + longEnough
	ip6 := "\x60\x30\x00\x00" + longEnough
	plain := etherFrame(src, dst, 0x88b5, longEnough)
	return map[string][]byte{
		"IPv4":               etherFrame(src, dst, 0x0800, ip4),
		"IPv6":               etherFrame(src, dst, 0x86dd, ip6),
		"ARP":                etherFrame(src, dst, 0x0806, longEnough),
		"another":            plain,
		"LLC":                etherFrame(src, dst, uint16(len(longEnough)), longEnough),
		"with an inner tag":  tagged(plain, 0x8100, 0x6007),
		"with two":           tagged(tagged(plain, 0x8100, 0x6007), 0x8100, 9),
		"with a service tag": tagged(etherFrame(src, dst, 0x0800, ip4), 0x88a8, 0x2007),
	}
}

// A frame comes out as it went in, whatever is inside; only the tag is another.
func TestPortToPort(t *testing.T) {
	m := newMetal(t, redWithPorts())
	s1, s2 := m.servers["p1"], m.servers["p2"]
	s2.send(etherFrame(hostS2, broadcast, 0x88b5, longEnough)) // learned: untagged on p2
	s1.received(1)
	s2.received(1) // VLAN 200 is another port
	for name, f := range kinds(hostS1, hostS2) {
		s1.send(tagged(f, 0x8100, 100))
		if got := s2.received(1); len(got) != 1 || !bytes.Equal(got[0], f) {
			t.Errorf("%s, to an untagged port:\n%x\n%x", name, f, got)
		}
	}
	for name, f := range kinds(hostS2, hostS1) {
		if strings.HasPrefix(name, "with") {
			continue // on a port that is not tagged they are frames of that VLAN
		}
		s2.send(f)
		want := tagged(f, 0x8100, 100)
		if got := s1.received(1); len(got) != 1 || !bytes.Equal(got[0], want) {
			t.Errorf("%s, to a tagged port:\n%x\n%x", name, want, got)
		}
	}
}

func TestPortToTunnel(t *testing.T) {
	m := newMetal(t, redWithPorts())
	for name, f := range kinds(hostS1, hostX) {
		m.servers["p1"].send(tagged(f, 0x8100, 0xe064)) // VLAN 100 with a priority
		got := m.arrived(1)[at(remoteA, 456)]
		if len(got) != 1 {
			t.Fatalf("%s: %v", name, got)
		}
		p := got[0]
		if !bytes.Equal(p.frame, f) {
			t.Errorf("%s: inside is\n%x, want\n%x", name, p.frame, f)
		}
		wantECN := uint8(0)
		switch name { // of what is inside
		case "IPv4", "IPv6", "with a service tag":
			wantECN = 3
		}
		if p.ip.SrcIP.String() != wanIP || p.ip.TTL != 64 || p.ip.Flags != layers.IPv4DontFragment || p.ip.TOS != wantECN ||
			p.udp.Checksum != 0 || p.udp.SrcPort < 49152 {
			t.Errorf("%s: outside is %+v %+v", name, p.ip, p.udp)
		}
		if p.dstMAC != m.hop.Dst || p.srcMAC != m.hop.Src {
			t.Errorf("%s: sent to %s from %s", name, p.dstMAC, p.srcMAC)
		}
	}
}

func TestTunnelToPort(t *testing.T) {
	m := newMetal(t, redWithPorts())
	s1, s2 := m.servers["p1"], m.servers["p2"]
	s1.send(tagged(etherFrame(hostS1, broadcast, 0x88b5, longEnough), 0x8100, 100))
	s2.send(etherFrame(hostS2, broadcast, 0x88b5, longEnough))
	s1.received(1)
	s2.received(3)
	for name, f := range kinds(hostX, hostS1) {
		m.sendFrame(fromX, f)
		if got, want := s1.received(1), tagged(f, 0x8100, 100); len(got) != 1 || !bytes.Equal(got[0], want) {
			t.Errorf("%s, to a tagged port:\n%x\n%x", name, want, got)
		}
	}
	for name, f := range kinds(hostX, hostS2) {
		m.sendFrame(fromX, f)
		if got := s2.received(1); len(got) != 1 || !bytes.Equal(got[0], f) {
			t.Errorf("%s, to an untagged port:\n%x\n%x", name, f, got)
		}
	}
	short := etherFrame(hostX, hostS2, 0x0806, "fewer than 46 bytes")
	m.sendFrame(fromX, short)
	want := append(short, make([]byte, 60-len(short))...)
	if got := s2.received(1); len(got) != 1 || !bytes.Equal(got[0], want) {
		t.Errorf("a short frame is to be filled up:\n%x", got)
	}
}

// Floods go to every port and VLAN but the one of the sender, and to all tunnels;
// out of a tunnel also to the ports.
func TestFloodOverPorts(t *testing.T) {
	n := redWithPorts()
	n.Tunnels[at(nodeB, 123)] = fabric(true)
	n.Tunnels[at(remoteB, 457)] = wan(true)
	m := newMetal(t, n)
	s1, s2 := m.servers["p1"], m.servers["p2"]
	for name, f := range kinds(hostS2, broadcast) {
		s2.send(tagged(f, 0x8100, 200))
		all := m.arrived(4)
		for _, e := range []forwarding.Endpoint{at(nodeA, 123), at(nodeB, 123), at(remoteA, 456), at(remoteB, 457)} {
			if got := all[e]; len(got) != 1 || !bytes.Equal(got[0].frame, f) {
				t.Errorf("%s: %s has got %v", name, e, got)
			}
		}
		if got := s1.received(1); len(got) != 1 || !bytes.Equal(got[0], tagged(f, 0x8100, 100)) {
			t.Errorf("%s: the other port has got %x", name, got)
		}
		if got := s2.received(1); len(got) != 1 || !bytes.Equal(got[0], f) {
			t.Errorf("%s: the other VLAN of the port has got %x", name, got)
		}
	}
	for name, f := range kinds(hostA, broadcast) {
		m.sendFrame(fromA, f)
		all := m.arrived(2)
		if len(all[at(remoteA, 456)]) != 1 || len(all[at(remoteB, 457)]) != 1 || len(all) != 2 {
			t.Errorf("%s: tunnels have got %v", name, all)
		}
		if got := s1.received(1); len(got) != 1 || !bytes.Equal(got[0], tagged(f, 0x8100, 100)) {
			t.Errorf("%s: p1 has got %x", name, got)
		}
		if got := s2.received(2); len(got) != 2 || !bytes.Equal(got[0], tagged(f, 0x8100, 200)) && !bytes.Equal(got[1], tagged(f, 0x8100, 200)) {
			t.Errorf("%s: p2 has got %x", name, got)
		}
	}
}

func TestWhatPortsDoNotForward(t *testing.T) {
	m := newMetal(t, redWithPorts())
	s1, s2 := m.servers["p1"], m.servers["p2"]
	bpdu := etherFrame(hostS1, mac("01:80:c2:00:00:00"), 0x0027, longEnough)
	for name, test := range map[string]struct {
		frame []byte
		why   Reason
	}{
		"a VLAN of nobody":   {tagged(etherFrame(hostS1, broadcast, 0x0800, longEnough), 0x8100, 101), UnknownVLAN},
		"no VLAN":            {etherFrame(hostS1, broadcast, 0x0800, longEnough), UnknownVLAN},
		"a service tag":      {tagged(etherFrame(hostS1, broadcast, 0x0800, longEnough), 0x88a8, 100), UnknownVLAN},
		"a multicast source": {tagged(etherFrame(broadcast, hostX, 0x0800, longEnough), 0x8100, 100), BadSource},
	} {
		before := m.d.drops(t, test.why)
		s1.send(test.frame)
		if got := m.arrived(0); len(got) != 0 {
			t.Errorf("%s: tunnels have got %v", name, got)
		}
		if n := m.d.drops(t, test.why) - before; n != 1 {
			t.Errorf("%s: counted %d times as %s", name, n, test.why)
		}
	}
	s1.send(bpdu)
	s1.send(tagged(bpdu, 0x8100, 100))
	m.sendFrame(fromX, bpdu)
	if got := m.arrived(0); len(got) != 0 || len(s2.received(0)) != 0 {
		t.Errorf("what belongs to a link has crossed: %v", got)
	}
	if n := m.d.drops(t, LinkLocal); n != 1 {
		t.Errorf("%d of a tunnel's counted", n)
	}
	// To where it came from.
	s1.send(tagged(etherFrame(hostS1, hostS1, 0x0800, longEnough), 0x8100, 100))
	if got := s1.received(0); len(got) != 0 || m.d.drops(t, SplitHorizon) != 1 {
		t.Errorf("the port has got its own frame: %x", got)
	}
}

// A host that moves between a port and a tunnel is found at once.
func TestMoveBetweenPortAndTunnel(t *testing.T) {
	m := newMetal(t, redWithPorts())
	s1 := m.servers["p1"]
	mover := mac("52:54:00:00:00:99")
	toMover := etherFrame(hostX, mover, 0x88b5, longEnough)
	for range 3 {
		s1.send(tagged(etherFrame(mover, hostX, 0x88b5, longEnough), 0x8100, 100))
		m.arrived(1)
		m.sendFrame(fromX, toMover)
		if got := s1.received(1); len(got) != 1 {
			t.Fatalf("on the port: %x", got)
		}
		m.sendFrame(fromA, etherFrame(mover, hostX, 0x88b5, longEnough))
		m.arrived(1)
		m.sendFrame(fromX, toMover)
		if got := m.arrived(1)[at(nodeA, 123)]; len(got) != 1 {
			t.Fatalf("on the node: %v", got)
		}
		if got := s1.received(0); len(got) != 0 {
			t.Fatalf("the port it has left gets %x", got)
		}
	}
}

// The port of one flow stays, and flows have different ones.
func TestEntropyOfPorts(t *testing.T) {
	m := newMetal(t, redWithPorts())
	ports := map[layers.UDPPort]bool{}
	for flow := range 32 {
		f := udpFrame(t, uint16(1000+flow))
		m.servers["p1"].send(tagged(f, 0x8100, 100))
		m.servers["p1"].send(tagged(f, 0x8100, 100))
		got := m.arrived(2)[at(remoteA, 456)]
		if len(got) != 2 || got[0].udp.SrcPort != got[1].udp.SrcPort {
			t.Fatalf("flow %d: %v", flow, got)
		}
		ports[got[0].udp.SrcPort] = true
	}
	if len(ports) < 24 {
		t.Errorf("32 flows have %d ports", len(ports))
	}
}

func udpFrame(t *testing.T, port uint16) []byte {
	t.Helper()
	eth := &layers.Ethernet{SrcMAC: hostS1[:], DstMAC: hostX[:], EthernetType: layers.EthernetTypeIPv4}
	ip := &layers.IPv4{Version: 4, TTL: 3, Protocol: layers.IPProtocolUDP, SrcIP: net.IPv4(192, 0, 2, 1), DstIP: net.IPv4(192, 0, 2, 2)}
	udp := &layers.UDP{SrcPort: layers.UDPPort(port), DstPort: 9}
	if err := udp.SetNetworkLayerForChecksum(ip); err != nil {
		t.Fatal(err)
	}
	return serialized(t, eth, ip, udp, gopacket.Payload(longEnough))
}

// Counters of a port's VLAN count its frames, those of others do not.
func TestCountersOfPorts(t *testing.T) {
	m := newMetal(t, redWithPorts())
	f := etherFrame(hostS1, hostX, 0x88b5, longEnough)
	for range 3 {
		m.servers["p1"].send(tagged(f, 0x8100, 100))
	}
	m.arrived(3)
	m.sendFrame(fromX, etherFrame(hostX, hostS1, 0x88b5, longEnough))
	m.servers["p1"].received(1)
	c, err := m.d.Counters()
	if err != nil {
		t.Fatal(err)
	}
	size := uint64(len(f))
	want := Traffic{RxPackets: 3, RxBytes: 3 * size, TxPackets: 1, TxBytes: size}
	if got := c.Tunnels[TunnelKey{"red", forwarding.OnPort("p1", 100)}]; got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := c.Tunnels[TunnelKey{"red", forwarding.OnPort("p2", 0)}]; got != (Traffic{}) {
		t.Errorf("the other port: %+v", got)
	}
	alone, err := m.d.PortTraffic()
	if err != nil || len(alone) != 3 || alone[forwarding.OnPort("p1", 100)] != want || alone[forwarding.OnPort("p2", 0)] != (Traffic{}) {
		t.Errorf("of ports alone: %+v, %v", alone, err)
	}
}
