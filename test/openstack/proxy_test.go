//go:build openstack

package openstack

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// testProxy: with the server as the endpoint of the catalogue, one URL serves
// what is Neutron's and what is ours.
func testProxy(t *testing.T, w *world) {
	w.serveKeystone(t)
	admin := w.OpenStack(w.admin.Environment())
	var network struct {
		ID  string `json:"id"`
		VNI int    `json:"provider:segmentation_id"`
	}
	admin.JSON(t, &network, "network", "show", "blue")
	if network.ID != w.blue || network.VNI == 0 {
		t.Errorf("the network is %+v", network)
	}
	var subnet, shown struct{ ID, CIDR string }
	admin.JSON(t, &subnet, "subnet", "create", "range", "--network", "blue", "--subnet-range", "192.0.2.0/24")
	admin.JSON(t, &shown, "subnet", "show", "range")
	if subnet != shown || shown.CIDR != "192.0.2.0/24" {
		t.Errorf("made %+v, shown %+v", subnet, shown)
	}
	var extensions []struct{ Alias string }
	admin.JSON(t, &extensions, "extension", "list", "--network")
	for _, alias := range []string{"l2-gateway", "l2-gateway-connection", "l2-remote-mac", "agent", "quotas"} {
		if !slices.ContainsFunc(extensions, func(e struct{ Alias string }) bool { return e.Alias == alias }) {
			t.Errorf("the extensions lack %s: %v", alias, extensions)
		}
	}
	w.expect(t, http.StatusOK, "", w.Keystone.Token(t, w.admin), http.MethodPut, "/v2.0/quotas/"+w.tenant, map[string]object{"quota": {"network": 77}})
	var quotas []struct {
		Project  string `json:"Project ID"`
		Networks int
	}
	admin.JSON(t, &quotas, "quota", "list", "--network")
	if len(quotas) != 1 || quotas[0].Project != w.tenant || quotas[0].Networks != 77 {
		t.Errorf("the quotas are %+v", quotas)
	}
	w.expect(t, http.StatusOK, `"l2_gateway"`, w.Keystone.Token(t, w.member), http.MethodGet, "/v2.0/quotas/"+w.tenant, nil)
	testConnectionByName(t, w)
}

func testConnectionByName(t *testing.T, w *world) {
	t.Helper()
	l2gw := w.Client(w.admin.Environment(), "openstack", "l2gw")
	var gateway shownGateway
	l2gw.JSON(t, &gateway, "create", "by name", "--device", "name=sw1,interface_names=p1")
	var made, shown shownConnection
	l2gw.JSON(t, &made, "connection", "create", "by name", "blue", "--default-segmentation-id", "77")
	if made.Gateway != gateway.ID || made.Network != w.blue || made.VLAN != "77" || made.Tenant != gateway.Tenant {
		t.Errorf("made %+v", made)
	}
	l2gw.JSON(t, &shown, "connection", "show", made.ID)
	if shown != made {
		t.Errorf("made %+v, shown %+v", made, shown)
	}
	if errs := l2gw.Fails(t, "connection", "create", "by name", "blue", "--default-segmentation-id", "77"); !strings.Contains(errs, "already") {
		t.Errorf("the client says %q", errs)
	}
	l2gw.Run(t, "connection", "delete", made.ID)
	l2gw.Run(t, "delete", "by name")
}
