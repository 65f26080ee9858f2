//go:build openstack

package openstack

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"landbridge/internal/lab/rest"
	"landbridge/internal/lab/testenv"
)

// traces are all that a gateway may leave in a cloud.
type traces struct {
	Ports, Agents []string            // in Neutron
	Flows         map[string][]string // of the compute nodes
	Switch        map[string][]string // of the gateway
}

func (s *site) traces(t *testing.T) traces {
	t.Helper()
	out := traces{Agents: s.Agents(t), Flows: map[string][]string{}, Switch: s.border.OVSDB.Contents(t)}
	for _, p := range s.Ports(t) {
		out.Ports = append(out.Ports, fmt.Sprintf("%+v", p))
	}
	slices.Sort(out.Ports)
	for _, host := range s.computes {
		out.Flows[host.Name] = host.Flows(t)
	}
	return out
}

// asBefore waits until a cloud is as it was.
func (s *site) asBefore(t *testing.T) {
	t.Helper()
	testenv.Eventually(t, backWithin, "cloud "+s.name+" is as before", func() error {
		if d := cmp.Diff(s.before, s.traces(t)); d != "" {
			return fmt.Errorf("(-before +now)\n%s", d)
		}
		return nil
	})
}

// testNothingLeft: when all is deleted, Neutron, the compute nodes and the
// switch are as they were before anything was stretched.
func testNothingLeft(t *testing.T, w *clouds) {
	t.Run("stretched", func(t *testing.T) {
		m := w.join(t)[w.a]
		w.a.make(t, rest.RemoteMACs, rest.Object{"mac": w.b.vms[0].MAC.String(), "ipaddr": w.b.vms[0].V4.String(), "rgw_connection": m.remoteConnection})
		for _, s := range []*site{w.a, w.b} {
			if cmp.Equal(s.before, s.traces(t)) {
				t.Error("there is nothing to see of what is stretched")
			}
			s.gone(t, w.newcomer(t, s, s.computes[0], s.blue, s.remote.vms[0]))
		}
	})
	for _, s := range []*site{w.a, w.b} {
		s.asBefore(t)
	}
}

// testCrash: a server that has lost all that it knew removes what it had made.
func testCrash(t *testing.T, w *clouds) {
	for _, s := range []*site{w.a, w.b} {
		m := s.ask(t, s.blue, blueKey, s.borders(t, s.leave), s.leave)
		ctx, cancel := context.WithTimeout(t.Context(), stretchedWithin)
		s.active(ctx, t, m)
		cancel()
		s.border.Server.Kill(t)
		s.border.Forget(t)
		s.border.Server.Start(t)
		s.asBefore(t)
	}
}
