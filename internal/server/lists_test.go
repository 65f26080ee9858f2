package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"landbridge/internal/hwvtep"
	"landbridge/internal/l2gw"
	"landbridge/internal/server/api"
	"landbridge/internal/server/neutronapi"
)

// TestTheStoreKnowsEveryAttributeOfTheAPI filters and sorts by each of them.
func TestTheStoreKnowsEveryAttributeOfTheAPI(t *testing.T) {
	w := newWorld(t)
	s := w.stretch(blue, "sw", "203.0.113.2", 456)
	must[l2gw.RemoteMAC](t)(w.server.RemoteMACs().Create(context.Background(), l2gw.RemoteMAC{MAC: l2gw.MAC{2, 0, 0, 0, 0, 9}, RemoteConnectionID: s.rc.ID}))
	h := api.New(w.server, api.Options{Guard: neutronapi.Open{Project: "demo"}})
	list := func(path string, q url.Values) (status int, objects []map[string]any) {
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, httptest.NewRequest("GET", "/v2.0/"+path+"?"+q.Encode(), nil))
		var body map[string]json.RawMessage
		if err := json.Unmarshal(answer.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
		if answer.Code == 200 {
			if err := json.Unmarshal(body[strings.ReplaceAll(path, "-", "_")], &objects); err != nil {
				t.Fatal(err)
			}
		}
		return answer.Code, objects
	}
	for _, path := range []string{"l2-gateways", "l2-gateway-connections", "l2-remote-gateways", "l2-remote-gateway-connections", "l2-remote-macs"} {
		_, all := list(path, nil)
		for name, value := range all[0] {
			text := fmt.Sprint(value)
			switch name {
			case "devices":
				text = "sw"
			case "filter":
				text = ""
			}
			if status, found := list(path, url.Values{name: {text}, "limit": {"1"}}); status != 200 || len(found) != 1 {
				t.Errorf("%s with %s=%s gave %d, %d objects", path, name, text, status, len(found))
			}
			sorted := url.Values{"sort_key": {name}, "sort_dir": {"asc"}, "limit": {"1"}, "marker": {all[0]["id"].(string)}}
			if status, found := list(path, sorted); name != "devices" && name != "filter" && (status != 200 || len(found) != 0) {
				t.Errorf("%s after the only one, by %s, gave %d, %d objects", path, name, status, len(found))
			}
		}
	}
}

// TestBulkIsPlannedOnce: the networks of all that is made wait once.
func TestBulkIsPlannedOnce(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	s := w.connect(blue, "sw")
	s.remote = must[l2gw.RemoteGateway](t)(w.server.RemoteGateways().Create(ctx, l2gw.RemoteGateway{Addr: netip.MustParseAddr("203.0.113.2")}))
	waiting := func(what string, want ...string) {
		t.Helper()
		got := keys(w.server.queue.wait.plan)
		if !slices.Equal(got, want) || w.server.queue.wait.all {
			t.Errorf("after %s there wait %v (all: %v), want %v", what, got, w.server.queue.wait.all, want)
		}
		w.server.queue.wait.plan = hwvtep.Set[string]{}
	}
	waiting("a connection", blue)
	gw := must[l2gw.Gateway](t)(w.server.Gateways().Create(ctx, l2gw.Gateway{Devices: []l2gw.Device{{Name: "other"}}}))
	made, err := w.server.Connections().CreateAll(ctx, []l2gw.Connection{
		{GatewayID: gw.ID, NetworkID: red}, {GatewayID: gw.ID, NetworkID: blue}, {GatewayID: s.gw.ID, NetworkID: red},
	})
	if err != nil || len(made) != 3 {
		t.Fatalf("%v, %v", made, err)
	}
	waiting("three connections", blue, red)
	remotes, err := w.server.RemoteConnections().CreateAll(ctx, []l2gw.RemoteConnection{
		{GatewayID: gw.ID, NetworkID: red, RemoteGatewayID: s.remote.ID}, {GatewayID: gw.ID, NetworkID: blue, RemoteGatewayID: s.remote.ID},
	})
	if err != nil {
		t.Fatal(err)
	}
	waiting("two remote connections", blue, red)
	var macs []l2gw.RemoteMAC
	for i := range 50 {
		macs = append(macs, l2gw.RemoteMAC{MAC: l2gw.MAC{2, 0, 0, 0, 0, byte(i)}, RemoteConnectionID: remotes[i%2].ID})
	}
	if _, err := w.server.RemoteMACs().CreateAll(ctx, macs); err != nil {
		t.Fatal(err)
	}
	waiting("fifty MACs", blue, red)
	if _, err := w.server.RemoteMACs().CreateAll(ctx, macs[:1]); l2gw.CodeOf(err) != l2gw.Conflict {
		t.Errorf("a MAC again: %v", err)
	}
	if _, err := w.server.Connections().CreateAll(ctx, []l2gw.Connection{{NetworkID: "no network"}}); l2gw.CodeOf(err) != l2gw.NotFound {
		t.Errorf("an unknown network: %v", err)
	}
	waiting("what failed")
}
