package api_test

import "testing"

func TestRemoteGateway(t *testing.T) {
	post := func(name, attributes string, status int, parts ...string) row {
		return row{"create " + name, "POST", "l2-remote-gateways", `{"l2_remote_gateway":{` + attributes + `}}`, status, parts}
	}
	put := func(name, id, attributes string, status int, parts ...string) row {
		return row{"update " + name, "PUT", "l2-remote-gateways/" + id, `{"l2_remote_gateway":{` + attributes + `}}`, status, parts}
	}
	run(t, withRemoteConnection, []row{
		post("IPv4", `"name":"b","ipaddr":"198.51.100.7"`, 201, `"name":"b","ipaddr":"198.51.100.7","project_id":"demo","tenant_id":"demo","description":""`),
		post("without name", `"ipaddr":"198.51.100.7"`, 201, `"name":""`),
		post("IPv6", `"ipaddr":"2001:DB8:0::1"`, 201, `"ipaddr":"2001:db8::1"`),
		post("IPv4 in IPv6", `"ipaddr":"::ffff:198.51.100.7"`, 201, `"ipaddr":"198.51.100.7"`),
		post("IPv4 in IPv6 of another", `"ipaddr":"::ffff:192.0.2.1"`, 409, `"type":"L2RemoteGatewayExists"`),
		post("address of another", `"ipaddr":"192.0.2.1"`, 409, `"type":"L2RemoteGatewayExists"`),
		post("without address", `"name":"b"`, 400, `\"ipaddr\" not specified`),
		post("address null", `"ipaddr":null`, 400, `Invalid input for ipaddr.`),
		post("address empty", `"ipaddr":""`, 400, `\"\" is not an IPv4 or IPv6 address`),
		post("address a name", `"ipaddr":"gw.example"`, 400, `\"gw.example\" is not an IPv4 or IPv6 address`),
		post("address a prefix", `"ipaddr":"192.0.2.0/24"`, 400, `not an IPv4 or IPv6 address`),
		post("address with zone", `"ipaddr":"fe80::1%eth0"`, 400, `not an IPv4 or IPv6 address`),
		post("address a number", `"ipaddr":3221225985`, 400, `not an IPv4 or IPv6 address`),
		post("address unspecified", `"ipaddr":"0.0.0.0"`, 400, `not the address of one host`),
		post("address unspecified in IPv6", `"ipaddr":"::"`, 400, `not the address of one host`),
		post("address multicast", `"ipaddr":"224.0.0.1"`, 400, `not the address of one host`),
		post("address broadcast", `"ipaddr":"255.255.255.255"`, 400, `not the address of one host`),
		post("id", `"ipaddr":"198.51.100.7","id":"$nobody"`, 400, `not allowed in POST`),
		post("unknown attribute", `"ipaddr":"198.51.100.7","ip":"198.51.100.7"`, 400, `Unrecognized`),
		put("name", "$rgw", `"name":"c"`, 200, `"name":"c","ipaddr":"192.0.2.1"`),
		put("address", "$rgw", `"ipaddr":"192.0.2.9"`, 200, `"name":"far","ipaddr":"192.0.2.9"`),
		put("address to the same", "$rgw", `"ipaddr":"192.0.2.1"`, 200, `"192.0.2.1"`),
		put("address bad", "$rgw", `"ipaddr":"x"`, 400, `Invalid input for ipaddr.`),
		put("address null", "$rgw", `"ipaddr":null`, 400, `cannot be unset`),
		put("nothing", "$rgw", ``, 400, `changes no attribute`),
		put("project", "$rgw", `"tenant_id":"x"`, 400, `read-only`),
		put("unknown", "$nobody", `"name":"c"`, 404, `"type":"L2RemoteGatewayNotFound"`),
		put("unknown, bad body", "$nobody", `"ipaddr":"x"`, 400, `Invalid input for ipaddr.`),
		{"show", "GET", "l2-remote-gateways/$rgw", "", 200, has(`{"l2_remote_gateway":{"id":"$rgw","name":"far"`)},
		{"list", "GET", "l2-remote-gateways?ipaddr=192.0.2.1&fields=id", "", 200, has(`{"l2_remote_gateways":[{"id":"$rgw"}]}`)},
		{"list otherwise written", "GET", "l2-remote-gateways?ipaddr=::ffff:192.0.2.1&fields=id", "", 200, has(`[{"id":"$rgw"}]`)},
		{"delete in use", "DELETE", "l2-remote-gateways/$rgw", "", 409, has(`"type":"L2RemoteGatewayInUse"`)},
		{"delete unknown", "DELETE", "l2-remote-gateways/$nobody", "", 404, has(`"type":"L2RemoteGatewayNotFound"`)},
	})
	run(t, withConnection, []row{{"delete", "DELETE", "l2-remote-gateways/$rgw", "", 204, nil}})
}

