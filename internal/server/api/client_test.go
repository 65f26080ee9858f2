package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"landbridge/internal/l2gw"
	"landbridge/internal/server/api"
	"landbridge/internal/server/api/apitest"
	"landbridge/internal/server/neutronapi"
)

// The networks of the cloud that the tests work in.
const (
	netA    = "aaaaaaaa-0000-4000-8000-000000000001" // VXLAN 123
	netB    = "aaaaaaaa-0000-4000-8000-000000000002" // VXLAN 456
	netVLAN = "aaaaaaaa-0000-4000-8000-000000000003"
	netTwo  = "aaaaaaaa-0000-4000-8000-000000000004" // two segments
	nobody  = "ffffffff-0000-4000-8000-000000000000" // the id of nothing
)

// client is a user of the API over a cloud in memory, whose ids are counted.
type client struct {
	*testing.T
	h        http.Handler
	cloud    *apitest.Cloud
	contract *contract // nil: answers are not checked
}

func newClient(t *testing.T) client {
	t.Helper()
	segment := func(kind l2gw.NetworkType, id uint32) l2gw.Segment { return l2gw.Segment{Type: kind, ID: id} }
	cloud := apitest.New(
		l2gw.Network{ID: netA, Segments: []l2gw.Segment{segment(l2gw.TypeVXLAN, 123)}},
		l2gw.Network{ID: netB, Segments: []l2gw.Segment{segment(l2gw.TypeVXLAN, 456)}},
		l2gw.Network{ID: netVLAN, Segments: []l2gw.Segment{segment(l2gw.TypeVLAN, 7)}},
		l2gw.Network{ID: netTwo, Segments: []l2gw.Segment{segment(l2gw.TypeVXLAN, 8), segment(l2gw.TypeVLAN, 9)}},
	)
	n := 0
	cloud.NumberIDs(func() string {
		n++
		return fmt.Sprintf("00000000-0000-4000-8000-%012d", n)
	})
	c, err := served()
	if err != nil {
		t.Fatal(err)
	}
	return client{t, api.New(cloud, api.Options{Guard: neutronapi.Open{Project: "demo"}, Networks: true, Agents: true}), cloud, &c}
}

// ask sends a request and gives status and body of the answer, which it checks
// against the OpenAPI document.
func (c client) ask(method, path, body string, header ...string) (int, string) {
	c.Helper()
	r := httptest.NewRequest(method, "/v2.0/"+path, strings.NewReader(body))
	if body == "" {
		r.Body = http.NoBody
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	c.h.ServeHTTP(w, r)
	if c.contract != nil {
		c.contract.check(c.T, r, body, w)
	}
	return w.Code, w.Body.String()
}

// decode reads an answer.
func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// make creates an object and gives its id.
func (c client) make(path, body string) string {
	c.Helper()
	status, text := c.ask(http.MethodPost, path, body)
	var envelope map[string]struct{ ID string }
	if err := json.Unmarshal([]byte(text), &envelope); status != http.StatusCreated || err != nil {
		c.Fatalf("POST %s %s gave %d %s", path, body, status, text)
	}
	for _, made := range envelope {
		return made.ID
	}
	return ""
}

// row is one request with what it has to be answered by.
type row struct {
	name   string
	method string
	path   string
	body   string
	status int
	parts  []string // of the body of the answer, one after the other with " … " between
}

func has(parts ...string) []string { return parts }

// run sends each request to a world of its own, in which the ids stand for
// $names of bodies and paths.
func run(t *testing.T, world func(client) map[string]string, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			c := newClient(t)
			names := []string{"$netA", netA, "$netB", netB, "$netVLAN", netVLAN, "$netTwo", netTwo, "$nobody", nobody}
			for name, id := range world(c) {
				names = append(names, "$"+name, id)
			}
			fill := strings.NewReplacer(names...).Replace
			status, text := c.ask(r.method, fill(r.path), fill(r.body))
			if status != r.status {
				t.Errorf("gave %d %s, wanted %d", status, text, r.status)
			}
			for _, p := range r.parts {
				if !strings.Contains(text, fill(p)) {
					t.Errorf("gave %s, wanted %s in it", text, fill(p))
				}
			}
		})
	}
}

// asIs is a world with nothing in it.
func asIs(client) map[string]string { return nil }

// Worlds. gw has no interfaces, tagged and untagged have some.
func withGateways(c client) map[string]string {
	return map[string]string{
		"gw":       c.make("l2-gateways", `{"l2_gateway":{"name":"gw","devices":[{"device_name":"border"}]}}`),
		"tagged":   c.make("l2-gateways", `{"l2_gateway":{"devices":[{"device_name":"tor1","interfaces":[{"name":"p1","segmentation_id":["100"]}]}]}}`),
		"untagged": c.make("l2-gateways", `{"l2_gateway":{"devices":[{"device_name":"tor2","interfaces":[{"name":"p1"}]},{"device_name":"tor3"}]}}`),
	}
}

func withConnection(c client) map[string]string {
	w := withGateways(c)
	w["conn"] = c.make("l2-gateway-connections", fmt.Sprintf(`{"l2_gateway_connection":{"l2_gateway_id":%q,"network_id":%q}}`, w["gw"], netA))
	w["vconn"] = c.make("l2-gateway-connections", fmt.Sprintf(`{"l2_gateway_connection":{"l2_gateway_id":%q,"network_id":%q,"segmentation_id":5}}`, w["untagged"], netA))
	w["rgw"] = c.make("l2-remote-gateways", `{"l2_remote_gateway":{"name":"far","ipaddr":"192.0.2.1"}}`)
	return w
}

func withRemoteConnection(c client) map[string]string {
	w := withConnection(c)
	w["rconn"] = c.make("l2-remote-gateway-connections", fmt.Sprintf(
		`{"l2_remote_gateway_connection":{"l2_gateway_id":%q,"network_id":%q,"l2_remote_gateway_id":%q,"segmentation_id":456}}`,
		w["gw"], netA, w["rgw"]))
	w["rmac"] = c.make("l2-remote-macs", fmt.Sprintf(`{"l2_remote_mac":{"mac":"02:00:00:00:00:01","ipaddr":"10.0.0.1","rgw_connection":%q}}`, w["rconn"]))
	return w
}
