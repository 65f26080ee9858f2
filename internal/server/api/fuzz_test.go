package api_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// collections are the five resources.
var collections = []string{
	"l2-gateways", "l2-gateway-connections", "l2-remote-gateways", "l2-remote-gateway-connections", "l2-remote-macs",
}

// FuzzCreate sends any body to any collection: it is made, or it is the user's
// fault. What is made is shown in a form that the API takes back.
func FuzzCreate(f *testing.F) {
	for i, seed := range []string{
		`{"l2_gateway":{"name":"x","devices":[{"device_name":"a","interfaces":[{"name":"p","segmentation_id":["1",2]}]}]}}`,
		`{"l2_gateway_connection":{"l2_gateway_id":"00000000-0000-4000-8000-000000000001","network_id":"` + netB + `","segmentation_id":["5"]}}`,
		`{"l2_remote_gateway":{"ipaddr":"::ffff:1.2.3.4","tenant_id":"x"}}`,
		`{"l2_remote_gateway_connection":{"gateway":"00000000-0000-4000-8000-000000000001","network":"` + netA + `","remote_gateway":"x","seg_id":"5","flood":"True"}}`,
		`{"remote-mac":{"mac":"0200.0000.0002","ip":"","rgw_connection":"00000000-0000-4000-8000-000000000011"}}`,
		`{"l2_gateways":[{"description":"x","devices":[{"device_name":"a"}]},{"devices":[{"device_name":"a"}]}]}`,
	} {
		f.Add(uint8(i), seed)
	}
	f.Fuzz(func(t *testing.T, which uint8, body string) {
		c := newClient(t)
		withRemoteConnection(c)
		path := collections[int(which)%len(collections)]
		status, text := c.ask("POST", path, body)
		if !slices.Contains([]int{201, 400, 404, 409, 413}, status) || !json.Valid([]byte(text)) {
			t.Fatalf("POST %s %q gave %d %s", path, body, status, text)
		}
		if status == 201 && !strings.HasPrefix(text[strings.Index(text, ":")+1:], "[") {
			again(t, path, text)
		}
	})
}

// again takes an answer as a body, without what is read-only, to the world as
// it was before the object was made.
func again(t *testing.T, path, text string) {
	t.Helper()
	var envelope map[string]map[string]any
	if err := json.Unmarshal([]byte(text), &envelope); err != nil {
		t.Fatal(err)
	}
	for _, object := range envelope {
		for _, name := range []string{"id", "uuid", "status", "status_reason", "created_at", "updated_at", "revision_number"} {
			delete(object, name)
		}
		devices, _ := object["devices"].([]any)
		for _, d := range devices {
			delete(d.(map[string]any), "id")
		}
	}
	body, err := json.Marshal(envelope)
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(t)
	withRemoteConnection(c)
	if status, same := c.ask("POST", path, string(body)); status != 201 || same != text {
		t.Fatalf("%s was shown as\n%s; made of that:\n%d %s", path, text, status, same)
	}
}

// FuzzList asks for any list: it is given, or it is the user's fault.
func FuzzList(f *testing.F) {
	f.Add(uint8(0), "name=x&fields=id")
	f.Add(uint8(3), "flood=True&segmentation_id=456")
	f.Add(uint8(2), "limit=1&marker=00000000-0000-4000-8000-000000000010&page_reverse=True&sort_key=ipaddr&sort_dir=desc")
	f.Add(uint8(4), "mac=02-00-00-00-00-01&ipaddr=10.0.0.1")
	c := newClient(&testing.T{})
	withRemoteConnection(c)
	f.Fuzz(func(t *testing.T, which uint8, query string) {
		if strings.ContainsFunc(query, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			t.Skip("no request line can carry it")
		}
		path := collections[int(which)%len(collections)] + "?" + query
		status, text := c.ask("GET", path, "")
		if !slices.Contains([]int{200, 400, 404, 414}, status) || !json.Valid([]byte(text)) {
			t.Fatalf("GET %s gave %d %s", path, status, text)
		}
	})
}