func TestRemoteConnectionCreate(t *testing.T) {
	post := func(name, attributes string, status int, parts ...string) row {
		return row{name, "POST", "l2-remote-gateway-connections", `{"l2_remote_gateway_connection":{` + attributes + `}}`, status, parts}
	}
	const refs = `"l2_gateway_id":"$gw","network_id":"$netA","l2_remote_gateway_id":"$rgw"`
	run(t, withConnection, []row{
		post("least", refs, 201, `"l2_gateway_id":"$gw","network_id":"$netA","l2_remote_gateway_id":"$rgw","segmentation_id":123,"flood":true,"encapsulation":"vxlan","filter":[],`+
			`"project_id":"demo","tenant_id":"demo","status":"PENDING","status_reason":"","description":""`),
		post("names of the first client", `"gateway":"$gw","network":"$netA","remote_gateway":"$rgw","seg_id":"456"`, 201,
			`"l2_gateway_id":"$gw","network_id":"$netA","l2_remote_gateway_id":"$rgw","segmentation_id":456`),
		post("both names at odds", refs+`,"gateway":"$untagged"`, 400, `\"l2_gateway_id\" and \"gateway\" are one attribute`),
		post("key", refs+`,"segmentation_id":456`, 201, `"segmentation_id":456`),
		post("smallest key", refs+`,"segmentation_id":"1"`, 201, `"segmentation_id":1,`),
		post("largest key", refs+`,"segmentation_id":16777215`, 201, `"segmentation_id":16777215`),
		post("key null", refs+`,"segmentation_id":null`, 201, `"segmentation_id":123`),
		post("key zero", refs+`,"segmentation_id":0`, 400, `0 is not a tunnel key (an integer, 1–16777215)`),
		post("key too large", refs+`,"seg_id":16777216`, 400, `Invalid input for seg_id. Reason: 16777216 is not a tunnel key`),
		post("key a word", refs+`,"segmentation_id":"x"`, 400, `Invalid input for segmentation_id.`),
		post("key empty", refs+`,"segmentation_id":""`, 400, `Invalid input for segmentation_id.`),
		post("key a list", refs+`,"segmentation_id":[5]`, 400, `Invalid input for segmentation_id.`),
		post("key a fraction", refs+`,"segmentation_id":5.5`, 400, `Invalid input for segmentation_id.`),
		post("flood off", refs+`,"flood":false`, 201, `"flood":false`),
		post("flood off by a word", refs+`,"flood":"False"`, 201, `"flood":false`),
		post("flood on by a word", refs+`,"flood":"TRUE"`, 201, `"flood":true`),
		post("flood null", refs+`,"flood":null`, 201, `"flood":true`),
		post("flood a number", refs+`,"flood":1`, 400, `Invalid input for flood.`),
		post("flood another word", refs+`,"flood":"yes"`, 400, `\"yes\" is not a boolean`),
		post("encapsulation", refs+`,"encapsulation":"geneve"`, 201, `"encapsulation":"geneve"`),
		post("encapsulation unknown", refs+`,"encapsulation":"ipip"`, 400, `\"ipip\" is not one of vxlan, geneve, gre`),
		post("encapsulation null", refs+`,"encapsulation":null`, 201, `"encapsulation":"vxlan"`),
		post("filter", refs+`,"filter":["unknown-unicast","dhcp"]`, 201, `"filter":["dhcp","unknown-unicast"]`),
		post("filter empty", refs+`,"filter":[]`, 201, `"filter":[]`),
		post("filter null", refs+`,"filter":null`, 201, `"filter":[]`),
		post("filter of all", refs+`,"filter":["multicast","gateway","ra","dhcp","unknown-unicast"]`, 201,
			`"filter":["dhcp","ra","gateway","multicast","unknown-unicast"]`),
		post("filter unknown", refs+`,"filter":["dhcp","arp"]`, 400,
			`Invalid input for filter[1]. Reason: \"arp\" is not one of dhcp, ra, gateway, multicast, unknown-unicast`),
		post("filter twice", refs+`,"filter":["ra","ra"]`, 400, `Invalid input for filter[1].`),
		post("filter no list", refs+`,"filter":"dhcp"`, 400, `Invalid input for filter. Reason: \"dhcp\" is not a list`),
		post("filter no words", refs+`,"filter":[1]`, 400, `Invalid input for filter[0].`),
		post("gateway absent", `"network_id":"$netA","l2_remote_gateway_id":"$rgw"`, 400, `\"l2_gateway_id\" not specified`),
		post("network absent", `"l2_gateway_id":"$gw","l2_remote_gateway_id":"$rgw"`, 400, `\"network_id\" not specified`),
		post("remote gateway absent", `"l2_gateway_id":"$gw","network_id":"$netA"`, 400, `\"l2_remote_gateway_id\" not specified`),
		post("gateway unknown", `"gateway":"$nobody","network":"$netA","remote_gateway":"$rgw"`, 404, `"type":"L2GatewayNotFound"`),
		post("network unknown", `"gateway":"$gw","network":"x","remote_gateway":"$rgw"`, 404, `"type":"NetworkNotFound"`),
		post("remote gateway unknown", `"gateway":"$gw","network":"$netA","remote_gateway":"x"`, 404, `"type":"L2RemoteGatewayNotFound"`),
		post("network not connected", `"gateway":"$gw","network":"$netB","remote_gateway":"$rgw"`, 400, `"type":"InvalidInput"`),
		post("body before references", `"gateway":"x","network":"x","remote_gateway":"x","flood":7`, 400, `Invalid input for flood.`),
		post("status", refs+`,"status":"ACTIVE"`, 400, `not allowed in POST`),
		post("unknown attribute", refs+`,"name":"x"`, 400, `Unrecognized`),
	})
}

