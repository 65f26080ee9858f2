package datapath

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/lab/testenv"
	"landbridge/internal/vtep/forwarding"
)

// Neighbours are answered for between ports and tunnels, and between ports, but
// not to whom the neighbour himself hears.
func TestSuppressionOverPorts(t *testing.T) {
	overPortsAndEncapsulations(t, func(t *testing.T, m *guardedMetal, p atPort) {
		m.set(t, 9000, 9000, asItIs)
		for what, frames := range p.asks(t) {
			p.sends(frames[0])
			p.gets(what+" for X", frames[1])
		}
		far := m.far
		far.other, far.other4, far.other6 = p.host, p.ip4, p.ip6
		for what, frames := range far.asks(t) {
			m.wanSends(t, frames[0])
			m.far.wants(t, what+" of X", forwarded, m.under.next(), is(frames[1]))
		}
		other, between := m.other(p), p.side
		between.other, between.other4, between.other6 = other.host, other.ip4, other.ip6
		for what, frames := range between.asks(t) {
			p.sends(frames[0])
			p.gets(what+" for the other server", frames[1])
		}
		ask := framed(t, hostB, broadcast, arpOf(func(a *layers.ARP) {
			a.SourceHwAddress, a.SourceProtAddress, a.DstProtAddress = hostB[:], v4(ipB), v4(p.ip4)
		}))
		p.sends(ask)
		other.gets("ARP for one at the same port", ask)
		m.wanGets(t, "ARP for one at the same port", ask)
		if p.vlan != 0 { // else that is a VLAN of the port
			ask := tagged(p.asks(t)["ARP"][0], 0x8100, 42)
			p.sends(ask)
			other.gets("ARP with a tag", ask)
			m.wanGets(t, "ARP with a tag", ask)
		}
	})
}

// other is the port that a server is not at.
func (m *guardedMetal) other(p atPort) atPort {
	for _, o := range m.ports() {
		if o.name != p.name {
			return o
		}
	}
	panic("there are two")
}

// What a filter of the WAN is for passes between ports, and not by the WAN.
func TestFiltersOverPorts(t *testing.T) {
	cases := filterCases(t)
	overPortsAndEncapsulations(t, func(t *testing.T, m *guardedMetal, p atPort) {
		for i, f := range []hwvtep.Filter{hwvtep.FilterDHCP, hwvtep.FilterRA, hwvtep.FilterGateway} {
			m.set(t, 9000, 9000, func(n *forwarding.Network) {
				tunnel := n.Tunnels[by(m.e, m.far.leaving.dst, keyOut)]
				tunnel.Filter = f
				n.Tunnels[by(m.e, m.far.leaving.dst, keyOut)] = tunnel
			})
			reason := map[hwvtep.Filter]Reason{hwvtep.FilterDHCP: FilterDHCP, hwvtep.FilterRA: FilterRA, hwvtep.FilterGateway: FilterGateway}[f]
			for j, name := range slices.Sorted(maps.Keys(cases)) {
				if p.vlan == 0 && strings.HasSuffix(name, ", tagged") {
					continue // that is a VLAN of the port
				}
				test := cases[name]
				src := ethernet.MAC{2, 0, 0, 1, byte(i), byte(j)} // a router from then on, maybe
				what := fmt.Sprintf("%s, filter %s", name, f)
				before := m.d.drops(t, reason)
				inner := test.inner(src, or(test.dst, hostX))
				p.sends(inner)
				back := test.inner(ethernet.MAC{2, 0, 0, 2, byte(i), byte(j)}, or(test.dst, p.host))
				m.wanSends(t, back)
				if test.filter&f == 0 {
					m.wanGets(t, what, inner)
					continue
				}
				testenv.Eventually(t, 10*time.Second, what+" is kept back, twice", func() error {
					if n := m.d.drops(t, reason) - before; n != 2 {
						return fmt.Errorf("counted %d", n)
					}
					return nil
				})
			}
			// Nothing else has left: what does now is the next.
			last := framed(t, p.host, hostX, filled(100))
			p.sends(last)
			m.wanGets(t, "after all", last)
		}
		for _, s := range []*server{m.servers["p1"], m.servers["p2"]} {
			s.received(0)
		}
	})
}

