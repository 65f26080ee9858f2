package api_test

import "testing"

func TestConnectionCreate(t *testing.T) {
	post := func(name, gateway, network, more string, status int, parts ...string) row {
		body := `{"l2_gateway_connection":{"l2_gateway_id":"` + gateway + `","network_id":"` + network + `"` + more + `}}`
		return row{name, "POST", "l2-gateway-connections", body, status, parts}
	}
	run(t, withGateways, []row{
		post("no interfaces", "$gw", "$netA", ``, 201,
			`"l2_gateway_id":"$gw","network_id":"$netA","segmentation_id":"","project_id":"demo","tenant_id":"demo","status":"PENDING","status_reason":"","description":"","created_at":"2023-11-14T22:13:23Z","updated_at":"2023-11-14T22:13:23Z","revision_number":0}}`),
		post("description", "$gw", "$netA", `,"description":"why"`, 201, `"description":"why"`),
		post("description null", "$gw", "$netA", `,"description":null`, 201, `"description":""`),
		post("revision_number", "$gw", "$netA", `,"revision_number":1`, 400, `\"revision_number\" not allowed in POST`),
		post("no interfaces, VLAN all the same", "$gw", "$netA", `,"segmentation_id":"7"`, 201, `"segmentation_id":"7"`),
		post("VLAN a string", "$untagged", "$netA", `,"segmentation_id":"100"`, 201, `"segmentation_id":"100"`),
		post("VLAN an integer", "$untagged", "$netA", `,"segmentation_id":0`, 201, `"segmentation_id":"0"`),
		post("VLAN a list of one", "$untagged", "$netA", `,"segmentation_id":["100"]`, 201, `"segmentation_id":"100"`),
		post("VLAN a list of an integer", "$untagged", "$netA", `,"segmentation_id":[4094]`, 201, `"segmentation_id":"4094"`),
		post("VLAN a list of two", "$untagged", "$netA", `,"segmentation_id":[1,2]`, 400, `Invalid input for segmentation_id.`),
		post("VLAN an empty list", "$untagged", "$netA", `,"segmentation_id":[]`, 400, `Invalid input for segmentation_id.`),
		post("VLAN too large", "$untagged", "$netA", `,"segmentation_id":4095`, 400, `4095 is not a VLAN id (an integer, 0–4094)`),
		post("VLAN negative", "$untagged", "$netA", `,"segmentation_id":"-1"`, 400, `Invalid input for segmentation_id.`),
		post("VLAN a boolean", "$untagged", "$netA", `,"segmentation_id":true`, 400, `Invalid input for segmentation_id.`),
		post("VLAN an object", "$untagged", "$netA", `,"segmentation_id":{}`, 400, `Invalid input for segmentation_id.`),
		post("VLAN missing", "$untagged", "$netA", ``, 400, `"type":"InvalidInput"`, `segmentation_id is required`),
		post("VLAN empty is missing", "$untagged", "$netA", `,"segmentation_id":""`, 400, `segmentation_id is required`),
		post("VLAN null is missing", "$untagged", "$netA", `,"segmentation_id":null`, 400, `segmentation_id is required`),
		post("VLANs of the interfaces", "$tagged", "$netA", ``, 201, `"segmentation_id":""`),
		post("VLAN too much", "$tagged", "$netA", `,"segmentation_id":1`, 400, `must not be given`),
		post("gateway unknown", "$nobody", "$netA", ``, 404, `"type":"L2GatewayNotFound"`),
		post("gateway no UUID", "gw", "$netA", ``, 404, `"type":"L2GatewayNotFound"`),
		post("gateway empty", "", "$netA", ``, 404, `"type":"L2GatewayNotFound"`),
		post("network unknown", "$gw", "$nobody", ``, 404, `"type":"NetworkNotFound"`),
		post("network no UUID", "$gw", "x", ``, 404, `"type":"NetworkNotFound"`),
		post("network of VLANs", "$gw", "$netVLAN", ``, 409, `NeutronError`),
		post("network of two segments", "$gw", "$netTwo", ``, 409, `NeutronError`),
		post("body before references", "$nobody", "$nobody", `,"segmentation_id":"x"`, 400, `\"x\" is not a VLAN id`),
		post("status", "$gw", "$netA", `,"status":"ACTIVE"`, 400, `\"status\" not allowed in POST`),
		post("status_reason", "$gw", "$netA", `,"status_reason":null`, 400, `\"status_reason\" not allowed in POST`),
		post("name", "$gw", "$netA", `,"name":"x"`, 400, `Unrecognized`),
		post("alias of remote connections", "$gw", "$netA", `,"gateway":"$gw"`, 400, `Unrecognized`),
		{"gateway absent", "POST", "l2-gateway-connections", `{"l2_gateway_connection":{"network_id":"$netA"}}`, 400, has(`\"l2_gateway_id\" not specified`)},
		{"network absent", "POST", "l2-gateway-connections", `{"l2_gateway_connection":{"l2_gateway_id":"$gw"}}`, 400, has(`\"network_id\" not specified`)},
		{"network null", "POST", "l2-gateway-connections", `{"l2_gateway_connection":{"l2_gateway_id":"$gw","network_id":null}}`, 400, has(`Invalid input for network_id.`)},
		{"network a number", "POST", "l2-gateway-connections", `{"l2_gateway_connection":{"l2_gateway_id":"$gw","network_id":5}}`, 400, has(`Invalid input for network_id.`)},
	})
}

