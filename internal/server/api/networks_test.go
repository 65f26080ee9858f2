package api_test

import (
	"strings"
	"testing"

	"landbridge/internal/server/api"
	"landbridge/internal/server/neutronapi"
)

func TestNetworksAreShownWhereNoNeutronDoes(t *testing.T) {
	c := newClient(t)
	for path, want := range map[string]string{
		"networks?fields=id&provider:segmentation_id=456": `{"networks":[{"id":"` + netB + `"}]}`,
		"networks/" + netA:   `{"network":{"id":"` + netA + `","name":"","project_id":"","tenant_id":"","mtu":0,"provider:network_type":"vxlan","provider:segmentation_id":123}}`,
		"networks/" + netTwo: `"provider:network_type":null,"provider:segmentation_id":null`,
		"networks?limit=1&fields=id&sort_key=id&sort_dir=desc": `{"networks":[{"id":"` + netTwo + `"}],"networks_links":[{"rel":"next"`,
		"networks?name=x": `{"networks":[]}`,
	} {
		if status, text := c.ask("GET", path, ""); status != 200 || !strings.Contains(text, want) {
			t.Errorf("%s: %d %s, want %s", path, status, text, want)
		}
	}
	if status, text := c.ask("GET", "networks/"+nobody, ""); status != 404 || !strings.Contains(text, "NetworkNotFound") {
		t.Errorf("%d %s", status, text)
	}
	if status, _ := c.ask("POST", "networks", `{"network":{}}`); status != 405 {
		t.Errorf("%d", status)
	}
	c.h = api.New(c.cloud, api.Options{Guard: neutronapi.Open{Project: "demo"}})
	if status, _ := c.ask("GET", "networks", ""); status != 404 {
		t.Errorf("networks beside a Neutron's: %d", status)
	}
}
