package api_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"landbridge/internal/l2gw"
)

var update = flag.Bool("update", false, "write the golden files")

// TestErrorsOfCollections checks how errors from behind the API are answered.
func TestErrorsOfCollections(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		part   string
	}{
		{l2gw.Errorf(l2gw.Invalid, "InvalidInput", "too odd"), 400, `{"NeutronError":{"type":"InvalidInput","message":"too odd","detail":""}}`},
		{l2gw.Errorf(l2gw.NotFound, "NetworkNotFound", "no net"), 404, `"type":"NetworkNotFound","message":"no net"`},
		{l2gw.Errorf(l2gw.Conflict, "L2GatewayInUse", "in use"), 409, `"type":"L2GatewayInUse","message":"in use"`},
		{l2gw.Errorf(l2gw.Stale, "RevisionNumberConstraintFailed", "changed"), 412, `"type":"RevisionNumberConstraintFailed","message":"changed"`},
		{l2gw.Errorf(l2gw.Unavailable, "", "no cloud"), 503, `"type":"HTTPServiceUnavailable","message":"no cloud"`},
		{fmt.Errorf("store: %w", l2gw.Errorf(l2gw.Conflict, "L2GatewayInUse", "in use")), 409, `"message":"in use"`},
		{l2gw.Errorf(l2gw.Internal, "Secret", "password"), 500, `"type":"HTTPInternalServerError"`},
		{errors.New("password"), 500, `"type":"HTTPInternalServerError"`},
	} {
		client := newClient(t)
		client.cloud.Fail(c.err)
		client.contract = nil // any error, of any request
		for _, path := range []string{"l2-gateways", "l2-remote-macs/x"} {
			status, text := client.ask("GET", path, "")
			if status != c.status || !strings.Contains(text, c.part) || strings.Contains(text, "password") {
				t.Errorf("%v was answered by %d %s, wanted %d with %s", c.err, status, text, c.status, c.part)
			}
		}
	}
}

// TestGolden shows the answers of a whole stretch of two networks.
func TestGolden(t *testing.T) {
	c := newClient(t)
	var out strings.Builder
	record := func(method, path, body string) {
		status, text := c.ask(method, path, body)
		fmt.Fprintf(&out, "%s %s\n%s→ %d\n%s\n", method, path, indented(t, body), status, indented(t, text))
	}
	w := withRemoteConnection(c)
	for _, collection := range []string{
		"", "extensions", "extensions/l2-remote-mac",
		"l2-gateways", "l2-gateway-connections", "l2-remote-gateways", "l2-remote-gateway-connections", "l2-remote-macs",
		"l2-remote-macs/" + w["rmac"],
	} {
		record("GET", collection, "")
	}
	record("PUT", "l2-gateways/"+w["tagged"], `{"l2_gateway":{"devices":[{"device_name":"tor1","interfaces":[{"name":"p2","segmentation_id":[7,"8"]}]}]}}`)
	record("PUT", "l2-remote-gateways/"+w["rgw"], `{"l2_remote_gateway":{"name":"nearer","ipaddr":"192.0.2.2"}}`)
	record("POST", "l2-remote-macs", `{"remote-mac":{"mac":"0200.0000.0002","ip":"10.0.0.2","rgw_connection":"`+w["rconn"]+`"}}`)
	record("POST", "l2-remote-macs", `{"remote-mac":{"mac":"nonsense","rgw_connection":"`+w["rconn"]+`"}}`)
	record("DELETE", "l2-remote-gateways/"+w["rgw"], "")
	record("PUT", "quotas/demo", `{"quota":{"l2_remote_gateway":1}}`)
	record("GET", "quotas", "")
	record("GET", "quotas/demo", "")
	record("GET", "quotas/demo/default", "")
	record("GET", "quotas/demo/details", "")
	record("POST", "l2-remote-gateways", `{"l2_remote_gateway":{"ipaddr":"192.0.2.9"}}`)
	record("DELETE", "quotas/demo", "")
	record("GET", "quotas/project", "")
	record("DELETE", "l2-remote-macs/"+w["rmac"], "")
	compare(t, "answers.golden", out.String())
}

func indented(t *testing.T, text string) string {
	t.Helper()
	if text == "" {
		return ""
	}
	out, err := json.MarshalIndent(json.RawMessage(text), "", "  ")
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return string(out) + "\n"
}

func compare(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run the test with -update", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs; run the test with -update where that is wanted\n%s", path, diff)
	}
}
