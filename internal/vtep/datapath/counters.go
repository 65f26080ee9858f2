package datapath

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"

	"landbridge/internal/ethernet"
	"landbridge/internal/vtep/forwarding"
)

// Counters count since the directory was made, those of a tunnel since it was.
type Counters struct {
	Tunnels map[TunnelKey]Traffic
	// Drops counts packets by the reason why they were dropped. All Reasons are
	// there.
	Drops map[Reason]uint64
	// NotLearned counts frames whose source found no room in the FDB. They were
	// forwarded all the same; answers to them are flooded.
	NotLearned uint64
	// TooBigTold counts senders that were told of a smaller MTU, Clamped TCP
	// handshakes that were.
	TooBigTold, Clamped uint64
	Networks            map[string]NetworkCounters
}

// NetworkCounters counts what became of the frames of a network since it was
// made, beside what its tunnels count.
type NetworkCounters struct {
	Flooded    uint64            // frames to many, or to nobody known
	Copies     uint64            // of these frames, that were sent
	Moves      uint64            // of learned addresses, from tunnel to tunnel
	Frozen     uint64            // moves that were one too many
	Mismatches uint64            // frames from static or frozen addresses by another tunnel; they are forwarded
	Limited    uint64            // frames whose source was not learned: the network has its share
	Full       uint64            // the same: the FDB has no room
	Answered   uint64            // requests for neighbours that the gateway has answered
	Held       uint64            // frames that were not flooded: the network is flooded enough
	Limit      uint32            // of learned addresses; 0: none
	Neighbours int               // addresses that requests are answered for
	Drops      map[Reason]uint64 // those of which the network is known; reasons without any are not there
}

// TunnelKey names a tunnel.
type TunnelKey struct {
	Network  string
	Endpoint forwarding.Endpoint
}

// Traffic counts frames as they are inside the tunnel: bytes begin with the
// inner Ethernet header. Flooded frames count once for each copy sent.
type Traffic struct {
	RxPackets, RxBytes, TxPackets, TxBytes uint64
}

// Reason is why a packet was dropped.
type Reason string

// The reasons. The first ten are about packets to a tunnel address that
// no tunnel can take; the others about frames that came by a tunnel.
const (
	UnknownSender Reason = "unknown_sender" // the sender has no tunnel in any network
	UnknownVNI    Reason = "unknown_vni"    // it has, but none with this VNI
	WrongLocal    Reason = "wrong_local"    // it has, but to another address of ours
	Truncated     Reason = "truncated"      // shorter than its headers say, or than they are
	IPOptions     Reason = "ip_options"     // the outer header has options
	Fragment      Reason = "fragment"       // the first fragment; the others pass
	BadVXLAN      Reason = "bad_vxlan"      // other flags than "VNI present": not plain VXLAN
	BadGeneve     Reason = "bad_geneve"     // another version, or not Ethernet, or a control packet
	GeneveOptions Reason = "geneve_options" // options are not understood
	BadGRE        Reason = "bad_gre"        // without key, or with a checksum or sequence number
	BadSource     Reason = "bad_source"     // the inner source is zero or a group address
	SplitHorizon  Reason = "split_horizon"  // the destination is on the side it came from
	NoTarget      Reason = "no_target"      // to be flooded, and nobody to flood to
	NoRoute       Reason = "no_route"       // no next hop: no route, or no neighbour for a copy
	UnknownVLAN   Reason = "unknown_vlan"   // a frame of a port whose VLAN is not bound to a network
	LinkLocal     Reason = "link_local"     // STP, LACP or LLDP out of a tunnel: it concerns one link only
	NoPort        Reason = "no_port"        // to a port whose interface does not exist
	FloodLimit    Reason = "flood_limit"    // copies beyond what a kernel before 5.17 can make
	NoSegmenter   Reason = "no_segmenter"   // a super-packet for another encapsulation, and no segmenter: see Config
	NoReshape     Reason = "no_reshape"     // the kernel makes no room for another header: the frame is too short
	FloodRate     Reason = "flood_rate"     // the network is flooded more than it may
	TooBig        Reason = "too_big"        // for the way out; the sender is told, if he may be

	// Kept from crossing a tunnel. A flooded frame counts for each copy.
	FilterDHCP      Reason = "filter_dhcp"
	FilterRA        Reason = "filter_ra"
	FilterGateway   Reason = "filter_gateway"
	FilterMulticast Reason = "filter_multicast"
	FilterUnknown   Reason = "filter_unknown_unicast"
)

// reasons are those of the program's events.
func reasons() map[kernelEvent]Reason {
	return map[kernelEvent]Reason{
		kernelEventEVENT_UNKNOWN_SENDER: UnknownSender,
		kernelEventEVENT_UNKNOWN_VNI:    UnknownVNI,
		kernelEventEVENT_WRONG_LOCAL:    WrongLocal,
		kernelEventEVENT_TRUNCATED:      Truncated,
		kernelEventEVENT_IP_OPTIONS:     IPOptions,
		kernelEventEVENT_FRAGMENT:       Fragment,
		kernelEventEVENT_BAD_VXLAN:      BadVXLAN,
		kernelEventEVENT_BAD_SOURCE:     BadSource,
		kernelEventEVENT_SPLIT_HORIZON:  SplitHorizon,
		kernelEventEVENT_NO_TARGET:      NoTarget,
		kernelEventEVENT_NO_ROUTE:       NoRoute,
		kernelEventEVENT_FLOOD_LIMIT:    FloodLimit,
		kernelEventEVENT_BAD_GENEVE:     BadGeneve,
		kernelEventEVENT_GENEVE_OPTIONS: GeneveOptions,
		kernelEventEVENT_BAD_GRE:        BadGRE,
		kernelEventEVENT_NO_SEGMENTER:   NoSegmenter,
		kernelEventEVENT_NO_RESHAPE:     NoReshape,
		kernelEventEVENT_UNKNOWN_VLAN:   UnknownVLAN,
		kernelEventEVENT_LINK_LOCAL:     LinkLocal,
		kernelEventEVENT_NO_PORT:        NoPort,
		kernelEventEVENT_FLOOD_RATE:     FloodRate,
		kernelEventEVENT_TOO_BIG:        TooBig,

		kernelEventEVENT_FILTER_DHCP:      FilterDHCP,
		kernelEventEVENT_FILTER_RA:        FilterRA,
		kernelEventEVENT_FILTER_GATEWAY:   FilterGateway,
		kernelEventEVENT_FILTER_MULTICAST: FilterMulticast,
		kernelEventEVENT_FILTER_UNKNOWN:   FilterUnknown,
	}
}

