package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"landbridge/internal/l2gw"
)

// limits is a quota as the API shows it, with some limits that there are.
func limits(some l2gw.Quota) string {
	var all []string
	for _, k := range l2gw.Kinds() {
		all = append(all, fmt.Sprintf("%q:%d", k, some.Limit(k)))
	}
	return "{" + strings.Join(all, ",") + "}"
}

func (c client) expect(method, path, body string, status int, want string) {
	c.Helper()
	if got, text := c.ask(method, path, body); got != status || text != want {
		c.Errorf("%s %s %s gave %d %s, wanted %d %s", method, path, body, got, text, status, want)
	}
}

func TestQuotas(t *testing.T) {
	c := newClient(t)
	c.cloud.Limit(l2gw.Quota{l2gw.KindRemoteMAC: 1000})
	quota := func(some l2gw.Quota) string {
		all := l2gw.Quota{l2gw.KindRemoteMAC: 1000}.With(some)
		return `{"quota":` + limits(all) + `}`
	}
	c.expect("GET", "quotas", "", 200, `{"quotas":[]}`)
	c.expect("GET", "quotas/p", "", 200, quota(nil))
	c.expect("PUT", "quotas/p", `{"quota":{"l2_gateway":2,"l2_remote_mac":"-1"}}`, 200, quota(l2gw.Quota{l2gw.KindGateway: 2, l2gw.KindRemoteMAC: -1}))
	c.expect("PUT", "quotas/p", `{"quota":{"l2_gateway":3}}`, 200, quota(l2gw.Quota{l2gw.KindGateway: 3, l2gw.KindRemoteMAC: -1}))
	c.expect("GET", "quotas", "", 200, `{"quotas":[`+strings.TrimSuffix(limits(l2gw.Quota{l2gw.KindGateway: 3}), "}")+`,"project_id":"p","tenant_id":"p"}]}`)
	c.expect("GET", "quotas/p/default", "", 200, quota(nil))
	c.expect("DELETE", "quotas/p", "", 204, "")
	c.expect("GET", "quotas/p", "", 200, quota(nil))
	c.expect("DELETE", "quotas/p", "", 404, `{"NeutronError":{"type":"TenantQuotaNotFound","message":"Quota for tenant p could not be found.","detail":""}}`)
	c.expect("GET", "quotas/tenant", "", 200, `{"tenant":{"tenant_id":"demo"}}`)
	for _, body := range []string{`{"quota":{"network":1}}`, `{"quota":{"l2_gateway":-2}}`, `{"quota":{"l2_gateway":null}}`, `{"l2_gateway":1}`, ``} {
		if status, text := c.ask("PUT", "quotas/p", body); status != 400 {
			t.Errorf("%s gave %d %s", body, status, text)
		}
	}
}

// TestOverQuota makes one more of each kind than may be.
func TestOverQuota(t *testing.T) {
	for _, c := range []struct {
		kind       l2gw.Kind
		path, body string
		wrong      string // instead of body
		status     int    // of it: what is wrong otherwise is told first
	}{
		{l2gw.KindGateway, "l2-gateways", `{"l2_gateway":{"devices":[{"device_name":"sw"}]}}`, `{"l2_gateway":{"devices":[]}}`, 400},
		{
			l2gw.KindConnection, "l2-gateway-connections", `{"l2_gateway_connection":{"l2_gateway_id":"$gw","network_id":"$netB"}}`,
			`{"l2_gateway_connection":{"l2_gateway_id":"$nobody","network_id":"$netB"}}`, 404,
		},
		{l2gw.KindRemoteGateway, "l2-remote-gateways", `{"l2_remote_gateway":{"ipaddr":"192.0.2.7"}}`, `{"l2_remote_gateway":{"ipaddr":"192.0.2.1"}}`, 409},
		{
			l2gw.KindRemoteConnection, "l2-remote-gateway-connections",
			`{"l2_remote_gateway_connection":{"l2_gateway_id":"$untagged","network_id":"$netA","l2_remote_gateway_id":"$rgw"}}`,
			`{"l2_remote_gateway_connection":{"l2_gateway_id":"$gw","network_id":"$netA","l2_remote_gateway_id":"$rgw"}}`, 409,
		},
		{
			l2gw.KindRemoteMAC, "l2-remote-macs", `{"l2_remote_macs":[{"mac":"02:00:00:00:00:07","rgw_connection":"$rconn"}]}`,
			`{"l2_remote_mac":{"mac":"02:00:00:00:00:01","rgw_connection":"$rconn"}}`, 409,
		},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			client := newClient(t)
			names := []string{"$netA", netA, "$netB", netB, "$nobody", nobody}
			for name, id := range withRemoteConnection(client) {
				names = append(names, "$"+name, id)
			}
			fill := strings.NewReplacer(names...).Replace
			client.ask("PUT", "quotas/demo", fmt.Sprintf(`{"quota":{%q:1}}`, c.kind))
			want := fmt.Sprintf(`{"NeutronError":{"type":"OverQuota","message":"Quota exceeded for resources: ['%s'].","detail":""}}`, c.kind)
			client.expect("POST", c.path, fill(c.body), http.StatusConflict, want)
			if status, text := client.ask("POST", c.path, fill(c.wrong)); status != c.status || strings.Contains(text, "OverQuota") {
				t.Errorf("%s gave %d %s, wanted %d", c.wrong, status, text, c.status)
			}
			client.ask("PUT", "quotas/demo", fmt.Sprintf(`{"quota":{%q:9}}`, c.kind))
			if status, text := client.ask("POST", c.path, fill(c.body)); status != http.StatusCreated {
				t.Errorf("with a higher limit: %d %s", status, text)
			}
		})
	}
}

// TestTheDocumentHasQuotas: what can be limited is in the document.
func TestTheDocumentHasQuotas(t *testing.T) {
	c, err := served()
	if err != nil {
		t.Fatal(err)
	}
	for _, schema := range []string{"quota", "quota_update", "quota_details", "quota_of_project"} {
		for _, k := range l2gw.Kinds() {
			if c.Components.Schemas[schema].Value.Properties[string(k)] == nil {
				t.Errorf("%s lacks %s", schema, k)
			}
		}
	}
	for path, methods := range map[string]int{"": 1, "/project": 1, "/tenant": 1, "/{id}": 3, "/{id}/default": 1, "/{id}/details": 1} {
		if item := c.Paths.Value("/v2.0/quotas" + path); item == nil || len(item.Operations()) != methods {
			t.Errorf("%s: %v", path, item)
		}
	}
}
