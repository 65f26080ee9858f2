package api_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestGatewayCreate(t *testing.T) {
	post := func(name, attributes string, status int, parts ...string) row {
		return row{name, "POST", "l2-gateways", `{"l2_gateway":{` + attributes + `}}`, status, parts}
	}
	device := func(interfaces string) string {
		return `"devices":[{"device_name":"tor","interfaces":` + interfaces + `}]`
	}
	const min = `"devices":[{"device_name":"border"}]`
	run(t, asIs, []row{
		post("only joins clouds", min, 201,
			`{"l2_gateway":{"id":"00000000-0000-4000-8000-000000000001","name":"","devices":[{"id":"00000000-0000-4000-8000-000000000002","device_name":"border","interfaces":[]}],"project_id":"demo","tenant_id":"demo",`+
				`"description":"","created_at":"2023-11-14T22:13:20Z","updated_at":"2023-11-14T22:13:20Z","revision_number":0}}`),
		post("description too long", min+`,"description":"`+strings.Repeat("x", 256)+`"`, 400, `Invalid input for description.`, `at most 255`),
		post("interfaces empty", device(`[]`), 201, `"interfaces":[]`),
		post("interfaces null", device(`null`), 201, `"interfaces":[]`),
		post("VLANs as strings and integers", device(`[{"name":"p1","segmentation_id":["100",0,4094]}]`), 201, `{"name":"p1","segmentation_id":["100","0","4094"]}`),
		post("VLANs unset", device(`[{"name":"p1"},{"name":"p2","segmentation_id":[]},{"name":"p3","segmentation_id":null}]`), 201,
			`"interfaces":[{"name":"p1","segmentation_id":[]},{"name":"p2","segmentation_id":[]},{"name":"p3","segmentation_id":[]}]`),
		post("VLAN too large", device(`[{"name":"p1","segmentation_id":["4095"]}]`), 400, `Invalid input for devices[0].interfaces[0].segmentation_id[0]. Reason: \"4095\" is not a VLAN id (an integer, 0–4094).`),
		post("VLAN negative", device(`[{"name":"p1","segmentation_id":[-1]}]`), 400, `-1 is not a VLAN id`),
		post("VLAN a word", device(`[{"name":"p1","segmentation_id":["x"]}]`), 400, `\"x\" is not a VLAN id`),
		post("VLANs no list", device(`[{"name":"p1","segmentation_id":"100"}]`), 400, `segmentation_id. Reason: \"100\" is not a list`),
		post("VLAN twice", device(`[{"name":"p1","segmentation_id":["100",100]}]`), 400, `segmentation_id[1]. Reason: 100 is not unique`),
		post("some interfaces with VLANs", device(`[{"name":"p1","segmentation_id":["100"]},{"name":"p2"}]`), 409, `"type":"L2GatewaySegmentationRequired"`),
		post("two devices", `"devices":[{"device_name":"a"},{"device_name":"b"}]`, 201, `"device_name":"a"`, `"device_name":"b"`),
		post("name", min+`,"name":"border gateway"`, 201, `"name":"border gateway"`),
		post("name null", min+`,"name":null`, 201, `"name":""`),
		post("longest name", min+`,"name":"`+strings.Repeat("ü", 255)+`"`, 201),
		post("name too long", min+`,"name":"`+strings.Repeat("ü", 256)+`"`, 400, `Invalid input for name.`, `at most 255 characters`),
		post("name with NUL", min+`,"name":"a\u0000b"`, 400, `without NUL`),
		post("name a number", min+`,"name":1`, 400, `1 is not a string`),
		post("tenant", min+`,"tenant_id":"t"`, 201, `"project_id":"t","tenant_id":"t"`),
		post("project", min+`,"project_id":"t"`, 201, `"project_id":"t","tenant_id":"t"`),
		post("project null", min+`,"project_id":null`, 201, `"project_id":"demo"`),
		post("project and tenant alike", min+`,"project_id":"t","tenant_id":"t"`, 201, `"project_id":"t"`),
		post("project and tenant at odds", min+`,"project_id":"t","tenant_id":"u"`, 400, `are one attribute`),
		post("project empty", min+`,"project_id":""`, 400, `Invalid input for project_id.`),
		post("devices absent", `"name":"x"`, 400, `Required attribute \"devices\" not specified`),
		post("devices null", `"devices":null`, 400, `Invalid input for devices.`),
		post("devices empty", `"devices":[]`, 400, `[] is not a list of at least 1`),
		post("devices no list", `"devices":{"device_name":"a"}`, 400, `is not a list`),
		post("device no object", `"devices":["a"]`, 400, `devices[0]. Reason: \"a\" is not an object`),
		post("device twice", `"devices":[{"device_name":"a"},{"device_name":"a"}]`, 400, `devices[1]. Reason: \"a\" is not unique`),
		post("device name absent", `"devices":[{"interfaces":[]}]`, 400, `Required attribute \"device_name\" not specified`),
		post("device name empty", `"devices":[{"device_name":""}]`, 400, `devices[0].device_name. Reason: \"\" is not a name: it is empty`),
		post("device name too long", `"devices":[{"device_name":"`+strings.Repeat("x", 256)+`"}]`, 400, `at most 255`),
		post("device with id", `"devices":[{"device_name":"a","id":"$nobody"}]`, 400, `\"id\" is read-only`),
		post("device with something else", `"devices":[{"device_name":"a","colour":"red"}]`, 400, `devices[0]. Reason: Unrecognized attribute(s) \"colour\"`),
		post("interface twice", device(`[{"name":"p1"},{"name":"p1"}]`), 400, `interfaces[1]. Reason: \"p1\" is not unique`),
		post("interface name empty", device(`[{"name":" "}]`), 400, `interfaces[0].name.`),
		post("interface name absent", device(`[{}]`), 400, `Required attribute \"name\" not specified`),
		post("interface with something else", device(`[{"name":"p1","vlan":1}]`), 400, `Unrecognized attribute(s) \"vlan\"`),
		post("id", min+`,"id":"$nobody"`, 400, `Attribute \"id\" not allowed in POST`),
		post("unknown attribute", min+`,"flood":true`, 400, `Unrecognized attribute(s) \"flood\"`),
		{"bulk of none", "POST", "l2-gateways", `{"l2_gateways":[]}`, 400, has(`is empty`)},
		{"bulk", "POST", "l2-gateways", `{"l2_gateways":[{` + min + `,"name":"a"},{` + min + `,"name":"b"}]}`, 201, has(`{"l2_gateways":[{"id":`, `"name":"a"`, `"name":"b"`)},
		{"bulk with one that cannot be", "POST", "l2-gateways", `{"l2_gateways":[{` + min + `},{"devices":[]}]}`, 400, has(`Invalid input for l2_gateways[1].devices.`)},
		{"envelope of another resource", "POST", "l2-gateways", `{"l2_remote_gateway":{}}`, 400, has(`Unable to find \"l2_gateway\"`)},
	})
}