// What just fits the way out passes, and one byte more is answered where it came
// from, with what fits: also where a tag inside takes room.
func TestTooBigIsToldOverPorts(t *testing.T) {
	overPortsAndEncapsulations(t, func(t *testing.T, m *guardedMetal, p atPort) {
		m.set(t, 1400, 9000, asItIs)
		for _, tags := range [][]gopacket.SerializableLayer{nil, {&layers.Dot1Q{VLANIdentifier: 42}}} {
			if p.vlan == 0 && len(tags) > 0 {
				continue // that is a VLAN of the port
			}
			for _, v6 := range []bool{false, true} {
				room := 1400 - overhead(m.e) - 4*len(tags)
				what := fmt.Sprintf("IPv6 %t, %d tags inside", v6, len(tags))
				fits := p.packetOf(t, room, v6, tags...)
				p.sends(fits)
				m.wanGets(t, what, fits)
				more := p.packetOf(t, room+1, v6, tags...)
				p.sends(more)
				got := p.next()
				if len(got) < 60 {
					continue // next has told
				}
				if p.vlan != 0 && !bytes.Equal(got[12:16], []byte{0x81, 0, 0, 100}) {
					t.Errorf("%s: told by %x", what, got[:18])
				} else if p.vlan != 0 {
					got = append(got[:12:12], got[16:]...)
				}
				p.wantsTooBig(t, string(got), more, room)
			}
		}
		m.set(t, 9000, 1300, asItIs)
		for _, v6 := range []bool{false, true} {
			far := m.far
			far.other, far.other4, far.other6 = p.host, p.ip4, p.ip6
			fits, more := far.packetOf(t, 1300, v6), far.packetOf(t, 1301, v6)
			m.wanSends(t, fits)
			p.gets("what fits the port", fits)
			m.wanSends(t, more)
			m.far.wants(t, "what does not fit the port", forwarded, m.under.next(), func(got shaped) string {
				far.wantsTooBig(t, got.frame, more, 1300)
				return got.frame
			})
		}
	})
}

// SYNs offer what fits the smaller of both ways, also behind a tag.
func TestClampOverPorts(t *testing.T) {
	overPortsAndEncapsulations(t, func(t *testing.T, m *guardedMetal, p atPort) {
		if err := m.d.SetClamp(true); err != nil {
			t.Fatal(err)
		}
		m.set(t, 1400, 1500, asItIs)
		far := m.far
		far.other, far.other4, far.other6 = p.host, p.ip4, p.ip6
		for _, tags := range [][]gopacket.SerializableLayer{nil, {&layers.Dot1Q{VLANIdentifier: 42}}} {
			if p.vlan == 0 && len(tags) > 0 {
				continue
			}
			room := 1400 - overhead(m.e) - 4*len(tags)
			p.sends(p.side.synOf(t, 1460, tags...))
			m.wanGets(t, fmt.Sprintf("from the port, %d tags inside", len(tags)), p.side.synOf(t, room-40, tags...))
			m.wanSends(t, far.synOf(t, 1460, tags...))
			p.gets(fmt.Sprintf("from the WAN, %d tags inside", len(tags)), far.synOf(t, room-40, tags...))
		}
	})
}

// synOf offers segments of so many bytes to the other.
func (s side) synOf(t testing.TB, size int, tags ...gopacket.SerializableLayer) []byte {
	t.Helper()
	return framed(t, s.host, s.other, append(tags, addressing4(s.ip4, s.other4, layers.IPProtocolTCP), tcpOf(syn, mss(uint16(size))))...)
}

// Each copy counts, also one to a port.
func TestFloodRateOverPorts(t *testing.T) {
	overPortsAndEncapsulations(t, func(t *testing.T, m *guardedMetal, p atPort) {
		m.set(t, 9000, 9000, atRate(1, 20))
		storm, before := framed(t, hostB, broadcast, filled(100)), m.d.drops(t, FloodRate)
		for range 40 {
			p.sends(storm)
		}
		last := framed(t, p.host, hostX, filled(100))
		p.sends(last)
		passed := 0
		for b := m.under.next(); len(b) > 0; b = m.under.next() {
			got := decodeShaped(t, b).frame
			if got == string(last) {
				break
			}
			passed++
		}
		if n := m.d.drops(t, FloodRate) - before; passed < 10 || passed > 12 || n != uint64(40-passed) {
			t.Errorf("%d of 40 passed, %d counted", passed, n)
		}
		for range passed {
			m.other(p).gets("what passed", storm)
		}
	})
}
