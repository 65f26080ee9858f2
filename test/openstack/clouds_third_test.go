//go:build openstack

package openstack

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"testing"
	"time"

	"landbridge/internal/lab/ping"
	"landbridge/internal/lab/rest"
	"landbridge/internal/vtep"
)

// The keys of the third cloud's links on the WAN.
const (
	keyAC = 458
	keyBC = 459
)

// testThirdCloud joins a cloud that is described in a file: each gateway has a
// tunnel to each other. Whatever is sent arrives once.
func testThirdCloud(t *testing.T, w *clouds) {
	stretched := w.join(t)
	c := newLabCloud(t, w.wan, w.a, w.b)
	vm := c.vm()
	links := map[*site]uint32{w.a: keyAC, w.b: keyBC}
	own := c.connect(t, links)
	for s, key := range links {
		remote := s.make(t, rest.RemoteGateways, rest.Object{"name": "c", "ipaddr": c.border.WAN.Addr().String()})
		m := made{connection: stretched[s].connection}
		m.remoteConnection = s.make(t, rest.RemoteConnections, rest.Object{
			"l2_gateway_id": stretched[s].gateway, "network_id": s.blue.ID, "l2_remote_gateway_id": remote, "segmentation_id": key,
		})
		ctx, cancel := context.WithTimeout(t.Context(), stretchedWithin)
		s.active(ctx, t, m)
		cancel()
	}
	c.active(t, own)
	w.mesh(t, c)
	everybody := append(w.vms(), vm)
	for _, from := range everybody {
		for _, to := range everybody {
			if from != to {
				w.reaches(t, reachedWithin, from, to)
				passes(t, from, to.V4, 0)
			}
		}
	}
	listeners := w.listen(t, everybody...)
	for i, asks := range everybody {
		w.broadcastsStay(t, asks, netip.AddrFrom4([4]byte{192, 168, 50, 220 + byte(i)}), listeners)
	}
	if r, err := ping.Count(t.Context(), vm.Namespace, w.a.vms[0].V4, 200, 5*time.Millisecond); err != nil || r.Lost() != 0 || r.Duplicates != 0 {
		t.Errorf("%s, %v", r, err)
	}
}

// mesh wants each gateway to have a tunnel to each other.
func (w *clouds) mesh(t *testing.T, c *labCloud) {
	t.Helper()
	states := map[netip.Addr]vtep.State{c.border.WAN.Addr(): c.state(t)}
	for _, s := range []*site{w.a, w.b} {
		state, err := s.border.State(t.Context())
		must(t, err)
		states[s.border.WAN] = state
	}
	for at, state := range states {
		want := maps.Clone(states)
		delete(want, at)
		if got := remotes(state); !slices.Equal(got, slices.SortedFunc(maps.Keys(want), netip.Addr.Compare)) {
			t.Errorf("gateway %s has tunnels to %v", at, got)
		}
	}
}

// remotes gives the addresses that a gateway has tunnels to on the WAN, sorted.
func remotes(state vtep.State) (out []netip.Addr) {
	for _, n := range state.Networks {
		for _, u := range n.Tunnels {
			if u.Side == "wan" {
				out = append(out, u.Remote)
			}
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return out
}
