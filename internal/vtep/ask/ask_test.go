package ask

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"landbridge/internal/ethernet"
	"landbridge/internal/hwvtep"
	"landbridge/internal/vtep"
	"landbridge/internal/vtep/datapath"
)

// answering is a vtepd that gives fixed answers by path.
func answering(t *testing.T, answers map[string]any) *Client {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "sock")
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := answers[r.URL.Path]
		if !ok {
			http.Error(w, "no answer to "+r.URL.String(), http.StatusBadRequest)
			return
		}
		_ = json.NewEncoder(w).Encode(a)
	}))
	_ = server.Listener.Close()
	server.Listener = l
	server.Start()
	t.Cleanup(server.Close)
	return New(socket)
}

func someState() vtep.State {
	mac := ethernet.MustParseMAC("fa:16:3e:00:00:01")
	remote := netip.MustParseAddr("10.0.0.11")
	return vtep.State{
		Networks: []vtep.NetworkState{{
			Name: "red",
			Tunnels: []vtep.TunnelState{
				{Encapsulation: hwvtep.GeneveOverIPv4, Remote: remote, VNI: 5, Side: "fabric", Flood: true, RxPackets: 11, TxBytes: 12},
				{Port: "p1", VNI: 100, Side: "ports"},
			},
			FDB: []vtep.FDBState{
				{MAC: mac, Remote: remote, VNI: 5, Static: true},
				{MAC: mac, Remote: remote, VNI: 5, Frozen: true, Age: 7},
				{MAC: mac, Remote: remote, VNI: 5, Age: 8},
				{MAC: mac, Port: "p1", VNI: 100, Age: 9},
			},
			Neighbours: []vtep.NeighbourState{{Address: remote, MAC: &mac}, {Address: netip.MustParseAddr("10.0.0.1"), Gateway: true}},
			Counters: vtep.CountersState{
				Flooded: 21, Copies: 22, Moves: 23, Mismatches: 24, NotLearned: 25, MACLimit: 26,
				Drops: map[datapath.Reason]uint64{datapath.NoTarget: 3, datapath.BadSource: 4, datapath.NoRoute: 0},
			},
		}},
		Drops: map[datapath.Reason]uint64{datapath.NoTarget: 5},
	}
}

func TestShow(t *testing.T) {
	c := answering(t, map[string]any{"/state": someState()})
	for kind, want := range map[string][]string{
		"tunnels": {
			"| red     | fabric | geneve_over_ipv4 | 10.0.0.11 | 5   |", "| True  | 11         | 0        | 0          | 12",
			"| red     | ports  |                  | port p1   | 100 |       |",
		},
		"fdb":        {"| static  | 0s  |", "| frozen  | 7s  |", "| learned | 8s  |", "| port p1   | 100 | learned | 9s  |"},
		"networks":   {"| red     | 2       | 1      | 3       | 26    | 1      | 21      | 22     | 23    | 24         | 25          | 7       |"},
		"drops":      {"| red           | bad_source | 4       |", "| red           | no_target  | 3       |", "| (all packets) | no_target  | 5       |"},
		"neighbours": {"| red     | 10.0.0.11 | fa:16:3e:00:00:01 | False  |", "| red     | 10.0.0.1  |                   | True   |"},
	} {
		var out bytes.Buffer
		if err := c.Show(t.Context(), kind, "", "", false, &out); err != nil {
			t.Fatal(err)
		}
		for _, line := range want {
			if !strings.Contains(out.String(), line) {
				t.Errorf("%s: no %q in\n%s", kind, line, out.String())
			}
		}
		out.Reset()
		if err := c.Show(t.Context(), kind, "", "", true, &out); err != nil || !json.Valid(out.Bytes()) {
			t.Errorf("%s as JSON: %v\n%s", kind, err, out.String())
		}
	}
	if strings.Contains(fmt.Sprint(dropRows(someState())), "no_route") {
		t.Error("a reason without drops is shown")
	}
	if err := c.Show(t.Context(), "nonsense", "", "", false, nil); err == nil {
		t.Error("nonsense is shown")
	}
}

func TestThaw(t *testing.T) {
	var out bytes.Buffer
	if err := answering(t, map[string]any{"/thaw": []string{"red", "blue"}}).Thaw(t.Context(), "x", &out); err != nil || out.String() != "thawed in red, blue\n" {
		t.Errorf("%v, %q", err, out.String())
	}
	if err := answering(t, map[string]any{"/thaw": []string{}}).Thaw(t.Context(), "x", &out); err == nil {
		t.Error("nothing was thawed")
	}
}

func TestErrorsAreToldPlainly(t *testing.T) {
	if err := New("/does/not/exist").Show(t.Context(), "fdb", "", "", false, nil); err == nil || !strings.Contains(err.Error(), "is it running") {
		t.Errorf("got %v", err)
	}
	if err := answering(t, nil).Capture(t.Context(), []string{"a"}, 3, nil); err == nil || err.Error() != "no answer to /capture?count=3&reason=a" {
		t.Errorf("got %v", err)
	}
	var out bytes.Buffer
	c := answering(t, map[string]any{"/trace": vtep.TraceAnswer{
		Verdict: datapath.Dropped, Reason: datapath.NoRoute, Steps: []datapath.Step{{Map: "fdb", Text: "found"}},
	}})
	if err := c.Trace(t.Context(), nil, false, &out); err != nil || out.String() != " 1. fdb       found\ndropped: no_route\n" {
		t.Errorf("%v, %q", err, out.String())
	}
}
