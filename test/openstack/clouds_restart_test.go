//go:build openstack

package openstack

import (
	"testing"
	"time"

	"landbridge/internal/lab/ping"
)

// service is what can be killed and started again.
type service interface {
	Kill(t testing.TB)
	Start(t testing.TB)
}

// testRestarts kills every program of both clouds that is no dataplane, in turn,
// while packets go through the gateways: these lose none, and who comes
// afterwards is reached as ever.
func testRestarts(t *testing.T, w *clouds) {
	stretched := w.join(t)
	for _, s := range []*site{w.a, w.b} {
		for _, c := range []struct {
			name   string
			victim service
		}{
			{"landbridge-server", s.border.Server},
			{"landbridge-vtepd", s.border.VTEPD},
			{"ovsdb-server", s.border.OVSDB},
			{"neutron-server", s.Neutron},
			{"RabbitMQ", s.RabbitMQ},
			{"agent of c1", s.computes[0].Agent},
			{"agent of c2", s.computes[1].Agent},
		} {
			t.Run(c.name+" in "+s.name, func(t *testing.T) { w.restart(t, s, c.victim, stretched) })
		}
	}
}

const (
	pingEvery = 5 * time.Millisecond
	// awayFor is what compute nodes may lose: their datapath loses single packets
	// when ports come and go, and an agent that begins makes all flows anew. VMs of
	// one cloud notice the same between each other.
	awayFor = time.Second
)

func (w *clouds) restart(t *testing.T, s *site, victim service, stretched map[*site]made) {
	crossings := w.crossings(t)
	inside := pinging(t, s.vms[0], s.vms[1], pingEvery)
	through := []*ping.Pinger{pinging(t, w.a.vms[0], w.b.vms[0], pingEvery), pinging(t, w.b.vms[1], w.a.vms[1], pingEvery)}
	more(t, inside, 100)
	victim.Kill(t)
	more(t, inside, 400)
	victim.Start(t)
	w.well(t, stretched)
	for _, host := range s.computes {
		s.gone(t, w.newcomer(t, s, host, s.blue, s.remote.vms[1]))
	}
	t.Logf("between the VMs of the cloud: %s", inside.Stop())
	for _, p := range through {
		r := p.Stop()
		t.Logf("from cloud to cloud: %s", r)
		if away := time.Duration(r.Lost()) * pingEvery; away >= awayFor || r.Duplicates != 0 {
			t.Errorf("away for %v, or packets doubled", away)
		}
	}
	for _, c := range crossings {
		c.whole(t)
	}
}
