//go:build openstack

package openstack

import (
	"context"
	"testing"
	"time"

	"landbridge/internal/lab/openstack"
	"landbridge/internal/lab/rest"
)

// made has the ids of what stretches a network.
type made struct{ gateway, connection, remoteGateway, remoteConnection string }

// stretch stretches a network to the other cloud's gateway, by a gateway and a
// remote gateway that there are, and waits until all of it is ACTIVE. It goes
// with the test.
func (s *site) stretch(t *testing.T, n *openstack.Network, key uint32, through made) made {
	t.Helper()
	m := s.ask(t, n, key, through, s.make)
	ctx, cancel := context.WithTimeout(t.Context(), stretchedWithin)
	defer cancel()
	s.active(ctx, t, m)
	return m
}

// create makes an object of Landbridge and gives its id.
type create func(*testing.T, rest.Kind, rest.Object) string

// borders makes the gateway and the remote gateway.
func (s *site) borders(t *testing.T, create create) made {
	t.Helper()
	return made{
		gateway:       create(t, rest.Gateways, rest.Object{"name": "border", "devices": []rest.Object{{"device_name": openstack.GatewayName}}}),
		remoteGateway: create(t, rest.RemoteGateways, rest.Object{"name": s.remote.name, "ipaddr": s.remote.border.WAN.String()}),
	}
}

// ask asks for a network to be stretched.
func (s *site) ask(t *testing.T, n *openstack.Network, key uint32, through made, create create) made {
	t.Helper()
	m := through
	m.connection = create(t, rest.Connections, rest.Object{"l2_gateway_id": m.gateway, "network_id": n.ID})
	m.remoteConnection = create(t, rest.RemoteConnections, rest.Object{
		"l2_gateway_id": m.gateway, "network_id": n.ID, "l2_remote_gateway_id": m.remoteGateway, "segmentation_id": key,
	})
	return m
}

// make makes an object of Landbridge that goes with the test.
func (s *site) make(t *testing.T, k rest.Kind, attributes rest.Object) string {
	t.Helper()
	id := s.leave(t, k, attributes)
	t.Cleanup(func() { must(t, s.border.API.Delete(context.WithoutCancel(t.Context()), k, id)) })
	return id
}

// leave makes an object of Landbridge that nobody deletes.
func (s *site) leave(t *testing.T, k rest.Kind, attributes rest.Object) string {
	t.Helper()
	o, err := s.border.API.Create(t.Context(), k, attributes)
	must(t, err)
	return o.ID()
}

// active waits until both connections are ACTIVE.
func (s *site) active(ctx context.Context, t *testing.T, m made) {
	t.Helper()
	for kind, id := range map[rest.Kind]string{rest.Connections: m.connection, rest.RemoteConnections: m.remoteConnection} {
		_, err := s.border.API.AwaitStatus(ctx, kind, id, "ACTIVE")
		must(t, err)
	}
}

// join stretches blue on both sides.
func (w *clouds) join(t *testing.T) map[*site]made {
	t.Helper()
	began := time.Now()
	stretched := map[*site]made{}
	for _, s := range []*site{w.a, w.b} {
		stretched[s] = s.stretch(t, s.blue, blueKey, s.borders(t, s.make))
		t.Logf("cloud %s is stretched after %v", s.name, time.Since(began).Round(time.Millisecond))
	}
	for _, vm := range w.vms() {
		must(t, vm.Namespace.ForgetNeighbours(openstack.VMLink))
	}
	w.reaches(t, reachedWithin, w.a.vms[0], w.b.vms[0])
	return stretched
}
