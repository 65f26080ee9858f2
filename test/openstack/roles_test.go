//go:build openstack

package openstack

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"landbridge/internal/lab/openstack"
	"landbridge/internal/lab/testenv"
)

// testRoles: by default, administrators and services do all, others nothing.
func testRoles(t *testing.T, w *world) {
	w.serveKeystone(t)
	for _, u := range []openstack.User{w.admin, w.service} {
		token := w.Keystone.Token(t, u)
		made := w.gateway(t, token, "of "+u.Name)
		w.expect(t, http.StatusOK, made.id(), token, http.MethodGet, pathOf("l2_gateway"), nil)
		w.expect(t, http.StatusOK, "changed", token, http.MethodPut, pathOf("l2_gateway")+"/"+made.id(), map[string]object{"l2_gateway": {"name": "changed"}})
		w.expect(t, http.StatusNoContent, "", token, http.MethodDelete, pathOf("l2_gateway")+"/"+made.id(), nil)
	}
	gateway := w.gateway(t, w.Keystone.Token(t, w.admin), "not yours")
	member := w.Keystone.Token(t, w.member)
	for method, c := range map[string]struct{ path, action string }{
		http.MethodPost:   {"", "create"},
		http.MethodGet:    {"/" + gateway.id(), "get"},
		http.MethodPut:    {"/" + gateway.id(), "update"},
		http.MethodDelete: {"/" + gateway.id(), "delete"},
	} {
		w.expect(t, http.StatusForbidden, "rule:"+c.action+"_l2_gateway is disallowed by policy", member,
			method, pathOf("l2_gateway")+c.path, map[string]object{"l2_gateway": {"name": "x"}})
	}
	// What is Neutron's, Neutron decides.
	w.expect(t, http.StatusOK, w.blue, member, http.MethodGet, "/v2.0/networks", nil)
	errs := w.Client(w.member.Environment(), "openstack", "l2gw").Fails(t, "list")
	if !strings.Contains(errs, "rule:get_l2_gateway is disallowed by policy") {
		t.Errorf("the client says %q", errs)
	}
}

// testPolicy takes the policy of the documentation: all see gateways, members
// connect networks of their own project, readers look on.
func testPolicy(t *testing.T, w *world) {
	example, err := os.ReadFile("../../docs/examples/policy.yaml")
	must(t, err)
	file := t.TempDir() + "/policy.yaml"
	must(t, os.WriteFile(file, example, 0o600))
	w.serveKeystone(t, "--policy-file", file)
	admin, member := w.Keystone.Token(t, w.admin), w.Keystone.Token(t, w.member)
	reader, stranger := w.Keystone.Token(t, w.reader), w.Keystone.Token(t, w.stranger)
	gateway := w.gateway(t, admin, "for all")
	connections := pathOf("l2_gateway_connection")
	body := object{"l2_gateway_id": gateway.id(), "network_id": w.blue}
	asked := map[string]object{"l2_gateway_connection": body}

	w.expect(t, http.StatusNotFound, w.blue+" could not be found", stranger, http.MethodPost, connections, asked)
	w.expect(t, http.StatusForbidden, "create_l2_gateway_connection", reader, http.MethodPost, connections, asked)
	made := w.create(t, member, "l2_gateway_connection", body)
	if made["project_id"] != w.tenant {
		t.Errorf("made %v", made)
	}
	one := connections + "/" + made.id()
	for _, token := range []string{member, reader, admin} {
		w.expect(t, http.StatusOK, made.id(), token, http.MethodGet, one, nil)
		w.expect(t, http.StatusOK, made.id(), token, http.MethodGet, connections, nil)
	}
	w.expect(t, http.StatusNotFound, "does not exist", stranger, http.MethodGet, one, nil)
	w.expect(t, http.StatusOK, `{"l2_gateway_connections":[]}`, stranger, http.MethodGet, connections, nil)
	w.expect(t, http.StatusNotFound, "does not exist", stranger, http.MethodDelete, one, nil)
	w.expect(t, http.StatusForbidden, "delete_l2_gateway_connection", reader, http.MethodDelete, one, nil)
	w.expect(t, http.StatusBadRequest, "other than the authenticated project", member, http.MethodPost, connections,
		map[string]object{"l2_gateway_connection": {"l2_gateway_id": gateway.id(), "network_id": w.blue, "project_id": w.others}})
	w.expect(t, http.StatusNoContent, "", member, http.MethodDelete, one, nil)

	must(t, os.WriteFile(file, append(example, "\"get_l2_remote_mac\": \"role:reader\"\n"...), 0o600))
	testenv.Eventually(t, 10*time.Second, "the changed policy counts", func() error {
		return w.wants(t, http.StatusOK, reader, pathOf("l2_remote_mac"))
	})
}
