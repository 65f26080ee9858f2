package capture

import (
	"fmt"
	"net/netip"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"landbridge/internal/ethernet"
)

// Packet is one packet of a link.
type Packet struct {
	// Tunnel is the outer header where the packet is VXLAN to UDP port 4789;
	// nil otherwise. Frame is what the tunnel carries, or the packet itself.
	Tunnel *Tunnel
	Frame  Frame
}

// Tunnel is the outer header of a VXLAN packet.
type Tunnel struct {
	Src, Dst netip.Addr
	VNI      uint32
}

// Frame is an Ethernet frame as far as tests look into it.
type Frame struct {
	Src, Dst  ethernet.MAC
	EtherType uint16
	// From and To are the addresses of IPv4, or the sender's and the target's
	// of ARP; zero for anything else.
	From, To netip.Addr
	ARP      uint16 // the operation, RFC 826: 1 request, 2 reply; 0: not ARP
	Protocol uint8  // of IPv4
	ICMP     uint8  // the type, where Protocol is ICMP
}

// Is tells whether the packet travels in a tunnel of this VNI.
func (p Packet) Is(vni uint32) bool { return p.Tunnel != nil && p.Tunnel.VNI == vni }

func (p Packet) String() string {
	if p.Tunnel == nil {
		return p.Frame.String()
	}
	return fmt.Sprintf("%s > %s VNI %d: %s", p.Tunnel.Src, p.Tunnel.Dst, p.Tunnel.VNI, p.Frame)
}

func (f Frame) String() string {
	s := fmt.Sprintf("%s > %s type %#04x", f.Src, f.Dst, f.EtherType)
	if !f.From.IsValid() {
		return s
	}
	return fmt.Sprintf("%s %s > %s", s, f.From, f.To)
}

// Decode reads a packet; what it cannot read it leaves zero.
func Decode(data []byte) Packet {
	var p Packet
	options := gopacket.DecodeOptions{Lazy: true, NoCopy: true}
	packet := gopacket.NewPacket(data, layers.LayerTypeEthernet, options)
	for _, layer := range packet.Layers() {
		switch l := layer.(type) {
		case *layers.VXLAN:
			p.Tunnel = &Tunnel{Src: p.Frame.From, Dst: p.Frame.To, VNI: l.VNI}
			p.Frame = Frame{}
		case *layers.Ethernet:
			p.Frame = Frame{Src: mac(l.SrcMAC), Dst: mac(l.DstMAC), EtherType: uint16(l.EthernetType)}
		default:
			p.Frame.add(layer)
		}
	}
	return p
}

func (f *Frame) add(layer gopacket.Layer) {
	switch l := layer.(type) {
	case *layers.ARP:
		f.ARP, f.From, f.To = l.Operation, addr(l.SourceProtAddress), addr(l.DstProtAddress)
	case *layers.IPv4:
		f.From, f.To, f.Protocol = addr(l.SrcIP), addr(l.DstIP), uint8(l.Protocol)
	case *layers.ICMPv4:
		f.ICMP = l.TypeCode.Type()
	}
}

func mac(b []byte) (m ethernet.MAC) {
	copy(m[:], b)
	return m
}

func addr(b []byte) netip.Addr {
	a, _ := netip.AddrFromSlice(b)
	return a.Unmap()
}
