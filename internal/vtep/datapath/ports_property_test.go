package datapath

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"landbridge/internal/ethernet"
	"landbridge/internal/vtep/forwarding"
)

// Whatever tunnels and VLANs of ports there are, on the wire a broadcast leaves once
// by each that it may leave by: no copy by the group it came by, but to other ports,
// and none in another network.
func TestFloodsGoWhereTheyMay(t *testing.T) {
	m := newMetal(t)
	m.hop.MTU = 9000
	frame := etherFrame(ethernet.MAC{2, 0, 0, 0, 0, 9}, broadcast, 0x88b5, strings.Repeat("x", 60))
	for seed := range 20 {
		models := rapid.Custom(drawModels).Example(seed)
		var list []*forwarding.Network
		for _, n := range models {
			list = append(list, &n)
		}
		m.program(list...)
		for _, n := range models {
			for e, from := range n.Tunnels {
				targets := floodTargets(n, e)
				var want []string
				for _, to := range targets {
					want = append(want, to.String())
				}
				if e.IsPort() {
					m.traceNames(e, frame, want)
				}
				m.sendBy(e, from, frame)
				if got := m.copies(n, targets, frame); !slices.Equal(slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(got))) {
					t.Errorf("seed %d: a frame from %s of %s has left by %q, want %q", seed, e, n.Name, got, want)
				}
			}
		}
	}
	for _, s := range []*server{m.under, m.servers["p1"], m.servers["p2"]} {
		if got := s.received(0); len(got) > 0 {
			t.Errorf("%d more have left: %x", len(got), got[0])
		}
	}
}

// sendBy puts a frame where it arrives by a tunnel, or a VLAN of a port.
func (m *metal) sendBy(e forwarding.Endpoint, t forwarding.Tunnel, frame []byte) {
	m.t.Helper()
	if e.IsPort() {
		m.servers[e.Port()].send(onVLAN(e, frame))
		return
	}
	b := shaped{
		encapsulation: e.Encapsulation(), src: e.Remote().String(), dst: t.Local.String(), key: e.VNI, ttl: 9, checksum: true,
		srcPort: 50000, frame: string(frame),
	}.build(m.t)
	copy(b, m.gateway[:])
	m.under.send(b)
}

// traceNames wants a trace to tell of the copies that then leave.
func (m *metal) traceNames(e forwarding.Endpoint, frame []byte, want []string) {
	m.t.Helper()
	got, err := m.d.TracePort(frame, e.Port(), uint16(e.VNI))
	if err != nil {
		m.t.Fatal(err)
	}
	if strings.Contains(got.text(), "cut to wire size") {
		return
	}
	for _, to := range want {
		if !strings.Contains(got.text(), "leaves by tunnel") || !strings.Contains(got.text(), ", "+to+", side ") {
			m.t.Errorf("a trace from %s says nothing of %s:\n%s", e, to, got.text())
		}
	}
	if n := strings.Count(got.text(), "leaves by"); n != len(want) {
		m.t.Errorf("a trace from %s tells of %d copies, not %d:\n%s", e, n, len(want), got.text())
	}
}

func onVLAN(e forwarding.Endpoint, frame []byte) []byte {
	if e.VNI == 0 {
		return frame
	}
	return tagged(frame, 0x8100, uint16(e.VNI))
}

// copies gives by what the next frames have left, as many as there are targets.
func (m *metal) copies(n forwarding.Network, targets []forwarding.Endpoint, frame []byte) (got []string) {
	m.t.Helper()
	for _, to := range targets {
		if !to.IsPort() {
			got = append(got, m.leftTunnel(n, m.under.next(), string(frame)))
			continue
		}
		b, left := m.servers[to.Port()].next(), fmt.Sprintf("no VLAN of %s", to.Port())
		for _, vlan := range []uint16{0, 100} {
			if e := forwarding.OnPort(to.Port(), vlan); string(b) == string(onVLAN(e, frame)) {
				left = e.String()
			}
		}
		got = append(got, left)
	}
	return got
}

func (m *metal) leftTunnel(n forwarding.Network, b []byte, frame string) string {
	m.t.Helper()
	if len(b) == 0 {
		return "none"
	}
	p := decodeShaped(m.t, b)
	e := by(p.encapsulation, p.dst, p.key)
	if p.src != n.Tunnels[e].Local.String() || p.frame != frame {
		return fmt.Sprintf("%s, changed: %+v", e, p)
	}
	return e.String()
}
