package api_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"landbridge/internal/server/api"
	"landbridge/internal/server/neutronapi"
)

func TestIfMatch(t *testing.T) {
	c := newClient(t)
	w := withGateways(c)
	path := "l2-gateways/" + w["gw"]
	for _, step := range []struct {
		method, body, match string
		status              int
		part                string
	}{
		{"PUT", `{"l2_gateway":{"name":"a"}}`, "revision_number=0", 200, `"revision_number":1`},
		{"PUT", `{"l2_gateway":{"name":"b"}}`, "revision_number=0", 412, `{"NeutronError":{"type":"RevisionNumberConstraintFailed","message":"Constrained to 0, but current revision is 1","detail":""}}`},
		{"PUT", `{"l2_gateway":{"name":"b"}}`, "etag", 400, `If-Match`},
		{"DELETE", "", "revision_number=0", 412, `RevisionNumberConstraintFailed`},
		{"DELETE", "", "revision_number=1", 204, ``},
		{"DELETE", "", "revision_number=1", 404, `L2GatewayNotFound`},
	} {
		status, text := c.ask(step.method, path, step.body, "If-Match", step.match)
		if status != step.status || !strings.Contains(text, step.part) {
			t.Errorf("%s with %s gave %d %s, wanted %d with %s", step.method, step.match, status, text, step.status, step.part)
		}
	}
}

// TestEveryAttributeFiltersAndSorts asks for what is shown of an object by each
// of its attributes, and finds the object.
func TestEveryAttributeFiltersAndSorts(t *testing.T) {
	c := newClient(t)
	withRemoteConnection(c)
	for _, path := range collections {
		plural := strings.ReplaceAll(path, "-", "_")
		for name, value := range c.first(path, plural) {
			text := fmt.Sprint(value)
			list, composite := value.([]any)
			switch {
			case composite && len(list) == 0:
				text = ""
			case composite:
				text = fmt.Sprint(list[0].(map[string]any)["device_name"])
			}
			status, body := c.ask("GET", path+"?"+url.Values{name: {text}}.Encode(), "")
			if status != 200 || strings.HasPrefix(body, `{"`+plural+`":[]`) {
				t.Errorf("%s with %s=%s gave %d %s", path, name, text, status, body)
			}
			for _, dir := range []string{"asc", "desc"} {
				status, body := c.ask("GET", path+"?sort_key="+name+"&sort_dir="+dir, "")
				if (status == 200) != !composite {
					t.Errorf("%s sorted by %s gave %d %s", path, name, status, body)
				}
			}
		}
	}
}

// first is the first object of a list.
func (c client) first(path, plural string) map[string]any {
	c.Helper()
	_, text := c.ask("GET", path, "")
	var body map[string][]map[string]any
	decode(c.T, text, &body)
	if len(body[plural]) == 0 {
		c.Fatalf("GET %s gave %s", path, text)
	}
	return body[plural][0]
}

// TestBulkHasALimitOfItsOwn: of MACs there may be many, of others not, nor one
// that is large.
func TestBulkHasALimitOfItsOwn(t *testing.T) {
	c := newClient(t)
	w := withRemoteConnection(c)
	c.contract = nil // large bodies are slow to check
	c.h = api.New(c.cloud, api.Options{Guard: neutronapi.Open{Project: "demo"}, MaxBody: 2000, MaxBulk: 20_000})
	macs := func(n int) string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf(`{"mac":"02:00:00:00:%02x:%02x","rgw_connection":%q}`, 1+i>>8, i&255, w["rconn"]))
		}
		return `{"l2_remote_macs":[` + strings.Join(list, ",") + `]}`
	}
	for name, step := range map[string]struct {
		path, body string
		status     int
	}{
		"many MACs":         {"l2-remote-macs", macs(100), 201},
		"too many MACs":     {"l2-remote-macs", macs(500), 413},
		"one MAC, large":    {"l2-remote-macs", `{"l2_remote_mac":{"mac":"` + strings.Repeat("x", 3000) + `"}}`, 413},
		"gateways, large":   {"l2-gateways", `{"l2_gateways":[{"name":"` + strings.Repeat("x", 3000) + `"}]}`, 413},
		"remote, too large": {"l2-remote-gateways", `{"l2_remote_gateways":[` + strings.Repeat(" ", 3000) + `]}`, 413},
	} {
		if status, text := c.ask("POST", step.path, step.body); status != step.status {
			t.Errorf("%s gave %d %.200s, wanted %d", name, status, text, step.status)
		}
	}
}