// Counters reads them all.
func (d *Datapath) Counters() (Counters, error) {
	out, err := d.Totals()
	if err != nil {
		return Counters{}, err
	}
	out.Tunnels = map[TunnelKey]Traffic{}
	err = d.VisitTunnels(func(network string, e forwarding.Endpoint, _ forwarding.Tunnel, t Traffic) {
		out.Tunnels[TunnelKey{network, e}] = t
	})
	return out, err
}

// VisitTunnels shows all tunnels of all networks and what they have counted, in no
// order, without a copy of them: there may be very many. The visitor must not call
// the datapath.
func (d *Datapath) VisitTunnels(visit func(network string, e forwarding.Endpoint, t forwarding.Tunnel, counted Traffic)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return sweepPerCPU(d.kernel.Traffic, d.cpus, func(id uint32, perCPU []kernelTraffic) {
		if t := d.tunnelAt(id); t != nil {
			visit(t.network.name, t.endpoint, t.model(), sumTraffic(perCPU))
		}
	})
}

// Totals reads all counters but those of tunnels.
func (d *Datapath) Totals() (out Counters, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	out = Counters{Drops: map[Reason]uint64{}, Networks: make(map[string]NetworkCounters, len(d.networks))}
	for event, reason := range reasons() {
		n, err := d.events(event)
		if err != nil {
			return Counters{}, err
		}
		out.Drops[reason] = n
	}
	for name, n := range d.networks {
		if out.Networks[name], err = d.networkCounters(n); err != nil {
			return Counters{}, err
		}
	}
	for event, into := range map[kernelEvent]*uint64{
		kernelEventEVENT_FDB_FULL:     &out.NotLearned,
		kernelEventEVENT_TOO_BIG_TOLD: &out.TooBigTold,
		kernelEventEVENT_CLAMPED:      &out.Clamped,
	} {
		if *into, err = d.events(event); err != nil {
			return Counters{}, err
		}
	}
	return out, nil
}

// PortTraffic reads the counters of the VLANs of ports alone, however many tunnels
// there are.
func (d *Datapath) PortTraffic() (map[forwarding.Endpoint]Traffic, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := map[forwarding.Endpoint]Traffic{}
	perCPU := make([]kernelTraffic, d.cpus)
	for _, p := range d.ports {
		for e, t := range p.vlans {
			if err := d.kernel.Traffic.Lookup(t.id, perCPU); err != nil {
				return nil, fmt.Errorf("read the counters of %s: %w", t, err)
			}
			out[e] = sumTraffic(perCPU)
		}
	}
	return out, nil
}

func sumTraffic(perCPU []kernelTraffic) (sum Traffic) {
	for _, t := range perCPU {
		sum.RxPackets += t.RxPackets
		sum.RxBytes += t.RxBytes
		sum.TxPackets += t.TxPackets
		sum.TxBytes += t.TxBytes
	}
	return sum
}

func (d *Datapath) networkCounters(n *network) (NetworkCounters, error) {
	perCPU := make([]kernelNetworkCounters, d.cpus)
	// A network whose counters found no room is tried again, and has none yet.
	if err := d.kernel.Counters.Lookup(n.id, perCPU); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
		return NetworkCounters{}, fmt.Errorf("read the counters of %s: %w", n.name, err)
	}
	sum := NetworkCounters{Limit: n.macLimit.Or(d.cfg.MACLimit)}
	for _, k := range n.neighbours {
		if !ethernet.MAC(k.Mac).IsZero() {
			sum.Neighbours++
		}
	}
	var drops [len(kernelNetworkCounters{}.Drops)]uint64
	for _, c := range perCPU {
		sum.Flooded += c.Flooded
		sum.Copies += c.Copies
		sum.Moves += c.Moves
		sum.Frozen += c.Frozen
		sum.Mismatches += c.Mismatches
		sum.Limited += c.Limited
		sum.Full += c.Full
		sum.Answered += c.Answered
		sum.Held += c.Held
		for event, n := range c.Drops {
			drops[event] += n
		}
	}
	sum.Drops = map[Reason]uint64{}
	for event, reason := range reasons() {
		if drops[event] > 0 {
			sum.Drops[reason] = drops[event]
		}
	}
	return sum, nil
}

func (d *Datapath) events(event kernelEvent) (sum uint64, err error) {
	perCPU := make([]uint64, d.cpus)
	if err := d.kernel.Events.Lookup(event, perCPU); err != nil {
		return 0, fmt.Errorf("read the counter of event %d: %w", event, err)
	}
	for _, n := range perCPU {
		sum += n
	}
	return sum, nil
}