func TestGatewayUpdate(t *testing.T) {
	put := func(name, id, attributes string, status int, parts ...string) row {
		return row{name, "PUT", "l2-gateways/" + id, `{"l2_gateway":{` + attributes + `}}`, status, parts}
	}
	run(t, withConnection, []row{
		put("rename", "$tagged", `"name":"new"`, 200, `"name":"new"`, `"segmentation_id":["100"]`),
		put("name null", "$gw", `"name":null`, 200, `"name":""`),
		put("interfaces replaced", "$tagged", `"devices":[{"device_name":"tor1","interfaces":[{"name":"p9","segmentation_id":[9]}]}]`, 200,
			`"interfaces":[{"name":"p9","segmentation_id":["9"]}]`),
		put("interfaces removed", "$tagged", `"devices":[{"device_name":"tor1","interfaces":[]}]`, 200, `"interfaces":[]`),
		put("interfaces kept", "$tagged", `"devices":[{"device_name":"tor1"}]`, 200, `"segmentation_id":["100"]`),
		put("interfaces null are kept", "$tagged", `"devices":[{"device_name":"tor1","interfaces":null}]`, 200, `"segmentation_id":["100"]`),
		put("device not named stays", "$untagged", `"devices":[{"device_name":"tor3","interfaces":[{"name":"p7"}]}]`, 200, `"device_name":"tor2","interfaces":[{"name":"p1"`, `"name":"p7"`),
		put("device unknown", "$gw", `"devices":[{"device_name":"tor9"}]`, 404, `"type":"L2GatewayDeviceNotFound"`),
		put("kind changed while connected", "$untagged", `"devices":[{"device_name":"tor2","interfaces":[{"name":"p1","segmentation_id":[5]}]}]`, 409, `NeutronError`),
		put("kinds mixed", "$tagged", `"devices":[{"device_name":"tor1","interfaces":[{"name":"p1"},{"name":"p2","segmentation_id":[5]}]}]`, 409, `"type":"L2GatewaySegmentationRequired"`),
		put("devices empty", "$gw", `"devices":[]`, 400, `at least 1`),
		put("devices null", "$gw", `"devices":null`, 400, `cannot be unset`),
		put("device twice", "$gw", `"devices":[{"device_name":"border"},{"device_name":"border"}]`, 400, `not unique`),
		put("description", "$gw", `"description":"new"`, 200, `"description":"new"`, `"revision_number":1`),
		put("to the same", "$gw", `"name":"gw"`, 200, `"revision_number":0`),
		put("revision", "$gw", `"revision_number":5`, 400, `read-only`),
		put("nothing", "$gw", ``, 400, `changes no attribute`),
		put("project", "$gw", `"project_id":"x"`, 400, `Cannot update read-only attribute \"project_id\"`),
		put("tenant", "$gw", `"tenant_id":"x"`, 400, `Cannot update read-only attribute \"tenant_id\"`),
		put("id", "$gw", `"id":"$gw"`, 400, `Cannot update read-only attribute \"id\"`),
		put("unknown attribute", "$gw", `"status":"x"`, 400, `Unrecognized`),
		put("unknown id", "$nobody", `"name":"x"`, 404, `"type":"L2GatewayNotFound"`),
		put("body before id", "$nobody", `"name":1`, 400, `1 is not a string`),
		put("no UUID", "gw", `"name":"x"`, 404, `"type":"L2GatewayNotFound"`),
	})
}