func TestRemoteConnectionOthers(t *testing.T) {
	world := func(c client) map[string]string {
		w := withRemoteConnection(c)
		c.make("l2-gateway-connections", `{"l2_gateway_connection":{"l2_gateway_id":"`+w["gw"]+`","network_id":"`+netB+`"}}`)
		return w
	}
	const path = "l2-remote-gateway-connections"
	run(t, world, []row{
		{"twice", "POST", path, `{"l2_remote_gateway_connection":{"gateway":"$gw","network":"$netA","remote_gateway":"$rgw","seg_id":9}}`, 409, has(`"type":"L2RemoteGatewayConnectionExists"`)},
		{"key taken", "POST", path, `{"l2_remote_gateway_connection":{"gateway":"$gw","network":"$netB","remote_gateway":"$rgw"}}`, 409, has(`NeutronError`, `456`)},
		{"no PUT", "PUT", path + "/$rconn", `{}`, 405, nil},
		{"show", "GET", path + "/$rconn", "", 200, has(`{"l2_remote_gateway_connection":{"id":"$rconn"`)},
		{"show unknown", "GET", path + "/x", "", 404, has(`"type":"L2RemoteGatewayConnectionNotFound"`)},
		{"list by flood", "GET", path + "?flood=TRUE&fields=id", "", 200, has(`{"l2_remote_gateway_connections":[{"id":"$rconn"}]}`)},
		{"list by no flood", "GET", path + "?flood=False", "", 200, has(`:[]}`)},
		{"list by bad flood", "GET", path + "?flood=maybe", "", 400, has(`Invalid input for flood.`)},
		{"list by no filter", "GET", path + "?filter=&fields=id", "", 200, has(`[{"id":"$rconn"}]`)},
		{"list by filter", "GET", path + "?filter=dhcp", "", 200, has(`:[]}`)},
		{"list by bad filter", "GET", path + "?filter=x", "", 400, has(`Invalid input for filter.`)},
		{"list by key", "GET", path + "?segmentation_id=456&fields=id", "", 200, has(`[{"id":"$rconn"}]`)},
		{"delete", "DELETE", path + "/$rconn", "", 204, nil},
		{"delete unknown", "DELETE", path + "/$nobody", "", 404, nil},
	})
}
