package vtep

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/vtep/datapath"
	"landbridge/internal/vtep/forwarding"
)

// TraceAnswer is the answer to /trace.
type TraceAnswer struct {
	Verdict datapath.Verdict `json:"verdict"`
	Reason  datapath.Reason  `json:"reason,omitempty"` // where it is dropped
	Steps   []datapath.Step  `json:"steps"`
	Out     string           `json:"out,omitempty"` // the packet as it would leave, in hex
}

// question is what to trace: a frame that comes by a tunnel.
type question struct {
	vxlanPort, genevePort uint16     // of UDP
	from, to              netip.Addr // of the outer header
	vni                   uint32
	encap                 hwvtep.Encapsulation
	frame                 []byte
	device                string
}

// serveTrace answers /trace?(from=&vni=|port=&vlan=)&(frame=|mac=&dst=).
func (l *loop) serveTrace(w http.ResponseWriter, r *http.Request) {
	trace, err := l.traceOf(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	t, err := trace()
	answer(w, TraceAnswer{t.Verdict, t.Reason, append([]datapath.Step{}, t.Steps...), hex.EncodeToString(t.Out)}, err)
}

// traceOf gives the trace that a query asks for, of a port or of a tunnel.
func (l *loop) traceOf(r *http.Request) (func() (datapath.Trace, error), error) {
	if port := r.FormValue("port"); port != "" {
		return l.traceOfPort(r, port)
	}
	q, err := l.question(r)
	return func() (datapath.Trace, error) { return l.trace(q) }, err
}

func (l *loop) traceOfPort(r *http.Request, port string) (func() (datapath.Trace, error), error) {
	if r.FormValue("from") != "" {
		return nil, errors.New("port and from: a frame comes by a port or by a tunnel, not both")
	}
	vlan, err := strconv.ParseUint(cmp.Or(r.FormValue("vlan"), "0"), 10, 12)
	if err != nil || vlan > forwarding.MaxVLAN {
		return nil, fmt.Errorf("vlan %q is not a number from 0, for untagged, to %d", r.FormValue("vlan"), forwarding.MaxVLAN)
	}
	frame, err := frameOf(r)
	return func() (datapath.Trace, error) { return l.dp.TracePort(frame, port, uint16(vlan)) }, err
}

func (l *loop) trace(q question) (datapath.Trace, error) {
	i, err := net.InterfaceByName(q.device)
	if err != nil {
		return datapath.Trace{}, fmt.Errorf("interface %s: %w", q.device, err)
	}
	packet, err := q.packet(i.HardwareAddr)
	if err != nil {
		return datapath.Trace{}, fmt.Errorf("write the packet to trace: %w", err)
	}
	return l.dp.Trace(packet, i.Index)
}

// question reads a query; what it does not say is as the tunnel has it.
func (l *loop) question(r *http.Request) (q question, err error) {
	if q.from, err = netip.ParseAddr(r.FormValue("from")); err != nil {
		return q, fmt.Errorf("from %q is not an address: give the remote end of a tunnel", r.FormValue("from"))
	}
	if _, err := fmt.Sscanf(r.FormValue("vni"), "%d", &q.vni); err != nil || q.vni > hwvtep.MaxKey {
		return q, fmt.Errorf("vni %q is not a number from 0 to %d", r.FormValue("vni"), hwvtep.MaxKey)
	}
	l.tunnelOf(&q)
	if v := r.FormValue("to"); v != "" {
		if q.to, err = netip.ParseAddr(v); err != nil || q.to.Is4() != q.from.Is4() {
			return q, fmt.Errorf("to %q is not an address of the same family as %s", v, q.from)
		}
	}
	if !q.to.IsValid() {
		return q, fmt.Errorf("no tunnel of %s has an address of the family of %s: give the one that the packet is sent to", l.cfg.Switch, q.from)
	}
	if q.device = r.FormValue("interface"); q.device == "" {
		q.device = l.cfg.Interfaces[0]
	}
	q.frame, err = frameOf(r)
	return q, err
}

// tunnelOf fills in what a tunnel with this end has, else what tunnels to this
// switch would have.
func (l *loop) tunnelOf(q *question) {
	l.mu.Lock()
	defer l.mu.Unlock()
	q.encap, q.to = hwvtep.VXLANOverIPv4, l.cfg.Local.Of(forwarding.Fabric, q.from.Is6())
	if q.from.Is6() {
		q.encap = hwvtep.VXLANOverIPv6
	}
	q.vxlanPort, q.genevePort = l.cfg.VXLANPort, l.cfg.GenevePort
	for _, n := range l.desired.networks {
		for e, t := range n.Tunnels {
			if e.Remote() == q.from && e.VNI == q.vni {
				q.encap, q.to = e.Encapsulation(), t.Local
				return
			}
		}
	}
}

// frameOf reads a frame in hex, or makes one of two addresses.
func frameOf(r *http.Request) ([]byte, error) {
	if v := r.FormValue("frame"); v != "" {
		b, err := hex.DecodeString(v)
		if err != nil || len(b) < 14 {
			return nil, errors.New("frame is not an Ethernet frame in hex, from its destination address on, of at least 14 bytes")
		}
		return b, nil
	}
	src, err := macOf(r)
	if err != nil {
		return nil, err
	}
	dst, err := ethernet.ParseMAC(r.FormValue("dst"))
	if err != nil {
		return nil, fmt.Errorf("dst: %w", err)
	}
	const experimental, least = 0x88b5, 60 // IEEE 802
	return append(append(append(dst[:], src[:]...), experimental>>8, experimental&0xff), make([]byte, least-14)...), nil
}

// packet gives the frame as it comes by the tunnel.
func (q question) packet(to net.HardwareAddr) ([]byte, error) {
	eth := &layers.Ethernet{SrcMAC: net.HardwareAddr{2, 0, 0, 0, 0, 0}, DstMAC: to, EthernetType: layers.EthernetTypeIPv4}
	stack := []gopacket.SerializableLayer{eth}
	isGRE := q.encap == hwvtep.GREOverIPv4 || q.encap == hwvtep.GREOverIPv6
	protocol := layers.IPProtocolUDP
	if isGRE {
		protocol = layers.IPProtocolGRE
	}
	var network gopacket.NetworkLayer
	if q.from.Is4() {
		ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: protocol, SrcIP: q.from.AsSlice(), DstIP: q.to.AsSlice()}
		network, stack = ip, append(stack, ip)
	} else {
		eth.EthernetType = layers.EthernetTypeIPv6
		ip := &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: protocol, SrcIP: q.from.AsSlice(), DstIP: q.to.AsSlice()}
		network, stack = ip, append(stack, ip)
	}
	stack = append(append(stack, q.tunnelHeaders(network)...), gopacket.Payload(q.frame))
	buf := gopacket.NewSerializeBuffer()
	err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, stack...)
	return buf.Bytes(), err
}

func (q question) tunnelHeaders(network gopacket.NetworkLayer) []gopacket.SerializableLayer {
	udp := &layers.UDP{SrcPort: 50000}
	_ = udp.SetNetworkLayerForChecksum(network) // fails for what is no IP
	switch q.encap {
	case hwvtep.GREOverIPv4, hwvtep.GREOverIPv6:
		return []gopacket.SerializableLayer{&layers.GRE{Protocol: layers.EthernetTypeTransparentEthernetBridging, KeyPresent: true, Key: q.vni}}
	case hwvtep.GeneveOverIPv4, hwvtep.GeneveOverIPv6:
		udp.DstPort = layers.UDPPort(q.genevePort)
		return []gopacket.SerializableLayer{udp, &layers.Geneve{Protocol: layers.EthernetTypeTransparentEthernetBridging, VNI: q.vni}}
	}
	udp.DstPort = layers.UDPPort(q.vxlanPort)
	return []gopacket.SerializableLayer{udp, &layers.VXLAN{ValidIDFlag: true, VNI: q.vni}}
}
