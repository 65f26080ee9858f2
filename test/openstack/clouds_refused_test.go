//go:build openstack

package openstack

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"landbridge/internal/lab/openstack"
	"landbridge/internal/lab/rest"
)

// testRefused: what has no tunnels inside its cloud cannot be stretched, and
// whoever asks for it is told so.
func testRefused(t *testing.T, w *clouds) {
	for _, s := range []*site{w.a, w.b} {
		gateway := s.make(t, rest.Gateways, rest.Object{"name": "other", "devices": []rest.Object{{"device_name": openstack.GatewayName}}})
		for _, kind := range []string{"vlan", "flat"} {
			n := s.CreateProviderNetwork(t, kind, kind)
			_, err := s.border.API.Create(t.Context(), rest.Connections, rest.Object{"l2_gateway_id": gateway, "network_id": n.ID})
			refusal, ok := errors.AsType[*rest.Error](err)
			if !ok || refusal.Status != http.StatusConflict || !strings.Contains(refusal.Message, kind) || !strings.Contains(refusal.Message, n.ID) {
				t.Errorf("%s: %v", kind, err)
			}
			s.DeleteNetwork(t, n)
		}
	}
}