func TestConnectionOthers(t *testing.T) {
	run(t, withRemoteConnection, []row{
		{"twice", "POST", "l2-gateway-connections", `{"l2_gateway_connection":{"l2_gateway_id":"$gw","network_id":"$netA"}}`, 409, has(`"type":"L2GatewayConnectionExists"`)},
		{"no PUT", "PUT", "l2-gateway-connections/$conn", `{"l2_gateway_connection":{}}`, 405, has(`HTTPMethodNotAllowed`)},
		{"show", "GET", "l2-gateway-connections/$vconn", "", 200, has(`"segmentation_id":"5"`, `"status":"PENDING"`)},
		{"show unknown", "GET", "l2-gateway-connections/$nobody", "", 404, has(`"type":"L2GatewayConnectionNotFound"`)},
		{"list", "GET", "l2-gateway-connections?fields=id", "", 200, has(`{"l2_gateway_connections":[{"id":"$conn"},{"id":"$vconn"}]}`)},
		{"list by VLAN", "GET", "l2-gateway-connections?fields=id&segmentation_id=5", "", 200, has(`[{"id":"$vconn"}]`)},
		{"list by no VLAN", "GET", "l2-gateway-connections?fields=id&segmentation_id=", "", 200, has(`[{"id":"$conn"}]`)},
		{"list by status", "GET", "l2-gateway-connections?fields=id&status=ACTIVE", "", 200, has(`[]`)},
		{"list by null VLAN", "GET", "l2-gateway-connections?fields=id&segmentation_id=null", "", 200, has(`[{"id":"$conn"}]`)},
		{"list by VLANs", "GET", "l2-gateway-connections?fields=id&segmentation_id=5&segmentation_id=", "", 200, has(`[{"id":"$conn"},{"id":"$vconn"}]`)},
		{"list sorted by VLAN", "GET", "l2-gateway-connections?fields=id&sort_key=segmentation_id&sort_dir=desc", "", 200, has(`[{"id":"$vconn"},{"id":"$conn"}]`)},
		{"delete", "DELETE", "l2-gateway-connections/$vconn", "", 204, nil},
		{"delete in use", "DELETE", "l2-gateway-connections/$conn", "", 409, has(`"type":"L2GatewayConnectionInUse"`)},
		{"delete unknown", "DELETE", "l2-gateway-connections/$nobody", "", 404, nil},
	})
}