func TestGatewayDelete(t *testing.T) {
	run(t, withConnection, []row{
		{"unused", "DELETE", "l2-gateways/$tagged", "", 204, nil},
		{"in use", "DELETE", "l2-gateways/$gw", "", 409, has(`"type":"L2GatewayInUse"`)},
		{"unknown", "DELETE", "l2-gateways/$nobody", "", 404, has(`"type":"L2GatewayNotFound"`)},
	})
}

func TestGatewayList(t *testing.T) {
	run(t, withGateways, []row{
		{"all", "GET", "l2-gateways", "", 200, has(`{"l2_gateways":[{"id":"$gw"`, `{"id":"$tagged"`, `{"id":"$untagged"`)},
		{"by name", "GET", "l2-gateways?name=gw&fields=id", "", 200, has(`{"l2_gateways":[{"id":"$gw"}]}`)},
		{"none", "GET", "l2-gateways?name=other", "", 200, has(`{"l2_gateways":[]}`)},
		{"by device", "GET", "l2-gateways?devices=tor3&fields=id", "", 200, has(`{"l2_gateways":[{"id":"$untagged"}]}`)},
		{"by devices", "GET", "l2-gateways?devices=tor3&devices=border&fields=id", "", 200, has(`[{"id":"$gw"},{"id":"$untagged"}]`)},
		{"by no device", "GET", "l2-gateways?devices=&fields=id", "", 200, has(`{"l2_gateways":[]}`)},
		{"sorted by devices", "GET", "l2-gateways?sort_key=devices&sort_dir=asc", "", 400, has(`\"devices\" is invalid attribute`)},
		{"by time", "GET", "l2-gateways?created_at=2023-11-14T22:13:21Z&fields=id", "", 200, has(`[{"id":"$tagged"}]`)},
		{"by what is no time", "GET", "l2-gateways?created_at=yesterday", "", 400, has(`\"yesterday\" is not a time such as`)},
		{"by revision", "GET", "l2-gateways?revision_number=0&name=gw&fields=id", "", 200, has(`[{"id":"$gw"}]`)},
		{"a page", "GET", "l2-gateways?limit=1&marker=$gw&fields=name", "", 200, has(
			`{"l2_gateways":[{"name":""}],"l2_gateways_links":[`,
			`{"rel":"next","href":"http://example.com/v2.0/l2-gateways?fields=name&limit=1&marker=$tagged"}`,
			`{"rel":"previous","href":"http://example.com/v2.0/l2-gateways?fields=name&limit=1&marker=$tagged&page_reverse=True"}`)},
		{"the page before", "GET", "l2-gateways?limit=1&marker=$untagged&page_reverse=True&fields=id", "", 200, has(`[{"id":"$tagged"}]`)},
		{"after what does not exist", "GET", "l2-gateways?limit=1&marker=$nobody", "", 404, has(`"type":"L2GatewayNotFound"`)},
		{"sorted", "GET", "l2-gateways?sort_key=name&sort_dir=desc&fields=id", "", 200, has(`[{"id":"$gw"},{"id":"$untagged"},{"id":"$tagged"}]`)},
		{"one", "GET", "l2-gateways/$gw", "", 200, has(`{"l2_gateway":{"id":"$gw"`)},
		{"unknown", "GET", "l2-gateways/$nobody", "", 404, has(`"type":"L2GatewayNotFound"`)},
	})
}

// TestLongReference is an error whose message would repeat a megabyte.
func TestLongReference(t *testing.T) {
	c := newClient(t)
	status, text := c.ask("POST", "l2-gateway-connections",
		fmt.Sprintf(`{"l2_gateway_connection":{"l2_gateway_id":%q,"network_id":"x"}}`, strings.Repeat("x", 1<<19)))
	if status != 404 || len(text) > 2000 {
		t.Errorf("a long reference gave %d and %d bytes", status, len(text))
	}
}
