//go:build openstack

package openstack

import (
	"testing"
	"time"

	"landbridge/internal/lab/openstack"
)

// testNewcomers: who is booted later is reached at once, on compute nodes that
// have the network and on those that have not; who is deleted is forgotten.
func testNewcomers(t *testing.T, w *clouds) {
	w.join(t)
	for _, s := range []*site{w.a, w.b} {
		for _, host := range s.computes {
			s.gone(t, w.newcomer(t, s, host, s.blue, s.remote.vms[0]))
		}
	}
}

// testMoves: a VM that moves to another compute node stays reachable.
func testMoves(t *testing.T, w *clouds) {
	w.join(t)
	for _, s := range []*site{w.a, w.b} {
		for _, pair := range [][2]*openstack.Compute{{s.computes[0], s.computes[1]}, {s.computes[1], s.computes[0]}} {
			w.moves(t, s, pair[0], pair[1])
		}
	}
}

func (w *clouds) moves(t *testing.T, s *site, from, to *openstack.Compute) {
	t.Helper()
	const interval, most = 10 * time.Millisecond, 2 * time.Second
	vm := w.newcomer(t, s, from, s.blue, s.remote.vms[0])
	p := pinging(t, s.remote.vms[0], vm, interval)
	more(t, p, 20)
	vm.Move(t, to)
	vm.AwaitActive(t)
	placed := s.placed(t, reachedWithin, vm)
	more(t, p, 100)
	r := p.Stop()
	t.Logf("from %s to %s in cloud %s: %s; in the switch %v after it was ACTIVE", from.Name, to.Name, s.name, r, placed.Round(time.Millisecond))
	if lost := time.Duration(r.Lost()) * interval; lost >= most || r.Duplicates != 0 {
		t.Errorf("it was away for %v", lost)
	}
	s.gone(t, vm)
}
