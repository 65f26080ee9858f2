package api_test

import "testing"

func TestRemoteMACCreate(t *testing.T) {
	post := func(name, attributes string, status int, parts ...string) row {
		return row{name, "POST", "l2-remote-macs", `{"l2_remote_mac":{"rgw_connection":"$rconn",` + attributes + `}}`, status, parts}
	}
	const mac = `"mac":"fa:16:3e:00:00:0a"`
	run(t, withRemoteConnection, []row{
		post("MAC", mac, 201, `{"l2_remote_mac":{"id":"00000000-0000-4000-8000-000000000013","uuid":"00000000-0000-4000-8000-000000000013",`+
			`"mac":"fa:16:3e:00:00:0a","ipaddr":"","rgw_connection":"$rconn","project_id":"demo","tenant_id":"demo","description":""`),
		post("dashes and capitals", `"mac":"FA-16-3E-00-00-0A"`, 201, mac),
		post("dots", `"mac":"fa16.3e00.000A"`, 201, mac),
		post("bare", `"mac":"fa163e00000a"`, 201, mac),
		post("multicast", `"mac":"01:00:5e:00:00:01"`, 400, `multicast or zero`),
		post("broadcast", `"mac":"ff:ff:ff:ff:ff:ff"`, 400, `multicast or zero`),
		post("zero", `"mac":"00:00:00:00:00:00"`, 400, `multicast or zero`),
		post("too short", `"mac":"fa:16:3e"`, 400, `Invalid input for mac. Reason: \"fa:16:3e\" is not a MAC address such as`),
		post("too long", `"mac":"fa:16:3e:00:00:0a:00:00"`, 400, `Invalid input for mac.`),
		post("a number", `"mac":5`, 400, `5 is not a MAC address`),
		post("null", `"mac":null`, 400, `Invalid input for mac.`),
		post("absent", `"ipaddr":"10.0.0.9"`, 400, `\"mac\" not specified`),
		post("IPv4", mac+`,"ipaddr":"10.0.0.9"`, 201, `"ipaddr":"10.0.0.9"`),
		post("IPv6", mac+`,"ipaddr":"2001:DB8::9"`, 201, `"ipaddr":"2001:db8::9"`),
		post("ip", mac+`,"ip":"10.0.0.9"`, 201, `"ipaddr":"10.0.0.9"`),
		post("ip and ipaddr at odds", mac+`,"ip":"10.0.0.9","ipaddr":"10.0.0.8"`, 400, `are one attribute`),
		post("address empty", mac+`,"ipaddr":""`, 201, `"ipaddr":""`),
		post("address null", mac+`,"ipaddr":null`, 201, `"ipaddr":""`),
		post("address bad", mac+`,"ipaddr":"10.0.0.256"`, 400, `Invalid input for ipaddr.`),
		post("address multicast", mac+`,"ip":"ff02::1"`, 400, `Invalid input for ip.`),
		post("MAC twice", `"mac":"02-00-00-00-00-01"`, 409, `"type":"L2RemoteMacExists"`),
		post("id", mac+`,"id":"x"`, 400, `\"id\" not allowed in POST`),
		post("uuid", mac+`,"uuid":"x"`, 400, `\"uuid\" not allowed in POST`),
		post("unknown attribute", mac+`,"vlan":5`, 400, `Unrecognized`),
		{"connection absent", "POST", "l2-remote-macs", `{"l2_remote_mac":{` + mac + `}}`, 400, has(`\"rgw_connection\" not specified`)},
		{"connection unknown", "POST", "l2-remote-macs", `{"l2_remote_mac":{` + mac + `,"rgw_connection":"x"}}`, 404, has(`"type":"L2RemoteGatewayConnectionNotFound"`)},
		{"connection unknown, MAC bad", "POST", "l2-remote-macs", `{"l2_remote_mac":{"mac":"","rgw_connection":"x"}}`, 400, has(`Invalid input for mac.`)},
		{"published envelope", "POST", "l2-remote-macs", `{"remote-mac":{` + mac + `,"rgw_connection":"$rconn"}}`, 201, has(`{"l2_remote_mac":{`)},
		{
			"bulk", "POST", "l2-remote-macs", `{"l2_remote_macs":[{` + mac + `,"rgw_connection":"$rconn"},{"mac":"02-00-00-00-00-09","ip":"10.0.0.9","rgw_connection":"$rconn"}]}`, 201,
			has(`{"l2_remote_macs":[{"id":`, mac, `"mac":"02:00:00:00:00:09","ipaddr":"10.0.0.9"`),
		},
		{"published bulk envelope", "POST", "l2-remote-macs", `{"remote-macs":[{` + mac + `,"rgw_connection":"$rconn"}]}`, 201, has(`{"l2_remote_macs":[{`)},
		{"bulk of none", "POST", "l2-remote-macs", `{"remote-macs":[]}`, 400, has(`\"remote-macs\" is empty`)},
		{"bulk with a MAC twice", "POST", "l2-remote-macs", `{"remote-macs":[{` + mac + `,"rgw_connection":"$rconn"},{` + mac + `,"rgw_connection":"$rconn"}]}`, 409, has(`"type":"L2RemoteMacExists"`)},
		{"bulk with a bad MAC", "POST", "l2-remote-macs", `{"remote-macs":[{` + mac + `,"rgw_connection":"$rconn"},{"mac":"x","rgw_connection":"$rconn"}]}`, 400, has(`Invalid input for remote-macs[1].mac.`)},
	})
}

func TestRemoteMACOthers(t *testing.T) {
	run(t, withRemoteConnection, []row{
		{"show", "GET", "l2-remote-macs/$rmac", "", 200, has(`{"l2_remote_mac":{"id":"$rmac","uuid":"$rmac"`)},
		{"show unknown", "GET", "l2-remote-macs/$nobody", "", 404, has(`"type":"L2RemoteMacNotFound"`)},
		{"no PUT", "PUT", "l2-remote-macs/$rmac", `{}`, 405, nil},
		{"list of a connection", "GET", "l2-remote-macs?rgw_connection=$rconn&fields=uuid", "", 200, has(`{"l2_remote_macs":[{"uuid":"$rmac"}]}`)},
		{"list of another connection", "GET", "l2-remote-macs?rgw_connection=$nobody", "", 200, has(`{"l2_remote_macs":[]}`)},
		{"list by MAC otherwise written", "GET", "l2-remote-macs?mac=0200.0000.0001&fields=id", "", 200, has(`[{"id":"$rmac"}]`)},
		{"list by no address", "GET", "l2-remote-macs?ipaddr=", "", 200, has(`[]`)},
		{"list by an alias", "GET", "l2-remote-macs?ip=10.0.0.1", "", 400, has(`\"ip\" is not an attribute`)},
		{"delete", "DELETE", "l2-remote-macs/$rmac", "", 204, nil},
		{"delete unknown", "DELETE", "l2-remote-macs/$nobody", "", 404, nil},
	})
}

func TestRemoteConnectionTakesItsMACs(t *testing.T) {
	c := newClient(t)
	w := withRemoteConnection(c)
	if status, text := c.ask("DELETE", "l2-remote-gateway-connections/"+w["rconn"], ""); status != 204 {
		t.Fatalf("DELETE gave %d %s", status, text)
	}
	if status, text := c.ask("GET", "l2-remote-macs", ""); status != 200 || text != `{"l2_remote_macs":[]}` {
		t.Errorf("left of the MACs: %d %s", status, text)
	}
}
