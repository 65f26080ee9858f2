//go:build openstack

package openstack

import (
	"fmt"
	"strings"
	"testing"

	"landbridge/internal/lab/openstack"
)

// testOwnClient: our client finds its way as OpenStack's clients do.
func testOwnClient(t *testing.T, w *world) {
	s := w.serveKeystone(t)
	byVariables := w.Client(w.admin.Environment(), program("landbridge"))
	byVariables.Run(t, "gateway", "create", "border", "--device", "name=border-sw")
	byVariables.Run(t, "connection", "create", "border", "blue")

	s.write(t, "clouds.yaml", cloudsYAML(w.admin))
	byFile := w.Client([]string{"OS_CLIENT_CONFIG_FILE=" + s.file("clouds.yaml"), "OS_CLOUD=landbridge"}, program("landbridge"))
	var all []map[string]any
	byFile.JSON(t, &all, "connection", "list", "--long")
	if len(all) != 1 || all[0]["Network ID"] != w.blue || all[0]["Status"] == "" {
		t.Errorf("listed %v", all)
	}
	byFile.Run(t, "connection", "delete", "border/blue")
	byFile.Run(t, "gateway", "delete", "border")

	for user, part := range map[openstack.User]string{
		w.member: "rule:get_l2_gateway is disallowed by policy (403",
		{Name: "admin", Password: "wrong", Project: "admin"}: "401",
	} {
		if errs := w.Client(user.Environment(), program("landbridge")).Fails(t, "gateway", "list"); !strings.Contains(errs, part) {
			t.Errorf("%s is told %q", user.Name, errs)
		}
	}
}

func cloudsYAML(u openstack.User) string {
	return fmt.Sprintf(`clouds:
  landbridge:
    region_name: %s
    auth: {auth_url: %q, username: %q, password: %q, project_name: %q, user_domain_id: default, project_domain_id: default}
`, openstack.Region, openstack.KeystoneURL, u.Name, u.Password, u.Project)
}
