//go:build openstack

package openstack

import (
	"context"
	"fmt"
	"testing"
	"time"

	"landbridge/internal/lab/openstack"
	"landbridge/internal/lab/ping"
	"landbridge/internal/lab/testenv"
)

// behind gives the tunnel address that the site's switch has a MAC behind; ""
// where it does not know it.
func (s *site) behind(t *testing.T, mac fmt.Stringer) string {
	t.Helper()
	tables := s.border.OVSDB.Tables(t)
	for _, row := range tables["Ucast_Macs_Remote"] {
		if row["MAC"] == mac.String() {
			addr, _ := tables["Physical_Locator"][testenv.UUID(row["locator"])]["dst_ip"].(string)
			return addr
		}
	}
	return ""
}

// placed waits until the site's switch has a VM behind its host, and gives how
// long it took.
func (s *site) placed(t *testing.T, within time.Duration, vm *openstack.VM) time.Duration {
	t.Helper()
	began := time.Now()
	testenv.Eventually(t, within, vm.Name+" is in the switch", func() error {
		if at := s.behind(t, vm.MAC); at != vm.Host.Tunnel.String() {
			return fmt.Errorf("it is behind %q", at)
		}
		return nil
	})
	return time.Since(began)
}

// newcomer boots a VM, which the other cloud has to reach soon after its port is
// ACTIVE.
func (w *clouds) newcomer(t *testing.T, s *site, host *openstack.Compute, n *openstack.Network, from *openstack.VM) *openstack.VM {
	t.Helper()
	vm := s.Boot(t, "new-"+s.name+host.Name, host, n)
	must(t, from.Namespace.ForgetNeighbours(openstack.VMLink)) // a former VM may have had the address
	reached := w.reaches(t, reachedWithin, from, vm)
	placed := s.placed(t, reachedWithin-reached, vm)
	t.Logf("ACTIVE; %v later another cloud reached it, and within %v it was in the switch",
		reached.Round(time.Millisecond), (reached + placed).Round(time.Millisecond))
	return vm
}

// gone deletes a VM, of which the switch has to know soon.
func (s *site) gone(t *testing.T, vm *openstack.VM) {
	t.Helper()
	vm.Delete(t)
	deleted := time.Now()
	testenv.Eventually(t, reachedWithin, vm.Name+" is gone from the switch", func() error {
		if at := s.behind(t, vm.MAC); at != "" {
			return fmt.Errorf("it is behind %s", at)
		}
		return nil
	})
	t.Logf("gone from the switch %v after it was deleted", time.Since(deleted).Round(time.Millisecond))
}

// pinging pings from one VM to another until somebody stops it.
func pinging(t *testing.T, from, to *openstack.VM, interval time.Duration) *ping.Pinger {
	t.Helper()
	p, err := ping.Start(from.Namespace, to.V4, interval)
	must(t, err)
	t.Cleanup(p.Abandon)
	return p
}

// more waits until n more requests were sent.
func more(t *testing.T, p *ping.Pinger, n int) {
	t.Helper()
	want := p.Now().Sent + n
	testenv.Eventually(t, time.Minute, "more pings", func() error {
		if sent := p.Now().Sent; sent < want {
			return fmt.Errorf("%d of %d", sent, want)
		}
		return nil
	})
}

// well waits until all that is stretched is ACTIVE, and each VM reaches each of
// the other cloud, and has to ask where it is.
func (w *clouds) well(t *testing.T, stretched map[*site]made) {
	t.Helper()
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), backWithin)
	defer cancel()
	for s, m := range stretched {
		s.active(ctx, t, m)
	}
	active := time.Since(began)
	for _, a := range w.a.vms {
		for _, b := range w.b.vms {
			for _, pair := range [][2]*openstack.VM{{a, b}, {b, a}} {
				must(t, pair[0].Namespace.ForgetNeighbours(openstack.VMLink))
				w.reaches(t, backWithin-time.Since(began), pair[0], pair[1])
			}
		}
	}
	t.Logf("all is ACTIVE after %v, and everybody has reached everybody after %v",
		active.Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
}
